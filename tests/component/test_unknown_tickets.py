"""Routing answers about tickets that nobody knows on the topic that the others read: they live with that."""

import pytest

from shared import topics
from shared.events import UpdateRefused
from tests.builders import TICKET, event
from tests.component.notify import harness as notify
from tests.component.sla.harness import SlaHarness
from tests.fakes.handler_harness import NOON, HandlerHarness

pytestmark = pytest.mark.component

REFUSED = UpdateRefused(
    ticket_id=TICKET, tracking_id="", state="unchanged", version=0, at=NOON, update_id="",
    update_source="/agencies/dlh", code="malformed", message_id="Bukan JSON.", message_en="Not JSON.",
)  # fmt: skip


@pytest.mark.parametrize("service", [SlaHarness, notify.ServiceHarness])
async def test_a_refusal_about_an_unknown_ticket_leaves_no_trace(service: type[HandlerHarness]) -> None:
    harness = service()  # type: ignore[call-arg]
    harness.publish(topics.TICKETS, event(REFUSED))

    await harness.work()

    assert harness.store.documents == {}
    assert {topic for topic, _ in harness.broker.logs} == {topics.TICKETS}


async def test_a_refusal_that_knows_no_tracking_id_takes_none_from_a_letter() -> None:
    harness = notify.ServiceHarness()
    harness.publish(*notify.ACCEPTED)
    await harness.work()
    before = harness.state

    harness.publish(topics.TICKETS, event(REFUSED))
    await harness.work()

    assert harness.state == before
