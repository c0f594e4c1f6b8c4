"""Reporters whom their channel has sealed are told as all others are, and what is no reporter holds up nothing."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.intake.handlers import IntakeHandler
from shared import topics
from shared.events import NotificationFailed, NotificationSent, NotificationSuppressed
from shared.seal import Sealer, channel_info
from shared.sealing_keys import public_of
from tests.builders import IDS, TICKET, accepted, event, submitted
from tests.component.intake.harness import ServiceHarness as Intake
from tests.component.notify.harness import ServiceHarness as Notify
from tests.component.notify.harness import told
from tests.sealing import SEALER
from tests.unit.notify.samples import EMAIL, NAME, notice, rules
from tindak.client.sealing import with_sealed_reporter

pytestmark = pytest.mark.component

REPORTER = {"name": NAME, "email": EMAIL, "locale": "en"}


async def taken(reporter: Mapping[str, Any] = REPORTER, sealer: Sealer = SEALER) -> Intake:
    """Return intake, which has taken a report whose channel sealed the reporter."""
    harness = Intake()
    plain = {"channel": "web", "source_id": "1", "reporter": reporter}
    sealed = with_sealed_reporter(plain, sealer)["reporter_sealed"]
    harness.submit(source_id="1", reporter_sealed=sealed)
    await harness.work()
    return harness


def heard_from(intake: Intake) -> tuple[Any, ...]:
    contact = intake.published(topics.CONTACTS)[0]
    return (topics.CONTACTS, contact), (topics.ACCEPTED, event(accepted()))


async def sent_after(*heard: Any) -> Notify:
    harness: Notify = await told(*heard, rules=rules(notice(channels=("email",))))
    await harness.send()
    return harness


async def test_a_sealed_reporter_is_passed_on_unopened_and_told_by_name_in_his_language() -> None:
    intake = await taken()

    harness = await sent_after(*heard_from(intake))

    assert [type(fact) for fact in harness.facts] == [NotificationSent]
    [message] = harness.email.given
    assert (message.address, message.language, NAME in message.body) == (EMAIL, "en", True)
    everything = [record.value or b"" for record in intake.records()]
    assert not any(EMAIL.encode() in value or NAME.encode() in value for value in everything)


async def test_a_repeat_brings_no_other_sealed_reporter() -> None:
    intake = await taken()
    [first] = intake.published(topics.CONTACTS)

    again = with_sealed_reporter({"channel": "web", "source_id": "1", "reporter": REPORTER}, SEALER)["reporter_sealed"]
    intake.submit(source_id="1", reporter_sealed=again)
    await intake.work()

    assert {event.id: event.data for event in intake.published(topics.CONTACTS)} == {first.id: first.data}


@pytest.mark.parametrize(
    "plain",
    [b"\xff\xfe", b"[]", b'{"email": 1}', b'{"locale": "xx"}', b'{"name": "Siti\\u202e"}', b'{"name": "%0201d"}' % 0],
)
async def test_what_is_no_reporter_suppresses_its_notices_and_nothing_else(plain: bytes) -> None:
    sealed, key_id = SEALER.seal(channel_info("web", "1"), plain)

    [fact] = (await sent_after(*heard_from(await passed_on(sealed, key_id)))).facts

    assert isinstance(fact, NotificationSuppressed)
    assert fact.why == "contact_unreadable"


@pytest.mark.parametrize("bound_to", ["web|2", TICKET, ""])
async def test_a_reporter_sealed_for_another_report_is_not_told_of_this_one(bound_to: str) -> None:
    sealed, key_id = SEALER.seal(bound_to, json.dumps(REPORTER).encode())

    harness = await sent_after(*heard_from(await passed_on(sealed, key_id)))

    assert [getattr(fact, "why", None) for fact in harness.facts] == ["contact_unreadable"]
    assert harness.email.given == []


async def test_a_key_that_notify_lacks_is_waited_for_and_fails_by_its_name() -> None:
    """Keys can be put right, so it is tried again like any fault of ours."""
    sealer = Sealer({"lost": public_of(b"l" * 32)})
    sealing = IntakeHandler(rules=None, ids=IDS, sealer=sealer)  # type: ignore[arg-type]  # sealing asks no rule
    given = with_sealed_reporter({"channel": "web", "source_id": "1", "reporter": REPORTER}, sealer)
    contact = sealing.seal(TICKET, submitted(reporter_sealed=given["reporter_sealed"]))
    harness = await sent_after((topics.CONTACTS, event(contact)), (topics.ACCEPTED, event(accepted())))
    while not harness.facts:
        harness.pass_time(timedelta(hours=1))
        await harness.send()

    [fact] = harness.facts
    assert isinstance(fact, NotificationFailed)
    assert fact.error == "UnknownContactKey"


async def passed_on(sealed: str, key_id: str) -> Intake:
    harness = Intake()
    harness.submit(source_id="1", reporter_sealed={"sealed": sealed, "key_id": key_id})
    await harness.work()
    return harness
