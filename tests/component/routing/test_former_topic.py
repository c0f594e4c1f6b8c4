"""What release 0.1.0 told routing on the topic of all clocks is handled during an upgrade, beside that of today."""

import pytest

from services.routing.domain.ticket.state import Closed
from shared import topics
from shared.events import ClockMet, ClockStarted, ClosedBy, EventData, FeedbackWindowExpired, SlaClock
from tests.builders import TICKET, TRACKING
from tests.component.routing.harness import DISHUB_TOPIC, ServiceHarness
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS

pytestmark = pytest.mark.component

OF_TICKET = {"ticket_id": TICKET, "tracking_id": TRACKING}
VERIFIED = ClockMet(**OF_TICKET, clock=SlaClock.VERIFY, met_at=NOON, due_at=NOON, lateness_seconds=0)
STARTED = ClockStarted(
    **OF_TICKET, clock=SlaClock.RESOLVE, started_at=NOON, due_at=NOON, allowance="60 HK", agency="dishub",
    policy_version="1", calendar_version="1",
)  # fmt: skip
EXPIRED = FeedbackWindowExpired(**OF_TICKET, clock=SlaClock.FEEDBACK, due_at=NOON)
BOTH = (topics.FOR_ROUTING, *topics.FORMER.values())


class UpgradedHarness(ServiceHarness):
    """Routing as it reads with ``TINDAK_SHARED_TOPICS``."""

    def __init__(self) -> None:
        super().__init__()
        self.handler.topics = (*self.handler.topics, topics.SLA)

    async def hear(self, *said: EventData, on: tuple[str, ...]) -> None:
        """Let sla say these, each under one id on all these topics."""
        for data in said:
            self.said += 1
            id = f"0b1a5d0e-0f43-5f2b-8d0c-{self.said:012d}"
            for topic in on:
                self.publish_data(topic, data, id=id)
        await self.work()


async def answered() -> UpgradedHarness:
    harness = UpgradedHarness()
    harness.complain()
    harness.ask(COMMANDS["answer"])
    await harness.work()
    return harness


async def test_an_end_that_an_earlier_release_has_said_and_nobody_handled_closes_the_ticket() -> None:
    harness = await answered()

    await harness.hear(EXPIRED, on=(topics.SLA,))

    assert harness.situation == Closed("dishub", ClosedBy.SYSTEM, NOON)


@pytest.mark.parametrize("on", [BOTH, BOTH[::-1]])
async def test_what_is_said_on_both_topics_is_handled_once(on: tuple[str, ...]) -> None:
    harness = await answered()

    await harness.hear(VERIFIED, STARTED, EXPIRED, on=on)
    harness.complain(id="0b1a5d0e-0f43-5f2b-8d0c-00000000ffff")  # whatever loads the ticket publishes what it holds
    await harness.work()

    assert harness.names(DISHUB_TOPIC) == ["routed", "answered", "clock_started", "closed"]
    assert harness.situation == Closed("dishub", ClosedBy.SYSTEM, NOON)
