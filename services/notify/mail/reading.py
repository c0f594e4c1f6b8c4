"""Reads a mail as it came: what it is, to which addresses, and what its reader wrote; takes whatever comes."""

import hashlib
from collections.abc import Iterator
from dataclasses import field
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from services.notify.domain.mail.html_text import html_text
from services.notify.domain.mail.kind import MailKind, mail_kind
from services.notify.domain.mail.reply_text import reply_text
from services.notify.domain.mail.responses import Written
from shared.output import plain_lines
from shared.values import value

RAW_BYTES_MAX = 25 * 1024 * 1024
TEXT_BYTES_MAX = 1024 * 1024
PARTS_MAX = 200
# Of what the standard library makes an object each, or goes through once for each header, before anybody can count it:
# far more than programs write, and few enough to be read within seconds.
HEADER_LINES_MAX, BOUNDARIES_MAX, BLANK_LINES_MAX = 2_000, 10_000, 100_000
HEADER_SYMBOLS_MAX = 2000
NONCE_BYTES = 8
# Who has delivered the mail says best where it came to: `To` holds what its writer's program had in mind.
RECIPIENT_HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc")


class Unreadable(Exception):
    """Nothing can be made of a mail; the text is a code."""


@value
class ReceivedMail:
    """A mail.

    Args:
        recipients: Addresses to which it came, as its headers say.
        nonce: Follows from its Message-ID and body: the same for the same mail, however often it comes.
        written: What stands in it beside quotes.
    """

    kind: MailKind
    recipients: tuple[str, ...] = field(repr=False)
    nonce: bytes
    written: Written = field(repr=False)


def read_mail(raw: bytes, sender: str = "") -> ReceivedMail:
    """Return a mail.

    Args:
        raw: At most 25 MiB, with lines of any ending; a line that begins with ``From `` may stand in front.
        sender: The address that our mails come from.

    Raises:
        Unreadable: ``too_big``; ``unreadable`` for one that is nested too deeply, or holds more headers or parts than
            any program writes; ``text_too_long``.
    """
    if len(raw) > RAW_BYTES_MAX:
        raise Unreadable("too_big")
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # each of which ends a line to the standard library
    if _is_overloaded(lines):
        raise Unreadable("unreadable")
    try:
        return _read(lines, sender)
    except RecursionError:  # the standard library goes into parts, and into comments of addresses, by calling itself
        raise Unreadable("unreadable") from None


def _read(lines: bytes, sender: str) -> ReceivedMail:
    mail = message_from_bytes(lines)
    parts = list(_own_parts(mail))
    _, _, body = lines.partition(b"\n\n")
    headers = {name: _header(mail, name) for name in mail}
    kind = mail_kind(headers, body)
    texts, attachments = _texts(parts)
    text = plain_lines("\n".join(texts.splitlines())).replace("\xa0", " ")
    written = Written(_header(mail, "Subject"), reply_text(text, sender), attachments)
    return ReceivedMail(kind, _recipients(mail), _nonce(_header(mail, "Message-ID"), body), written)


def _is_overloaded(lines: bytes) -> bool:
    head, _, _ = lines.partition(b"\n\n")
    return (
        head.count(b"\n") > HEADER_LINES_MAX
        or lines.count(b"\n--") > BOUNDARIES_MAX
        or lines.count(b"\n\n") > BLANK_LINES_MAX
    )


def _nonce(message_id: str, body: bytes) -> bytes:
    content = hashlib.sha256(body).digest()
    return hashlib.sha256(message_id.encode("utf-8", "surrogateescape") + b"\0" + content).digest()[:NONCE_BYTES]


def _header(mail: Message, name: str) -> str:
    """Return a header decoded, on one line; as it stands if that is not possible."""
    raw = " ".join(str(mail.get(name) or "").split())[:HEADER_SYMBOLS_MAX]
    try:
        return str(make_header(decode_header(raw)))
    except (MessageError, ValueError, LookupError):  # an encoded word of no known character set, or of broken base64
        return raw


def _recipients(mail: Message) -> tuple[str, ...]:
    lines = [str(line)[:HEADER_SYMBOLS_MAX] for name in RECIPIENT_HEADERS for line in mail.get_all(name, [])]
    return tuple(address for line in lines for _, address in getaddresses([line]) if address)


def _own_parts(mail: Message) -> Iterator[Message]:
    """Yield the leaves of a mail, in order; what is a mail itself counts as one of them."""
    waiting, seen = [mail], 0
    while waiting and seen < PARTS_MAX:
        part = waiting.pop()
        seen += 1
        inside = part.get_payload()
        if part.get_content_maintype() != "multipart" or not isinstance(inside, list):
            yield part
            continue
        inner = [each for each in inside if isinstance(each, Message)]
        waiting += reversed(_preferred(inner) if part.get_content_subtype() == "alternative" else inner)


def _preferred(alternatives: list[Message]) -> list[Message]:
    """Return the one of several alternatives that is read: plain text, unless it is empty."""
    plain = [each for each in alternatives if each.get_content_type() == "text/plain" and _decoded(each).strip()]
    return plain[:1] or alternatives[-1:]


def _texts(parts: list[Message]) -> tuple[str, int]:
    """Return the text of a mail, and how many files are attached to it."""
    texts: list[str] = []
    attachments, left = 0, TEXT_BYTES_MAX
    for part in parts:
        if _is_attached(part):
            attachments += 1
        elif part.get_content_type() in ("text/plain", "text/html"):
            text = _decoded(part)
            left -= len(text)
            if left < 0:
                raise Unreadable("text_too_long")
            texts.append(html_text(text) if part.get_content_subtype() == "html" else _unwrapped(part, text))
    return "\n".join(texts), attachments


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or part.get_content_maintype() == "message"


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # no character set that anybody knows, or one that is none
        return payload.decode("utf-8", "replace")


def _unwrapped(part: Message, text: str) -> str:
    """Return *text* with the lines joined that a program has broken, where it says so (RFC 3676)."""
    if str(part.get_param("format") or "").lower() != "flowed":
        return text
    lines: list[str] = []
    for line in text.splitlines():
        goes_on = bool(lines) and lines[-1].endswith(" ") and lines[-1] != "-- " and not line.startswith(">")
        if goes_on and not lines[-1].startswith(">"):
            lines[-1] += line
        else:
            lines.append(line)
    return "\n".join(lines)
