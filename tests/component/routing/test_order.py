"""Between two topics there is no order: whichever comes first, the ticket comes to the same end."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations

import pytest

from services.routing.domain.ticket.refusals import EARLY_MAX
from services.routing.domain.ticket.state import Stage, WithAgency
from shared import topics
from shared.events import ClockBreached, FeedbackWindowExpired, SlaClock
from tests.builders import TICKET, TRACKING
from tests.component.routing.desk import CHANNEL, DISHUB_TOPIC, OFFICER, Desk
from tests.fakes.bench import NOON
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


async def lived(complaint_after: int) -> Desk:
    """Return a desk that has heard the complaint after so many of the updates."""
    desk = Desk()
    for index, (name, by) in enumerate(UPDATES):
        if index == complaint_after:
            desk.complain()
            await desk.work()
        desk.ask(COMMANDS[name], by=by)
        await desk.work()
    if complaint_after == len(UPDATES):
        desk.complain()
        await desk.work()
    return desk


@pytest.mark.parametrize("complaint_after", range(1, len(UPDATES) + 1))
async def test_updates_before_their_complaint_come_to_the_same_end(complaint_after: int) -> None:
    usual = await lived(0)

    early = await lived(complaint_after)

    for topic in (topics.TICKETS, DISHUB_TOPIC, topics.agency_topic("dlh"), topics.TRIAGE):
        assert [without_id(data) for data in early.data(topic)] == [without_id(data) for data in usual.data(topic)]
    assert early.state == usual.state


def without_id(data: object) -> object:
    """Return *data* without the id of the update, which the desk counts in the order of saying."""
    return data.model_copy(update={"update_id": ""}) if hasattr(data, "update_id") else data


async def test_too_many_updates_before_their_complaint_are_refused_and_the_others_handled() -> None:
    desk = Desk()
    for _ in range(EARLY_MAX + 2):
        desk.ask(COMMANDS["progress"])
    await desk.work()
    desk.complain()

    await desk.work()

    codes = [data.code for data in desk.data(topics.TICKETS) if hasattr(data, "code")]
    assert codes == ["unknown_ticket"] * 2
    assert desk.names(topics.TICKETS).count("progressed") == EARLY_MAX


async def test_a_dispute_and_the_end_of_its_window_come_to_the_same_end() -> None:
    ends = []
    says: tuple[Callable[[Desk], None], ...] = (
        lambda desk: desk.ask(COMMANDS["dispute"], by=CHANNEL),
        lambda desk: desk.tell(topics.SLA, EXPIRED),
    )
    for order in permutations(says):
        desk = Desk()
        desk.complain()
        desk.ask(COMMANDS["answer"])
        await desk.work()
        for say in order:
            say(desk)
            await desk.work()
        ends.append(desk.situation)

    assert ends == [WithAgency("dishub", Stage.REOPENED)] * 2


async def test_an_agency_hears_of_its_breach_whichever_comes_first_that_or_its_return() -> None:
    heard = []
    says: tuple[Callable[[Desk], None], ...] = (
        lambda desk: desk.ask(COMMANDS["decline"]),
        lambda desk: desk.tell(topics.BREACHES, BREACHED),
    )
    for order in permutations(says):
        desk = Desk()
        desk.complain()
        await desk.work()
        for say in order:
            say(desk)
            await desk.work()
        heard.append(sorted(desk.names(DISHUB_TOPIC)))

    assert heard == [["breached", "routed", "unassigned"]] * 2


async def test_a_clock_before_the_complaint_leaves_no_trace() -> None:
    desk = Desk()
    desk.tell(topics.BREACHES, BREACHED)
    await desk.work()
    assert desk.store.documents == {}
    desk.clock.at += timedelta(minutes=1)
    desk.complain()

    await desk.work()

    assert desk.names() == ["routed"]
