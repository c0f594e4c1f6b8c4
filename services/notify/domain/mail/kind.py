"""Tells what a mail that comes back is: a reader's own reply, an automatic one, or a bounce; never who wrote it."""

import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.message import Message

from shared.values import value

BODY_BYTES_MAX = 1024 * 1024  # reports stand in front of what they return
PARTS_MAX = 50
STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")  # RFC 3463 section 2
MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")
MAILERS = re.compile(r"\b(mailer-daemon|postmaster|microsoftexchange[0-9a-f]+)@|\bmailer-daemon\b", re.IGNORECASE)
# `X-Auto-Response-Suppress` is none of them: Exchange sets it on mail of people, too, to be spared automatic answers.
MARKS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from", "x-vacation")
PRECEDENCES = frozenset({"auto_reply", "auto-reply", "bulk", "junk"})


@value
class PersonalReply:
    """Nothing speaks against somebody having written it."""


@value
class AutoReply:
    """A machine wrote it: an absence notice, a receipt, or a report that a message is late or has arrived."""


@value
class Bounce:
    """A message could not be delivered.

    Args:
        status: As RFC 3463 has it, such as ``5.1.1``; None if the report does not say.
        message_id: Of the message that came back, in angle brackets; None if that is not told.
    """

    status: str | None = None
    message_id: str | None = None

    @property
    def is_permanent(self) -> bool:
        """Return whether trying again cannot help; a report without a status counts as one that says so."""
        return self.status is None or self.status.startswith("5")


MailKind = PersonalReply | AutoReply | Bounce


def mail_kind(headers: Mapping[str, str], body: bytes = b"") -> MailKind:
    """Return what a mail is.

    Args:
        headers: Of the mail, by name in any case.
        body: As it came, undecoded; the status of a bounce stands there. At most the first MiB is read.

    Source:
        RFC 3464 and 6522 for reports, RFC 3834 section 5 for automatic answers.
    """
    held = {name.lower(): " ".join(text.split()) for name, text in headers.items()}
    mail = _parsed(headers, body)
    # `message/delivery-status` may stand alone, as some gateways send it.
    reports = [part for part in _parts(mail) if part.get_content_type() == "message/delivery-status"]
    kind = str(mail.get_param("report-type") or "").lower()
    if reports or kind == "delivery-status":
        return _reported(held, mail, reports)
    if held.get("x-failed-recipients") or _is_from_mailer(held):
        return Bounce(_status_in(_text_of(mail)), _message_id(held, mail))
    return AutoReply() if kind or _is_automatic(held) else PersonalReply()


def _parsed(headers: Mapping[str, str], body: bytes) -> Message:
    typed = next((text for name, text in headers.items() if name.lower() == "content-type"), "text/plain")
    head = b"Content-Type: " + " ".join(typed.split()).encode("ascii", "replace")
    return message_from_bytes(head + b"\r\n\r\n" + body[:BODY_BYTES_MAX])


def _parts(mail: Message) -> Iterator[Message]:
    for number, part in enumerate(mail.walk()):
        if number == PARTS_MAX:
            return
        yield part


def _reported(held: Mapping[str, str], mail: Message, reports: list[Message]) -> MailKind:
    """Return what a delivery report comes to: a bounce if it says of any recipient that the delivery has failed."""
    about = [block for report in reports for block in _blocks(report)]
    actions = [str(block.get("Action") or "").strip().lower() for block in about]
    failed = [block for block, action in zip(about, actions, strict=True) if action == "failed"]
    if not failed and any(actions):
        return AutoReply()
    for block in failed or about:
        status = _status_in(str(block.get("Status") or "")) or _status_in(str(block.get("Diagnostic-Code") or ""))
        if status is not None:
            return Bounce(status, _message_id(held, mail))
    return Bounce(None, _message_id(held, mail))


def _blocks(report: Message) -> list[Message]:
    """Return the fields of a report: of the message, then of each recipient."""
    payload = report.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _message_id(held: Mapping[str, str], mail: Message) -> str | None:
    """Return the id of the message that came back: of what is returned, or else of what the mail answers."""
    told = [str(part.get("Message-ID") or "") for part in _parts(mail) if part is not mail]
    told += [_headers_in(part) for part in _parts(mail) if part.get_content_type() == "text/rfc822-headers"]
    told += [held.get(name, "") for name in ("x-original-message-id", "in-reply-to", "references")]
    found = [ids[-1] for text in told if (ids := MESSAGE_ID.findall(text))]
    return found[0] if found else None


def _headers_in(part: Message) -> str:
    """Return the Message-ID among headers that are returned without their message."""
    payload = part.get_payload(decode=True)
    return str(message_from_bytes(payload).get("Message-ID") or "") if isinstance(payload, bytes) else ""


def _text_of(mail: Message) -> str:
    payload = next((part.get_payload(decode=True) for part in _parts(mail) if not part.is_multipart()), b"")
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _status_in(text: str) -> str | None:
    found = STATUS.search(text)
    return found.group() if found else None


def _is_from_mailer(held: Mapping[str, str]) -> bool:
    """Return whether a mail server itself wrote, with a return path that nobody answers to."""
    return held.get("return-path", "<>") == "<>" and MAILERS.search(held.get("from", "")) is not None


def _is_automatic(held: Mapping[str, str]) -> bool:
    submitted = re.split(r"[;(\s]", held.get("auto-submitted", "no").strip().lower())[0]
    return (
        submitted != "no"
        or held.get("return-path") == "<>"
        or any(held.get(mark, "no").lower() != "no" for mark in MARKS)
        or held.get("precedence", "").lower() in PRECEDENCES
        or held.get("x-precedence", "").lower() in PRECEDENCES
    )
