"""Whatever intake lets a reporter write as address, name or title becomes a message or a failure with a name."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.handlers import IntakeHandler
from services.notify.channels import Message
from services.notify.channels.smtp import SmtpChannel
from services.notify.domain.outcomes import HandedOver, Refused
from services.notify.settings import Settings
from shared import topics
from shared.events import NotificationFailed, NotificationSent, NotificationSuppressed
from shared.events.complaints import Reporter
from shared.mail_addresses import UnusableAddress
from tests.builders import IDS, TICKET, accepted, event, submitted
from tests.component.notify.harness import RecordingChannel, ServiceHarness, about
from tests.fakes.handler_harness import NOON
from tests.mails import plain_text
from tests.sealing import SEALER
from tests.unit.notify.samples import EMAIL, PHONE, notice, rules

pytestmark = pytest.mark.component

SETTINGS = Settings.model_validate({"TINDAK_CONTACT_PRIVATE_KEYS": "unused"})
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "MIME-Version", "Content-Language",
}  # fmt: skip
OF_PLAIN_MAIL = "Content-Transfer-Encoding"  # where there are two texts each says it for itself
PIECES = (
    "a", "warga", ".", "..", "@", " ", "\t", "\r\n", "\n\n", "\x7f", "\x85", "\u2028", "\u200b", '"', "'", "\\", "<",
    ">", "(", ")", "[", "]", ",", ";", ":", "%", "!", "+", "-", "_", "=", "?", "=?", "?=", "=?utf-8?q?", "=?utf-8?b?",
    "=0D=0A", "DQo=", "é", "＠", "。", "😀", "example.org", "warga.example", "localhost", "xn--", "127.0.0.1", "x" * 64,
    "x" * 250, "Bcc: lain@warga.example", "RCPT TO:<lain@warga.example>",
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.text(max_size=260), st.emails(), st.just(EMAIL)
)


class Written(RecordingChannel):
    """Writes every message as the mail channel would, and gives it to no relay."""

    async def send(self, message: Message) -> HandedOver:
        try:
            mail = message_from_bytes(SmtpChannel(SETTINGS).letter(message).as_bytes(), policy=SMTP)
        except UnusableAddress as fault:
            return Refused(message.channel, str(fault))
        assert isinstance(mail, EmailMessage)
        assert sorted({*mail.keys(), OF_PLAIN_MAIL}) == sorted([*HEADERS, OF_PLAIN_MAIL])
        assert len(mail.keys()) <= len(HEADERS) + 1
        assert str(mail["To"]) == message.address
        assert plain_text(mail).splitlines() == message.body.splitlines()
        return await super().send(message)


def passes_intake(field: str, text: str) -> bool:
    try:
        Reporter.model_validate({field: text})
    except ValidationError:
        return False
    return True


async def told_to(**reporter: Any) -> ServiceHarness:
    """Return a harness that has done all that it can for one reporter, whose contact intake has sealed."""
    sealing = IntakeHandler(rules=None, ids=IDS, sealer=SEALER)  # type: ignore[arg-type]  # sealing asks no rule
    harness = ServiceHarness(
        rules(notice(channels=("email", "sms", "whatsapp"))), email=Written(), sms=RecordingChannel()
    )
    harness.publish(topics.CONTACTS, event(sealing.seal(TICKET, submitted(reporter=reporter))))
    harness.publish(topics.ACCEPTED, event(accepted()))
    await harness.work()
    await harness.send()
    return harness


@given(TEXTS.filter(partial(passes_intake, "email")))
@example("a..b@example.org")
@example("warga.@example.org")
@example(".warga@example.org")
@example("=?utf-8?q?=0D=0ABcc:?=@example.org")
@example("warga@example.org\r\nBcc: lain@example.org")
@example("warga@example.org\t")
@example("x" * 254)
async def test_every_address_that_passes_intake_is_written_to_or_fails_by_name(email: str) -> None:
    harness = await told_to(email=email)

    [fact] = harness.facts
    match fact:
        case NotificationSent(channel="email", attempt=1):
            assert [message.address for message in harness.email.given] == [email.strip()]
        case NotificationFailed(channel="email", attempt=1, error="bad_address" | "address_not_ascii"):
            assert harness.email.given == []
        case _:
            assert (email.strip(), fact) == (
                "",
                NotificationSuppressed(**about(harness), channel="email", attempt=1, why="no_address"),
            )


@given(st.one_of(st.text(max_size=40), st.just(PHONE)).filter(partial(passes_intake, "phone")))
@example("+62 812-3456-7890\r\nX: y")
async def test_every_phone_that_passes_intake_reaches_its_gateway_as_it_is(phone: str) -> None:
    harness = await told_to(phone=phone)

    [fact] = harness.facts
    if phone:
        assert (type(fact), fact.channel) == (NotificationSent, "sms")
        assert [message.address for message in harness.channels["sms"].given] == [phone]
    else:
        assert isinstance(fact, NotificationSuppressed)
        assert fact.why == "no_address"


@given(TEXTS.map(lambda text: " ".join(text.split())[:200]).filter(partial(passes_intake, "name")))
@example("=?utf-8?q?Halo=0D=0ABcc:_lain@warga.example?=")
@example("Laporan =?utf-8?q?a=0D=0A=0D=0ALain?= =?utf-8?b?gICA?= =?=?")
async def test_no_subject_adds_to_the_headers_of_a_mail(subject: str) -> None:
    message = Message(
        id="1", ticket_id=TICKET, notice="accepted", role="reporter", channel="email", language="id", written_at=NOON,
        address=EMAIL, subject=subject, body="Halo\n",
    )  # fmt: skip

    assert await Written().send(message)


@given(TEXTS.filter(partial(passes_intake, "name")))
@example("\r\n.\r\n")
async def test_every_name_that_passes_intake_can_be_written_to(name: str) -> None:
    harness = await told_to(name=name, email=EMAIL)

    [fact] = harness.facts
    assert isinstance(fact, NotificationSent), fact
