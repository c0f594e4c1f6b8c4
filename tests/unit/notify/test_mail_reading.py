"""Mails as programs write them are read alike: their text, where they came, and which mail it was."""

from contextlib import suppress
from email.message import EmailMessage

import pytest

from services.notify.domain.mail.kind import Bounce
from services.notify.domain.mail.responses import Written
from services.notify.mail.reading import Unreadable, read_mail

pytestmark = pytest.mark.unit

TEXT = "Lampu di kafé “Wéwé” masih mati."
HTML = f"<html><body><p>{TEXT}</p><blockquote>Laporan Anda</blockquote></body></html>"


def read(raw: bytes | str | EmailMessage) -> Written:
    if isinstance(raw, EmailMessage):
        raw = raw.as_bytes()
    return read_mail(raw if isinstance(raw, bytes) else raw.encode()).written


def typed(body: bytes, content_type: str, encoding: str = "8bit") -> bytes:
    return f"Content-Type: {content_type}\nContent-Transfer-Encoding: {encoding}\n\n".encode() + body


def alternative(plain: str, html: str) -> EmailMessage:
    mail = EmailMessage()
    mail.set_content(plain)
    mail.add_alternative(html, subtype="html")
    return mail


@pytest.mark.parametrize(
    "raw",
    [
        typed(TEXT.encode(), "text/plain; charset=utf-8"),
        typed(TEXT.encode("cp1252"), "text/plain; charset=windows-1252"),
        typed(TEXT.encode("utf-16"), "text/plain; charset=utf-16"),
        typed(TEXT.encode(), 'text/plain; charset="x-unknown"'),
        typed(TEXT.encode(), "text/plain; charset="),
        typed(TEXT.encode(), "text/plain; charset=rot13"),
        typed(TEXT.encode(), "text/plain"),
        b"Subject: x\n\n" + TEXT.encode(),
        typed(HTML.encode(), "text/html; charset=utf-8"),
        typed(b"Lampu di kaf=C3=A9 =E2=80=9CW=C3=A9w=C3=A9=E2=80=\n=9D masih mati.", "text/plain; charset=utf-8",
              "quoted-printable"),
        typed(b"Lampu di \nkaf\xc3\xa9 \n\xe2\x80\x9cW\xc3\xa9w\xc3\xa9\xe2\x80\x9d masih mati.",
              "text/plain; charset=utf-8; format=flowed"),
        b"From siti@warga.example Mon Mar  2 12:00:00 2026\n" + typed(TEXT.encode(), "text/plain; charset=utf-8"),
        alternative(TEXT, "<p>lain</p>").as_bytes(),
        alternative("\n", HTML).as_bytes(),
    ],
    ids=["utf-8", "windows-1252", "utf-16", "unknown charset", "no charset", "codec of no text", "untyped", "bare",
         "html", "quoted-printable", "flowed", "mbox", "plain preferred", "plain empty"],
)  # fmt: skip
def test_the_text_of_a_mail_is_read_in_whatever_form_it_comes(raw: bytes) -> None:
    assert read(raw).text == TEXT


def test_a_charset_that_does_not_fit_costs_single_letters_only() -> None:
    text = read(typed("Lampu di kafé ini".encode("cp1252"), "text/plain; charset=utf-8")).text

    assert text == "Lampu di kaf\ufffd ini"


def test_text_around_a_picture_is_read_whole_as_apple_mail_writes_it() -> None:
    mail = EmailMessage()
    mail.make_mixed()
    for text in ("Ini lampunya:", "Masih mati."):
        part = EmailMessage()
        part.set_content(text)
        mail.attach(part)
        picture = EmailMessage()
        picture.set_content(b"jpeg", maintype="image", subtype="jpeg", disposition="inline", filename="a.jpg")
        mail.attach(picture)

    assert read(mail) == Written("", "Ini lampunya:\n\nMasih mati.", attachments=0)


def test_what_is_attached_is_counted_and_not_read() -> None:
    mail = EmailMessage()
    mail.set_content(TEXT)
    mail.add_attachment("bukan teks balasan", filename="catatan.txt")
    mail.add_attachment(alternative("surat lain", "<p>surat lain</p>"))

    assert read(mail) == Written("", TEXT, attachments=2)


def test_what_nobody_sees_is_left_out() -> None:
    assert read("Content-Type: text/plain; charset=utf-8\n\nLampu\u200b \u202emati\x00\x1b.\n").text == "Lampu mati."


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("Subject: =?utf-8?q?Balasan=3A?= =?utf-8?b?bGFtcHU=?=\n\n", "Balasan:lampu"),
        ("Subject: =?x-none?q?abc?=\n\n", "=?x-none?q?abc?="),
        ("Subject: =?utf-8?b?a?=\n\n", "=?utf-8?b?a?="),
        ("Subject: dua\n baris\n\n", "dua baris"),
    ],
)
def test_a_subject_is_read_as_far_as_it_can_be(raw: str, subject: str) -> None:
    assert read(raw).subject == subject


def test_who_delivered_a_mail_says_first_where_it_came_to() -> None:
    raw = (
        b"To: Kota <a@x.example>, b@x.example\nCc: c@x.example\nX-Original-To: d@x.example\n"
        b"Delivered-To: e@x.example\n\n"
    )

    assert read_mail(raw).recipients == ("e@x.example", "d@x.example", "a@x.example", "b@x.example", "c@x.example")


@pytest.mark.parametrize(
    ("raw", "is_same"),
    [
        (b"Message-ID: <1@x.example>\r\nReceived: by x\r\n\r\nLampu mati.\r\n", True),
        (b"Message-ID: <2@x.example>\n\nLampu mati.\n", False),
        (b"Message-ID: <1@x.example>\n\nLampu menyala.\n", False),
        (b"\n\nLampu mati.\n", False),
    ],
)
def test_which_mail_it_is_follows_from_its_id_and_body(raw: bytes, is_same: bool) -> None:
    first = read_mail(b"Message-ID: <1@x.example>\n\nLampu mati.\n")

    assert (read_mail(raw).nonce == first.nonce) is is_same


def test_more_text_than_anybody_writes_is_not_read() -> None:
    with pytest.raises(Unreadable, match="text_too_long"):
        read(typed(b"a" * (2**20 + 1), "text/html"))


@pytest.mark.timeout(30)
def test_a_mail_of_very_many_parts_is_read_as_far_as_its_bound() -> None:
    parts = b"".join(b"--b\n\nx\n" for _ in range(5000))

    assert read(b"Content-Type: multipart/mixed; boundary=b\n\n" + parts).text.startswith("x")


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b"X-%d: a\n" % number for number in range(300_000)) + b"\nhalo",
        b"X: a\n" * 300_000,
        typed(b"--x\n\n" * 300_000, "multipart/mixed; boundary=x"),
        typed(b"--x\n" * 300_000, "multipart/mixed; boundary=x"),
        typed(b"Status: 5.1.1\n\n" * 300_000, "message/delivery-status"),
        b"Content-Type: message/rfc822\n\n" * 20_000,
    ],
    ids=["headers", "a header", "parts", "boundaries", "blocks", "mails in mails"],
)
def test_a_mail_of_which_reading_would_take_all_memory_or_time_is_refused_unread(raw: bytes, ending: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^unreadable$"):
        read_mail(raw.replace(b"\n", ending))


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_comments_in_comments_are_no_address(ending: bytes) -> None:
    """Some releases of Python go down into each of them; others refuse such an address by themselves."""
    recipients: tuple[str, ...] = ()
    with suppress(Unreadable):
        recipients = read_mail((b"To: " + b"(" * 1_990 + b"\n\nhalo").replace(b"\n", ending)).recipients

    assert recipients == ()


@pytest.mark.parametrize("ending", [b"\r\n", b"\r"])
def test_whatever_ends_its_lines_it_is_the_same_mail(ending: bytes) -> None:
    report = b"--x\n\n--x\nContent-Type: message/delivery-status\n\nA: b\n\nAction: failed\nStatus: 5.1.1\n\n--x--\n"
    raw = typed(report, "multipart/report; report-type=delivery-status; boundary=x")

    assert read_mail(raw.replace(b"\n", ending)) == read_mail(raw)
    assert read_mail(raw).kind == Bounce("5.1.1")


def test_a_long_mail_of_many_headers_and_parts_is_read() -> None:
    mail = EmailMessage()
    mail.set_content(TEXT)
    for number in range(500):
        mail[f"X-{number}"] = "kata " * 20
    for _ in range(150):
        mail.add_attachment(b"\xff" * 50_000, "image", "jpeg", filename="foto.jpg")

    assert read(mail) == Written("", TEXT, 150)
