"""Between two topics there is no order: whichever comes first, the ticket comes to the same end."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations

import pytest

from services.routing.domain.ticket.refusals import EARLY_PER_SENDER_MAX
from services.routing.domain.ticket.state import Stage, WithAgency
from shared import topics
from shared.events import ClockBreached, FeedbackWindowExpired, SlaClock
from tests.builders import TICKET, TRACKING
from tests.component.routing.harness import CHANNEL, DISHUB_TOPIC, OFFICER, ServiceHarness
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS

pytestmark = pytest.mark.component

UPDATES = (
    ("acknowledge", "/agencies/dishub"),
    ("progress", "/agencies/dlh"),
    ("reply", CHANNEL),
    ("answer", "/agencies/dishub"),
    ("dispute", CHANNEL),
    ("decline", "/agencies/dishub"),
    ("archive", OFFICER),
)
EXPIRED = FeedbackWindowExpired(ticket_id=TICKET, tracking_id=TRACKING, clock=SlaClock.FEEDBACK, due_at=NOON)
BREACHED = ClockBreached(
    ticket_id=TICKET, tracking_id=TRACKING, clock=SlaClock.RESPOND, breach_id="b1", agency="dishub",
    classification="complaint", due_at=NOON, breached_at=NOON, level=1, responsible="liaison",
)  # fmt: skip


async def lived(complaint_after: int) -> ServiceHarness:
    """Return a harness that has heard the complaint after so many of the updates."""
    harness = ServiceHarness()
    for index, (name, by) in enumerate(UPDATES):
        if index == complaint_after:
            harness.complain()
            await harness.work()
        harness.ask(COMMANDS[name], by=by)
        await harness.work()
    if complaint_after == len(UPDATES):
        harness.complain()
        await harness.work()
    return harness


@pytest.mark.parametrize("complaint_after", range(1, len(UPDATES) + 1))
async def test_updates_before_their_complaint_come_to_the_same_end(complaint_after: int) -> None:
    usual = await lived(0)

    early = await lived(complaint_after)

    for topic in (topics.TICKETS, DISHUB_TOPIC, topics.agency_topic("dlh"), topics.TRIAGE):
        assert [without_id(data) for data in early.data(topic)] == [without_id(data) for data in usual.data(topic)]
    assert early.state == usual.state


def without_id(data: object) -> object:
    """Return *data* without the id of the update, which the harness counts in the order of saying."""
    return data.model_copy(update={"update_id": ""}) if hasattr(data, "update_id") else data


async def test_too_many_updates_before_their_complaint_are_refused_and_the_others_handled() -> None:
    harness = ServiceHarness()
    for _ in range(EARLY_PER_SENDER_MAX + 2):
        harness.ask(COMMANDS["progress"])
    await harness.work()
    harness.complain()

    await harness.work()

    codes = [data.code for data in harness.data(DISHUB_TOPIC) if hasattr(data, "code")]
    assert codes == ["not_found"] * 2
    assert harness.names().count("progressed") == EARLY_PER_SENDER_MAX


async def test_a_dispute_and_the_end_of_its_window_come_to_the_same_end() -> None:
    ends = []
    says: tuple[Callable[[ServiceHarness], None], ...] = (
        lambda harness: harness.ask(COMMANDS["dispute"], by=CHANNEL),
        lambda harness: harness.publish_data(topics.FOR_ROUTING, EXPIRED),
    )
    for order in permutations(says):
        harness = ServiceHarness()
        harness.complain()
        harness.ask(COMMANDS["answer"])
        await harness.work()
        for say in order:
            say(harness)
            await harness.work()
        ends.append(harness.situation)

    assert ends == [WithAgency("dishub", Stage.REOPENED)] * 2


async def test_an_agency_gets_its_breach_in_either_order_with_its_return() -> None:
    heard = []
    says: tuple[Callable[[ServiceHarness], None], ...] = (
        lambda harness: harness.ask(COMMANDS["decline"]),
        lambda harness: harness.publish_data(topics.BREACHES, BREACHED),
    )
    for order in permutations(says):
        harness = ServiceHarness()
        harness.complain()
        await harness.work()
        for say in order:
            say(harness)
            await harness.work()
        heard.append(sorted(harness.names(DISHUB_TOPIC)))

    assert heard == [["breached", "routed", "unassigned"]] * 2


async def test_a_clock_before_the_complaint_leaves_no_trace() -> None:
    harness = ServiceHarness()
    harness.publish_data(topics.BREACHES, BREACHED)
    await harness.work()
    assert harness.store.documents == {}
    harness.clock.at += timedelta(minutes=1)
    harness.complain()

    await harness.work()

    assert harness.names() == ["routed"]
