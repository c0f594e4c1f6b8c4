"""What went wrong is sent once more when an officer asks, and never without saying for whom."""

from typing import Any

import pytest

from shared import topics
from shared.delivery.vitals import Step
from shared.events import Author, NotificationFailed, NotificationSent, ResendRequested, SuppressionRequested
from tests.builders import TICKET, TRACKING, event
from tests.component.notify.harness import ACCEPTED, CONTACT, RecordingChannel, ServiceHarness, refuses
from tests.fakes.handler_harness import NOON, Crashed, dies_after
from tests.unit.notify.samples import rules

pytestmark = pytest.mark.component

TRIAGE = Author(role="officer", code="triage")
FACT: dict[str, Any] = {
    "ticket_id": TICKET, "tracking_id": TRACKING, "state": "routed", "version": 9, "at": NOON, "by": TRIAGE,
}  # fmt: skip
RESEND = topics.TICKETS, event(ResendRequested.model_validate(FACT))
SUPPRESS = topics.TICKETS, event(SuppressionRequested.model_validate(FACT))


async def refused() -> ServiceHarness:
    """Return a harness whose one notice the relay has refused for good, and would take now."""
    harness = ServiceHarness(rules(), RecordingChannel(refuses("smtp_550")))
    harness.publish(*CONTACT)
    harness.publish(*ACCEPTED)
    await harness.work()
    await harness.send()
    return harness


async def test_a_refused_notice_is_sent_once_the_relay_takes_it() -> None:
    harness = await refused()

    harness.publish(*RESEND)
    await harness.work()
    await harness.send()

    failed, sent = harness.facts
    assert isinstance(failed, NotificationFailed)
    assert isinstance(sent, NotificationSent)
    assert (sent.repeats, sent.requested_by, sent.attempt) == (failed.delivery_id, TRIAGE, 1)
    assert [message.id for message in harness.email.given] == [failed.delivery_id, sent.delivery_id]
    assert harness.email.given[0].body == harness.email.given[1].body
    assert harness.state.unsent == ()


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_a_request_that_is_heard_twice_sends_once(last: Step) -> None:
    harness = await refused()
    harness.publish(*RESEND)
    for _ in range(2):
        harness.restart(dies_after(last))
        with pytest.raises(Crashed):
            await harness.work()
    harness.restart()
    harness.sender = harness.new_sender()
    harness.publish(*RESEND)

    await harness.work()
    await harness.send()

    assert len({message.id for message in harness.email.given}) == len(harness.email.given) == 2


async def test_what_an_officer_holds_back_is_not_sent_and_is_said_to_be_held_back() -> None:
    harness = ServiceHarness(rules())
    for message in (CONTACT, ACCEPTED, SUPPRESS):
        harness.publish(*message)

    await harness.work()
    await harness.send()

    [fact] = harness.facts
    assert harness.email.given == []
    assert (getattr(fact, "why", None), fact.requested_by) == ("by_officer", TRIAGE)


async def test_a_repair_opens_the_contact_with_a_trace() -> None:
    harness = await refused()
    harness.publish(*RESEND)

    await harness.work()
    await harness.send()

    opened = {said.id: said.data for said in harness.published(topics.AUDIT)}.values()
    assert [each.delivery_id for each in opened] == [message.id for message in harness.email.given]
