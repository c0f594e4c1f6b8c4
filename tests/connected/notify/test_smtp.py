import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.notify.channels import Message
from services.notify.channels.isolated import IsolatedChannel, Limits
from services.notify.channels.smtp import SmtpChannel
from services.notify.domain.outcomes import Deferred, Delivered, HandedOver, Refused, Setback
from services.notify.domain.sending.breakers import BreakerRule
from services.notify.settings import Settings
from shared.adapters.clock import SystemClock
from shared.delivery.vitals import Vitals
from shared.events import NotificationSent
from tests.builders import TICKET
from tests.component.notify.harness import ACCEPTED, CONTACT, ServiceHarness
from tests.connected.notify.relay import HOST, Relay, certificate, knows
from tests.fakes.handler_harness import NOON
from tests.mails import plain_text
from tests.unit.notify.samples import DELIVERY, EMAIL, NAME, rules

pytestmark = pytest.mark.loopback

BODY = "Halo Siti Aminah,\n\nlaporan Anda – “jalan berlubang” – sudah kami terima.\n.\nSalam\n"
UNKNOWN_USER = f"550 5.1.1 <{EMAIL}>: no such user"
OURS = Deferred("email", "smtp_530 SMTPRecipientRefused", Setback.UNTAKEN)
GREYLISTED = f"451 4.7.1 <{EMAIL}>: greylisted"


def message(**changes: Any) -> Message:
    plain: dict[str, Any] = {
        "id": DELIVERY, "ticket_id": TICKET, "notice": "accepted", "role": "reporter", "channel": "email",
        "language": "id", "written_at": NOON, "address": EMAIL, "subject": "Laporan sudah kami terima – terima kasih",
        "body": BODY,
    }  # fmt: skip
    return Message(**(plain | changes))


@asynccontextmanager
async def channel(relay: Relay, **changes: Any) -> AsyncIterator[SmtpChannel]:
    plain = {
        "TINDAK_CONTACT_PRIVATE_KEYS": "unused", "smtp_host": HOST, "smtp_port": relay.port, "smtp_starttls": False,
        "smtp_timeout_seconds": 5,
    }  # fmt: skip
    opened = SmtpChannel(Settings.model_validate(plain | changes))
    try:
        yield opened
    finally:
        await opened.close()


async def put_off(smtp: SmtpChannel, code: str) -> Setback:
    """Return what the next message failed at, put off for now by an error that begins with *code*."""
    handed = await smtp.send(message())
    assert isinstance(handed, Deferred)
    assert handed.error.startswith(code)
    return handed.setback


async def test_a_message_arrives_as_plain_text_with_its_headers() -> None:
    relay = Relay()

    with relay.listening():
        async with channel(relay, smtp_reply_to="balas@tangsel.example") as smtp:
            handed = await smtp.send(message())

    [mail] = relay.mails
    headers = {name: str(mail[name]) for name in mail if not name.startswith("X-")}
    assert headers == {
        "From": "SP4N-LAPOR! Kota Tangerang Selatan <lapor@tangsel.example>",
        "To": EMAIL,
        "Reply-To": "balas@tangsel.example",
        "Subject": "Laporan sudah kami terima – terima kasih",
        "Date": "Mon, 02 Mar 2026 05:00:00 +0000",
        "Message-ID": f"<{DELIVERY}@tangsel.example>",
        "Content-Language": "id",
        "Auto-Submitted": "auto-generated",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
        "MIME-Version": "1.0",
    }
    assert mail.get_content().replace("\r\n", "\n") == BODY
    assert (relay.recipients, handed) == ([EMAIL], Delivered("email", headers["Message-ID"]))


async def test_a_mail_that_can_be_stopped_says_how_in_its_header_too() -> None:
    relay = Relay()

    with relay.listening():
        async with channel(relay, smtp_reply_to="balas@tangsel.example") as smtp:
            await smtp.send(message(stop_subject="STOP K7QF-9D2MX-4Q"))

    [mail] = relay.mails
    assert mail["List-Unsubscribe"] == "<mailto:balas@tangsel.example?subject=STOP%20K7QF-9D2MX-4Q>"


@pytest.mark.parametrize(
    "subject",
    [
        "Jalan\r\nBcc: lain@warga.example\r\n\r\nisi", "a\x0bBcc: x\x85Bcc: y\u2028Bcc: z\u2029",
        "=?utf-8?q?a=0D=0ABcc:_b?=", "a =\u200b?utf-8?q?x=0ABcc:_b?=", "\u202egnp.exe\x1b[2J", "panjang " * 500,
    ],
)  # fmt: skip
async def test_no_subject_adds_a_header_or_hides_a_character(subject: str) -> None:
    relay = Relay()

    with relay.listening():
        async with channel(relay) as smtp:
            await smtp.send(message(subject=subject))

    [mail] = relay.mails
    assert relay.recipients == [EMAIL]
    assert {name for name in mail if not name.startswith("X-")} == {
        "From", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert str(mail["Subject"]).isprintable()
    assert 0 < len(str(mail["Subject"])) <= 200


async def test_a_connection_is_kept_for_the_next_message() -> None:
    relay = Relay()

    with relay.listening():
        async with channel(relay) as smtp:
            for number in range(3):
                await smtp.send(message(id=f"{DELIVERY}-{number}"))

    assert (len(relay.mails), relay.greeted) == (3, 1)


async def test_a_connection_that_the_relay_has_closed_is_made_anew() -> None:
    relay = Relay()
    async with channel(relay) as smtp:
        with relay.listening():
            await smtp.send(message())
        with relay.listening():
            await smtp.send(message())
            await smtp.close()

    assert (len(relay.mails), relay.greeted) == (2, 2)


async def test_many_messages_share_few_connections() -> None:
    relay = Relay()

    with relay.listening():
        async with channel(relay) as smtp:
            few = IsolatedChannel("smtp", smtp, Limits(4, timedelta(seconds=5)), BreakerRule(), SystemClock(), Vitals())
            await asyncio.gather(*(few.send(message(id=f"{DELIVERY}-{number}")) for number in range(20)))

    assert len({mail["Message-ID"] for mail in relay.mails}) == 20
    assert 1 <= relay.greeted <= 4


@pytest.mark.parametrize(
    ("relay", "outcome"),
    [
        (Relay(UNKNOWN_USER), Refused("email", "smtp_550 SMTPRecipientRefused")),
        (Relay(GREYLISTED), Deferred("email", "smtp_451 SMTPRecipientRefused")),
        (
            Relay(f"530 5.7.0 log in first, {EMAIL}"),
            Deferred("email", "smtp_530 SMTPRecipientRefused", Setback.UNTAKEN),
        ),
        (Relay(to_data=(f"554 5.7.1 <{EMAIL}> spam",)), Refused("email", "smtp_554 SMTPDataError")),
        (Relay(to_data=("452 4.3.1 disk full",)), Deferred("email", "smtp_452 SMTPDataError")),
    ],
    ids=["unknown user", "greylisted", "login missing", "spam", "disk full"],
)
async def test_a_refusal_keeps_its_code_and_drops_its_text(relay: Relay, outcome: HandedOver) -> None:
    with relay.listening():
        async with channel(relay) as smtp:
            assert await smtp.send(message()) == outcome


async def test_after_a_refusal_the_next_message_goes_out() -> None:
    relay = Relay(UNKNOWN_USER)

    with relay.listening():
        async with channel(relay) as smtp:
            assert isinstance(await smtp.send(message()), Refused)
            await smtp.send(message(address="lain@warga.example"))

    assert relay.recipients == ["lain@warga.example"]


async def test_a_relay_that_is_down_is_asked_again() -> None:
    relay = Relay()
    async with channel(relay) as smtp:
        assert await put_off(smtp, "smtp_unreachable SMTPConnectError") is Setback.UNTAKEN

        with relay.listening():
            await smtp.send(message())
            await smtp.close()

    assert len(relay.mails) == 1


async def test_a_relay_that_is_too_slow_is_asked_again() -> None:
    relay = Relay(holds=True)

    with relay.listening():
        async with channel(relay, smtp_timeout_seconds=0.2) as smtp:
            assert await put_off(smtp, "smtp_timeout ") is Setback.GATEWAY
            assert smtp.idle == []


async def test_a_relay_that_is_slow_at_every_step_gets_no_more_time_than_one_message_may_take() -> None:
    """Whatever is still on its way when its lease ends is sent twice; so no step gets the time anew."""
    relay = Relay(slow_seconds=0.4)

    with relay.listening():
        async with channel(relay, smtp_timeout_seconds=0.6) as smtp:
            assert await put_off(smtp, "smtp_timeout ") is Setback.GATEWAY


async def test_a_relay_that_does_not_encrypt_is_given_nothing() -> None:
    relay = Relay()

    with relay.listening():
        async with channel(relay, smtp_starttls=True) as smtp:
            await put_off(smtp, "smtp_unreachable SMTPException")

    assert relay.mails == []


LOGIN = {"smtp_starttls": True, "smtp_username": "tindak", "smtp_password": "benar"}


async def test_mail_goes_out_over_tls_with_the_right_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    relay = Relay()
    trusted, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    with relay.listening(tls_context=context, authenticator=knows("tindak", "benar"), auth_required=True):
        async with channel(relay, **LOGIN) as smtp:
            await smtp.send(message())

    assert len(relay.mails) == 1


async def test_a_wrong_login_waits_until_it_is_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    relay = Relay()
    trusted, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    with relay.listening(tls_context=context, authenticator=knows("tindak", "lain"), auth_required=True):
        async with channel(relay, **LOGIN) as smtp:
            assert Setback.UNTAKEN is await put_off(smtp, "smtp_535 SMTPAuthenticationError")


@pytest.mark.expects_errors  # the relay logs the handshake that the client broke off
async def test_a_relay_that_nobody_vouches_for_is_given_nothing(tmp_path: Path) -> None:
    relay = Relay()
    _, context = certificate(tmp_path)

    with relay.listening(tls_context=context):
        async with channel(relay, smtp_starttls=True) as smtp:
            await put_off(smtp, "smtp_unreachable ")

    assert relay.mails == []


@pytest.mark.parametrize(
    "address",
    [
        "siti..a@warga.example", "siti", "siti@warga",
        "siti aminah@warga.example", "siti@warga.example, lain@warga.example",
        "siti@warga.example\r\nRCPT TO:<lain@warga.example>", "<siti@warga.example>", '"siti"@warga.example',
        "siti@[127.0.0.1]", "", None,
    ],
)  # fmt: skip
async def test_an_invalid_address_never_reaches_the_relay(address: str | None) -> None:
    async with channel(Relay()) as smtp:
        assert await smtp.send(message(address=address)) == Refused("email", "bad_address")


async def test_a_notice_survives_a_greylisting_relay() -> None:
    relay = Relay(GREYLISTED)
    async with channel(relay) as smtp:
        harness = ServiceHarness(rules())
        harness.channels["email"] = smtp
        for said in (ACCEPTED, CONTACT):
            harness.publish(*said)
        await harness.work()

        with relay.listening():
            await harness.send()
            harness.pass_time(timedelta(minutes=1))
            await harness.send()
            await smtp.close()

    [mail] = relay.mails
    assert [(fact.TYPE, fact.attempt, fact.channel) for fact in harness.facts] == [(NotificationSent.TYPE, 2, "email")]
    assert f"Halo {NAME}," in plain_text(mail)
    assert EMAIL not in repr(harness.store.documents) + repr(harness.facts)
