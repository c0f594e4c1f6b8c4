"""A changed calendar, and the job that times every running clock by it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.sla.domain.rules import SlaRules
from services.sla.domain.ticket import ENDED
from services.sla.domain.working_time import WorkingTime
from services.sla.handlers import SlaHandler
from services.sla.recompute import Recompute, Throttle
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack
from shared.delivery.vitals import Step
from shared.events import BreachCorrected, ClockStarted, DueChanged
from shared.ids import ticket_id, tracking_id
from tests.component.sla.office import Office
from tests.fakes.bench import Crashed
from tests.fakes.clocks import MemoryClockStore
from tests.unit.sla.cases import RULES, F, accepted, answered, at, calendar, closed, routed

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


async def office(*, ended: int = 2) -> Office:
    """Sla with seven tickets; the clocks of the last ones have ended."""
    office = Office()
    office.store = MemoryClockStore()
    office.restart()
    for number, ticket in enumerate(TICKETS):
        ids = {"ticket_id": ticket, "tracking_id": tracking_id(ticket)}
        office.hear(accepted("2026-04-06 08:00", **ids), routed(1, f"2026-04-0{7 - number % 2} 09:00", **ids))
        if number >= len(TICKETS) - ended:
            office.hear(of(answered(2, "2026-04-08 09:00"), ticket), of(closed(3, "2026-04-08 10:00"), ticket))
    await office.work()
    office.clock.at = at("2026-04-09 09:00")
    return office


def job(office: Office, rules: SlaRules = FRIDAY_OFF, **options: object) -> Recompute:
    store = office.store
    assert isinstance(store, MemoryClockStore)
    made = Recompute(SlaHandler(rules), store, office.broker, office.clock, batch_max=2, throttle=Throttle(share=1))
    for name, value in options.items():
        for part in (made.loop, made.loop.outbox):
            setattr(part, name, value)
    return made


def changes(office: Office) -> list[DueChanged]:
    return [data for data in office.data(topics.SLA) if isinstance(data, DueChanged)]


async def test_a_new_holiday_puts_off_every_running_clock_once() -> None:
    kantor = await office()

    report = await job(kantor).run()
    again = await job(kantor).run()

    assert (report.tickets, report.running, report.later, report.earlier) == (5, 10, 10, 0)
    assert (again.tickets, again.later) == (0, 0)
    assert len(changes(kantor)) == 10
    assert {data.why for data in changes(kantor)} == {"calendar_changed"}
    assert all(data.due_at > data.was for data in changes(kantor))
    assert report.largest_shift_seconds == max((data.due_at - data.was).total_seconds() for data in changes(kantor))


async def test_clocks_that_have_ended_keep_the_calendar_that_held() -> None:
    kantor = await office()
    before = {ticket: kantor.store.documents[ticket] for ticket in TICKETS[-2:]}

    await job(kantor).run()

    assert {ticket: kantor.store.documents[ticket] for ticket in before} == before
    for document in before.values():
        assert document.state.edition == ENDED
        assert {told.basis.calendar_version for told in document.state.told} == {"c1"}


async def test_those_that_are_due_first_are_timed_first() -> None:
    kantor = await office(ended=0)
    due = {ticket: kantor.store.documents[ticket].due_at for ticket in TICKETS}

    assert len(set(due.values())) == 2
    timed: list[str] = []

    class Listening:
        async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
            timed.extend(event.key or "" for event in events)
            return {}

    await job(kantor, publisher=Listening()).run()

    order = [due[ticket] for ticket in timed]
    assert set(timed) == set(TICKETS)
    assert order == sorted(order)


async def test_a_dry_run_reports_the_same_and_changes_nothing() -> None:
    kantor = await office()
    said, stored = kantor.everything(), dict(kantor.store.documents)

    foretold = await job(kantor).dry_run()

    assert (kantor.everything(), kantor.store.documents) == (said, stored)
    assert foretold == await job(kantor).run()


@pytest.mark.parametrize("last", [Step.SAVED, Step.PUBLISHED, Step.COMMITTED])
async def test_a_job_that_is_killed_in_the_middle_is_begun_again_and_says_everything_once(last: Step) -> None:
    calm, kantor = await office(), await office()
    await job(calm).run()
    seen: list[Step] = []

    def dies_in_the_second_batch(step: Step) -> None:
        seen.append(step)
        if seen.count(last) == 2:
            raise Crashed

    with pytest.raises(Crashed):
        await job(kantor, observe=dies_in_the_second_batch).run()
    report = await job(kantor).run()
    kantor.clock.at += timedelta(seconds=10)
    await kantor.relay.relay()

    said = {heard.id: heard.data for heard in kantor.everything()}
    assert 0 < report.tickets < 5
    assert {id: data for id, data in said.items() if isinstance(data, DueChanged)} == {
        heard.id: heard.data for heard in calm.everything() if isinstance(heard.data, DueChanged)
    }


async def test_a_breach_that_was_none_is_put_right() -> None:
    kantor = await office()
    await kantor.wait_until("2026-04-14 16:30")
    breached = len(kantor.heard(topics.BREACHES))

    report = await job(kantor).run()

    corrected = [data for data in kantor.data(topics.BREACHES) if isinstance(data, BreachCorrected)]
    assert breached
    assert report.corrected == len(corrected) == len({data.breach_id for data in corrected}) > 0
    assert {data.why for data in corrected} == {"calendar_changed"}


async def test_what_arrives_meanwhile_is_neither_lost_nor_undone() -> None:
    kantor = await office()
    stale = await kantor.store.load(TICKETS[:1])
    work = job(kantor)
    late = await work.decided(list(stale.values()))
    kantor.hear(of(answered(2, "2026-04-09 08:00", final=False), TICKETS[0]))
    await kantor.work()

    won = await work.loop.settle(late)
    await work.run()

    state = kantor.store.documents[TICKETS[0]].state
    assert won == []
    assert [step.version for step in state.history] == [1, 2]
    assert state.edition == FRIDAY_OFF.edition


@pytest.mark.expects_errors
async def test_a_rule_that_fails_at_one_ticket_leaves_it_and_ends() -> None:
    kantor = await office()
    work = job(kantor)
    rule = work.handler.tick

    def fails(state: object, now: object) -> object:
        if state.ticket_id == TICKETS[0]:  # type: ignore[attr-defined]
            raise ZeroDivisionError
        return rule(state, now)  # type: ignore[arg-type]

    work.handler.tick = fails  # type: ignore[method-assign,assignment]
    report = await work.run()

    assert (report.tickets, report.failed) == (4, 1)
    assert kantor.store.documents[TICKETS[0]].state.edition == RULES.edition


def test_the_edition_changes_with_calendars_and_clocks_alone() -> None:
    assert replace(RULES).edition == RULES.edition
    others = {FRIDAY_OFF.edition, replace(RULES, version="2").edition}
    others.add(replace(RULES, calendar_of_agency={"dishub": "shift"}).edition)
    assert len(others | {RULES.edition}) == 4


async def test_a_ticket_names_the_edition_from_its_first_clock_on() -> None:
    kantor = await office()

    started = [data for data in kantor.data(topics.SLA) if isinstance(data, ClockStarted)]
    assert {data.calendar_version for data in started} == {"c1"}
    assert {kantor.store.documents[ticket].state.edition for ticket in TICKETS} == {RULES.edition, ENDED}


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
