"""The mails are written as these servers write them; addresses and ids are none of anybody's."""

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.mail.kind import AutoReply, Bounce, MailKind, PersonalReply, mail_kind

pytestmark = pytest.mark.unit

OURS = "<7d0f3a4e-9f5e-5d5c-8a1b-0a4d2f9c1e55@tangsel.example>"

POSTFIX = """\
    Return-Path: <>
    Date: Mon,  2 Mar 2026 12:00:07 +0700 (WIB)
    From: MAILER-DAEMON@relay.tangsel.example (Mail Delivery System)
    Subject: Undelivered Mail Returned to Sender
    To: lapor@tangsel.example
    Auto-Submitted: auto-replied
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status;
    \tboundary="4A1F22003F.1772427607/relay.tangsel.example"
    Message-Id: <20260302050007.5B0A820041@relay.tangsel.example>

    This is a MIME-encapsulated message.

    --4A1F22003F.1772427607/relay.tangsel.example
    Content-Description: Notification
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: 8bit

    This is the mail system at host relay.tangsel.example.

    <siti@warga.example>: host mx.warga.example[192.0.2.7] said: 550 5.1.1
        <siti@warga.example>: Recipient address rejected: User unknown

    --4A1F22003F.1772427607/relay.tangsel.example
    Content-Description: Delivery report
    Content-Type: message/delivery-status

    Reporting-MTA: dns; relay.tangsel.example
    X-Postfix-Queue-ID: 4A1F22003F
    Arrival-Date: Mon,  2 Mar 2026 12:00:05 +0700 (WIB)

    Final-Recipient: rfc822; siti@warga.example
    Original-Recipient: rfc822;siti@warga.example
    Action: failed
    Status: 5.1.1
    Remote-MTA: dns; mx.warga.example
    Diagnostic-Code: smtp; 550 5.1.1 <siti@warga.example>: Recipient address
        rejected: User unknown

    --4A1F22003F.1772427607/relay.tangsel.example
    Content-Description: Undelivered Message
    Content-Type: message/rfc822

    From: lapor@tangsel.example
    To: siti@warga.example
    Subject: Laporan Anda
    Message-ID: <7d0f3a4e-9f5e-5d5c-8a1b-0a4d2f9c1e55@tangsel.example>
    Content-Type: text/plain

    Halo,

    --4A1F22003F.1772427607/relay.tangsel.example--
    """
HEADERS_ONLY = POSTFIX.replace("Content-Type: message/rfc822\n", "Content-Type: text/rfc822-headers\n").replace(
    "Undelivered Message\n", "Undelivered Message Headers\n"
)
DELAYED = POSTFIX.replace("Action: failed", "Action: delayed").replace("Status: 5.1.1", "Status: 4.4.1")
FULL = POSTFIX.replace("Status: 5.1.1", "Status: 4.2.2")
UNSAID = POSTFIX.replace("    Status: 5.1.1\n", "")
GMAIL = """\
    Return-Path: <>
    From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
    To: lapor@tangsel.example
    Auto-Submitted: auto-replied
    Subject: Delivery Status Notification (Failure)
    References: <7d0f3a4e-9f5e-5d5c-8a1b-0a4d2f9c1e55@tangsel.example>
    In-Reply-To: <7d0f3a4e-9f5e-5d5c-8a1b-0a4d2f9c1e55@tangsel.example>
    X-Failed-Recipients: siti@warga.example
    Message-ID: <65e2b8c7.170a0220.2d5f.1b2c.GMR@mx.google.com>
    Content-Type: multipart/report; boundary="00000000000012ab"; report-type=delivery-status

    --00000000000012ab
    Content-Type: text/plain; charset="UTF-8"

    ** Address not found **

    --00000000000012ab
    Content-Type: message/delivery-status

    Reporting-MTA: dns; googlemail.com
    Received-From-MTA: dns; lapor@tangsel.example
    Arrival-Date: Sun, 01 Mar 2026 21:00:06 -0800 (PST)

    Final-Recipient: rfc822; siti@warga.example
    Action: failed
    Status: 5.1.1
    Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
    Last-Attempt-Date: Sun, 01 Mar 2026 21:00:07 -0800 (PST)

    --00000000000012ab--
    """
EXCHANGE = """\
    From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@warga.example>
    To: <lapor@tangsel.example>
    Subject: Undeliverable: Laporan Anda
    Content-Type: multipart/report; report-type=delivery-status;
    \tboundary="41d5c0a8-0000-4000-8000-000000000000"
    X-MS-Exchange-Message-Is-Ndr:
    In-Reply-To: <7d0f3a4e-9f5e-5d5c-8a1b-0a4d2f9c1e55@tangsel.example>
    X-Auto-Response-Suppress: All

    --41d5c0a8-0000-4000-8000-000000000000
    Content-Type: text/plain; charset="us-ascii"

    Your message to siti@warga.example couldn't be delivered.

    --41d5c0a8-0000-4000-8000-000000000000
    Content-Type: message/delivery-status

    Reporting-MTA: dns;SG2PR0100.prod.outlook.example
    Arrival-Date: Mon, 2 Mar 2026 05:00:06 +0000

    Original-Recipient: rfc822;budi@warga.example
    Final-Recipient: rfc822;budi@warga.example
    Action: relayed
    Status: 2.0.0

    Final-Recipient: rfc822;siti@warga.example
    Action: failed
    Status: 5.1.10
    Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

    --41d5c0a8-0000-4000-8000-000000000000--
    """
QMAIL = """\
    Return-Path: <>
    From: MAILER-DAEMON@mail.warga.example
    To: lapor@tangsel.example
    Subject: failure notice

    Hi. This is the qmail-send program at mail.warga.example.

    <siti@warga.example>:
    192.0.2.7 does not like recipient.
    Remote host said: 550 5.2.1 The account is disabled
    """
GMAIL_AWAY = """\
    From: Siti <siti@gmail.example>
    To: lapor@tangsel.example
    Subject: Sedang cuti Re: Laporan Anda
    Auto-Submitted: auto-replied
    Precedence: bulk
    X-Autoreply: yes
    In-Reply-To: <7d0f3a4e-9f5e-5d5c-8a1b-0a4d2f9c1e55@tangsel.example>
    Content-Type: text/plain; charset="UTF-8"

    Saya sedang cuti.
    """
EXCHANGE_AWAY = """\
    From: Budi <budi@kantor.example>
    To: lapor@tangsel.example
    Subject: Automatic reply: Laporan Anda
    Auto-Submitted: auto-generated
    X-Auto-Response-Suppress: All
    Content-Type: text/html

    <p>Saya tidak di kantor.</p>
    """
READ_RECEIPT = """\
    From: Siti <siti@warga.example>
    To: lapor@tangsel.example
    Subject: Read: Laporan Anda
    Content-Type: multipart/report; report-type=disposition-notification; boundary="x"

    --x
    Content-Type: message/disposition-notification

    Disposition: manual-action/MDN-sent-manually; displayed

    --x--
    """
REPLY = """\
    Return-Path: <siti@warga.example>
    From: Siti <siti@warga.example>
    To: lapor@tangsel.example
    Subject: Re: Laporan Anda
    In-Reply-To: <7d0f3a4e-9f5e-5d5c-8a1b-0a4d2f9c1e55@tangsel.example>
    Content-Type: text/plain; charset="UTF-8"

    Di depan toko kue. Kata petugas: 550 5.1.1 itu nomor tiangnya.
    """


def kind(mail: str, **headers: str) -> MailKind:
    """Return what a mail is, its headers given as a mapping, and *headers* beside them."""
    head, _, body = dedent(mail).partition("\n\n")
    lines = head.replace("\n\t", " ").splitlines()
    held = {name: text.strip() for name, _, text in (line.partition(":") for line in lines)}
    return mail_kind(held | {name.replace("_", "-"): text for name, text in headers.items()}, body.encode())


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (POSTFIX, Bounce("5.1.1", OURS)),
        (HEADERS_ONLY, Bounce("5.1.1", OURS)),
        (FULL, Bounce("4.2.2", OURS)),
        (UNSAID, Bounce("5.1.1", OURS)),
        (GMAIL, Bounce("5.1.1", OURS)),
        (EXCHANGE, Bounce("5.1.10", OURS)),
        (QMAIL, Bounce("5.2.1", None)),
        (DELAYED, AutoReply()),
        (GMAIL_AWAY, AutoReply()),
        (EXCHANGE_AWAY, AutoReply()),
        (READ_RECEIPT, AutoReply()),
        (REPLY, PersonalReply()),
    ],
    ids=[
        "postfix", "headers only", "mailbox full", "status in the diagnosis alone", "gmail", "exchange", "qmail",
        "delayed", "gmail away", "exchange away", "read receipt", "reply",
    ],
)  # fmt: skip
def test_a_mail_that_comes_back_is_told_from_a_reply(mail: str, expected: MailKind) -> None:
    assert kind(mail) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Auto_Submitted", "no", PersonalReply()),
        ("auto_submitted", "No (a person)", PersonalReply()),
        ("Auto_Submitted", "auto-notified; owner-email=x", AutoReply()),
        ("X_Autoreply", "yes", AutoReply()),
        ("X_Autorespond", "Laporan Anda", AutoReply()),
        ("Precedence", "auto_reply", AutoReply()),
        ("Precedence", "list", PersonalReply()),
        ("X_Auto_Response_Suppress", "All", PersonalReply()),
        ("X_Failed_Recipients", "siti@warga.example", Bounce("5.1.1", OURS)),
    ],
)
def test_one_header_makes_the_difference(name: str, text: str, expected: MailKind) -> None:
    assert kind(REPLY, **{name: text}) == expected


def test_only_a_temporary_status_says_that_trying_again_may_help() -> None:
    assert [Bounce(status).is_permanent for status in ("5.1.1", "4.2.2", None)] == [True, False, True]


@given(
    st.dictionaries(st.sampled_from(["Content-Type", "From", "Auto-Submitted", "Return-Path"]), st.text()), st.binary()
)
def test_whatever_comes_is_something(headers: dict[str, str], body: bytes) -> None:
    assert isinstance(mail_kind(headers, body), PersonalReply | AutoReply | Bounce)


@given(st.binary(max_size=300))
def test_no_report_is_too_broken_to_be_read(junk: bytes) -> None:
    head = {"Content-Type": "multipart/report; report-type=delivery-status; boundary=x"}
    body = b"--x\nContent-Type: message/delivery-status\n\n" + junk + b"\n--x--\n"

    assert isinstance(mail_kind(head, body), AutoReply | Bounce)
