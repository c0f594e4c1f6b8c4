"""A changed calendar, and the job that times every running clock by it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.sla.domain.rules import SlaRules
from services.sla.domain.ticket import ENDED
from services.sla.handlers import SlaHandler
from services.sla.recompute import Recompute, Throttle
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack
from shared.delivery.vitals import Step
from shared.events import BreachCorrected, ClockStarted, DueChanged
from shared.ids import tracking_id
from shared.working_time.counting import WorkingTime
from tests.builders import ticket_id
from tests.component.sla.harness import SlaHarness
from tests.fakes.clocks import MemoryClockStore
from tests.fakes.handler_harness import Crashed
from tests.unit.sla.cases import RULES, F, accepted, answered, closed, routed
from tests.unit.working_time.calendars import at, calendar

pytestmark = pytest.mark.component

FRIDAY_OFF = replace(
    RULES,
    calendars=RULES.calendars
    | {"default": WorkingTime(calendar(version="c2", holidays=frozenset({date(2026, 4, 10), date(2026, 4, 13)})))},
)
TICKETS = [ticket_id("web", str(number)) for number in range(7)]


def of(fact: F, ticket: str) -> F:
    """Return a fact about another ticket."""
    return fact.model_copy(update={"ticket_id": ticket, "tracking_id": tracking_id(ticket)})


async def seven_tickets(*, ended: int = 2) -> SlaHarness:
    """Sla with seven tickets; the clocks of the last ones have ended."""
    harness = SlaHarness()
    harness.store = MemoryClockStore()
    harness.restart()
    for number, ticket in enumerate(TICKETS):
        ids = {"ticket_id": ticket, "tracking_id": tracking_id(ticket)}
        harness.receive(accepted("2026-04-06 08:00", **ids), routed(1, f"2026-04-0{7 - number % 2} 09:00", **ids))
        if number >= len(TICKETS) - ended:
            harness.receive(of(answered(2, "2026-04-08 09:00"), ticket), of(closed(3, "2026-04-08 10:00"), ticket))
    await harness.work()
    harness.clock.at = at("2026-04-09 09:00")
    return harness


def job(harness: SlaHarness, rules: SlaRules = FRIDAY_OFF, **options: object) -> Recompute:
    store = harness.store
    assert isinstance(store, MemoryClockStore)
    made = Recompute(SlaHandler(rules), store, harness.broker, harness.clock, batch_max=2, throttle=Throttle(share=1))
    for name, value in options.items():
        for part in (made.loop, made.loop.outbox):
            setattr(part, name, value)
    return made


def changes(harness: SlaHarness) -> list[DueChanged]:
    return [data for data in harness.data(topics.SLA) if isinstance(data, DueChanged)]


async def test_a_window_that_has_closed_stays_closed_when_a_day_of_it_becomes_a_holiday() -> None:
    harness = await seven_tickets(ended=0)
    harness.receive(of(answered(2, "2026-04-09 09:00"), TICKETS[0]))
    await harness.work()
    await harness.wait_until("2026-06-30 09:00")

    report = await job(harness).run()

    assert harness.names(topics.SLA).count("feedback feedback_window_expired") == 1
    assert (report.tickets, {data.ticket_id for data in changes(harness)}) == (6, set(TICKETS[1:]))


async def test_a_new_holiday_puts_off_every_running_clock_once() -> None:
    harness = await seven_tickets()

    report = await job(harness).run()
    again = await job(harness).run()

    assert (report.tickets, report.running, report.later, report.earlier) == (5, 10, 10, 0)
    assert (again.tickets, again.later) == (0, 0)
    assert len(changes(harness)) == 10
    assert {data.why for data in changes(harness)} == {"calendar_changed"}
    assert all(data.due_at > data.was for data in changes(harness))
    assert report.largest_shift_seconds == max((data.due_at - data.was).total_seconds() for data in changes(harness))


async def test_clocks_that_have_ended_keep_the_calendar_that_held() -> None:
    harness = await seven_tickets()
    before = {ticket: harness.store.documents[ticket] for ticket in TICKETS[-2:]}

    await job(harness).run()

    assert {ticket: harness.store.documents[ticket] for ticket in before} == before
    for document in before.values():
        assert document.state.edition == ENDED
        assert {told.basis.calendar_version for told in document.state.told} == {"c1"}


async def test_those_that_are_due_first_are_timed_first() -> None:
    harness = await seven_tickets(ended=0)
    due = {ticket: harness.store.documents[ticket].due_at for ticket in TICKETS}

    assert len(set(due.values())) == 2
    timed: list[str] = []

    class Listening:
        async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
            timed.extend(event.key or "" for event in events)
            return {}

    await job(harness, publisher=Listening()).run()

    order = [due[ticket] for ticket in timed]
    assert set(timed) == set(TICKETS)
    assert order == sorted(order)


async def test_a_dry_run_reports_the_same_and_changes_nothing() -> None:
    harness = await seven_tickets()
    said, stored = harness.everything(), dict(harness.store.documents)

    foretold = await job(harness).dry_run()

    assert (harness.everything(), harness.store.documents) == (said, stored)
    assert foretold == await job(harness).run()


@pytest.mark.parametrize("last", [Step.SAVED, Step.PUBLISHED, Step.COMMITTED])
async def test_a_killed_job_runs_again_and_publishes_everything_once(last: Step) -> None:
    calm, harness = await seven_tickets(), await seven_tickets()
    await job(calm).run()
    seen: list[Step] = []

    def dies_in_the_second_batch(step: Step) -> None:
        seen.append(step)
        if seen.count(last) == 2:
            raise Crashed

    with pytest.raises(Crashed):
        await job(harness, observe=dies_in_the_second_batch).run()
    report = await job(harness).run()
    harness.clock.at += timedelta(seconds=10)
    await harness.relay.relay()

    said = {heard.id: heard.data for heard in harness.everything()}
    assert 0 < report.tickets < 5
    assert {id: data for id, data in said.items() if isinstance(data, DueChanged)} == {
        heard.id: heard.data for heard in calm.everything() if isinstance(heard.data, DueChanged)
    }


async def test_recompute_corrects_a_breach_that_was_none() -> None:
    harness = await seven_tickets()
    await harness.wait_until("2026-04-14 16:30")
    breached = len(harness.published(topics.BREACHES))

    report = await job(harness).run()

    corrected = [data for data in harness.data(topics.BREACHES) if isinstance(data, BreachCorrected)]
    assert breached
    assert report.corrected == len(corrected) == len({data.breach_id for data in corrected}) > 0
    assert {data.why for data in corrected} == {"calendar_changed"}


async def test_events_during_a_recomputation_are_neither_lost_nor_undone() -> None:
    harness = await seven_tickets()
    stale = await harness.store.load(TICKETS[:1])
    work = job(harness)
    late = await work.decided(list(stale.values()))
    harness.receive(of(answered(2, "2026-04-09 08:00", final=False), TICKETS[0]))
    await harness.work()

    won = await work.loop.save_and_publish(late)
    await work.run()

    state = harness.store.documents[TICKETS[0]].state
    assert won == []
    assert [step.version for step in state.history] == [1, 2]
    assert state.edition == FRIDAY_OFF.edition


@pytest.mark.expects_errors
async def test_a_rule_that_fails_at_one_ticket_leaves_it_and_ends() -> None:
    harness = await seven_tickets()
    work = job(harness)
    rule = work.handler.tick

    def fails(state: object, now: object) -> object:
        if state.ticket_id == TICKETS[0]:  # type: ignore[attr-defined]
            raise ZeroDivisionError
        return rule(state, now)  # type: ignore[arg-type]

    work.handler.tick = fails  # type: ignore[method-assign,assignment]
    report = await work.run()

    assert (report.tickets, report.failed) == (4, 1)
    assert harness.store.documents[TICKETS[0]].state.edition == RULES.edition


def test_the_edition_changes_with_calendars_and_clocks_alone() -> None:
    assert replace(RULES).edition == RULES.edition
    others = {FRIDAY_OFF.edition, replace(RULES, version="2").edition}
    others.add(replace(RULES, calendar_of_agency={"dishub": "shift"}).edition)
    assert len(others | {RULES.edition}) == 4


async def test_a_ticket_names_the_edition_from_its_first_clock_on() -> None:
    harness = await seven_tickets()

    started = [data for data in harness.data(topics.SLA) if isinstance(data, ClockStarted)]
    assert {data.calendar_version for data in started} == {"c1"}
    assert {harness.store.documents[ticket].state.edition for ticket in TICKETS} == {RULES.edition, ENDED}


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    ("share", "worked", "behind", "expected"),
    [(1, 2, 0, 0), (0.5, 2, 0, 2), (0.8, 2, 1, 0.5), (1, 2, 3, 3), (0.5, 4, 3, 4), (0.1, 9, 0, 5), (1, 0, 60, 5)],
)
def test_the_job_rests_its_share_and_while_the_sweep_is_behind(
    share: float, worked: float, behind: float, expected: float
) -> None:
    assert Throttle(share).pause(seconds(worked), seconds(behind)) == seconds(expected)


def test_a_rest_is_never_longer_than_the_caller_allows() -> None:
    patient, hasty = Throttle(share=0.1), Throttle(share=0.1, pause_max=seconds(2))

    rests = [throttle.pause(seconds(1), behind=seconds(60)) for throttle in (patient, hasty)]

    assert rests == [seconds(5), seconds(2)]
