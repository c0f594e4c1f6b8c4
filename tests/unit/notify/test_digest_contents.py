"""What a digest holds: which tickets, in which order, and what is new of them."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from services.notify.domain.correspondence import Correspondence, Gathered, Part, RunningClock
from services.notify.domain.digests.contents import Contents, Row, contents, is_worth_telling, rows_of
from services.notify.domain.digests.schedule import (
    chosen,
)
from services.notify.domain.projection import project
from services.notify.domain.sending.timing import DigestTimes
from services.notify.domain.standing import Standing
from shared.events import ClockMet, ClockStopped, SlaClock
from shared.ids import part_id
from shared.values import replace
from tests.builders import TICKET, TRACKING
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import LATER, LEADER, MORNINGS, POLICY, TUESDAY, correspondence, rules, started

pytestmark = pytest.mark.unit

DAY, HOUR, MINUTE, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
RULES = rules(digests={("dishub", "liaison"): MORNINGS})
NEW = chosen(None, "dishub", "liaison", NOON)
ROUTED = Standing("routed")
SUNDAYS = DigestTimes(time(7, 30), frozenset({6}), POLICY.zone)


def ticket(**changes: Any) -> Correspondence:
    return correspondence(**({"agency": "dishub", "standing": ROUTED} | changes))


def gathered(id_: str = "d1", at: datetime = NOON, **changes: Any) -> Gathered:
    return Gathered(
        **({"id": id_, "notice": "agency_reply", "role": "liaison", "agency": "dishub", "at": at} | changes)
    )


def row(number: int = 1, **changes: Any) -> Row:
    plain: dict[str, Any] = {
        "ticket_id": f"t{number}", "tracking_id": f"T{number}", "number": None, "complaint": None, "state": "routed",
        "clock": None, "due_at": None, "news": (), "is_open": True,
    }  # fmt: skip
    return Row(**(plain | changes))


def told(*rows: Row, now: datetime = TUESDAY) -> Contents:
    return contents(rows, now, POLICY.zone)


def test_a_whole_and_each_part_of_the_agency_have_a_row() -> None:
    parts = {
        part_id(TICKET, 1): Part(1, agency="dishub", standing=ROUTED),
        part_id(TICKET, 2): Part(2, agency="dlh", standing=ROUTED),
    }
    divided = ticket(agency=None, standing=Standing("split"), parts=parts)

    assert [(each.ticket_id, each.number) for each in rows_of(divided, NEW)] == [(part_id(TICKET, 1), 1)]
    assert [(each.ticket_id, each.number) for each in rows_of(ticket(), NEW)] == [(TICKET, None)]


@pytest.mark.parametrize(
    "changes",
    [{"agency": "dlh"}, {"ended_at": NOON}, {"standing": Standing("answered")}, {"standing": Standing("in_triage")}],
)
def test_what_the_agency_need_not_work_on_is_not_open(changes: dict[str, Any]) -> None:
    gone = ticket(**changes, gathered=(gathered(),))

    assert list(rows_of(ticket(**changes), NEW)) == []
    assert [each.is_open for each in rows_of(gone, NEW)] == [False]


def test_a_ticket_of_release_010_is_open_until_it_has_ended() -> None:
    assert [(each.is_open, each.state) for each in rows_of(ticket(standing=Standing()), NEW)] == [(True, "routed")]


@pytest.mark.parametrize(
    "other",
    [
        gathered(role="agency_head"), gathered(agency="dlh"), gathered(at=NEW.told_until), gathered(part="another"),
        gathered(id_="told"),
    ],
)  # fmt: skip
def test_only_what_this_post_was_not_told_yet_is_new(other: Gathered) -> None:
    digests = replace(NEW, told_later=("told",))
    state = ticket(gathered=(gathered("a"), gathered("b"), gathered("c", notice="agency_breach"), other))

    assert [each.news for each in rows_of(state, digests)] == [("agency_reply", "agency_breach")]


def test_the_clock_that_is_due_first_is_told() -> None:
    state = ticket(
        clocks={
            SlaClock.RESOLVE: RunningClock(NOON, LATER),
            SlaClock.RESPOND: RunningClock(NOON, LATER - HOUR),
            SlaClock.FEEDBACK: RunningClock(NOON, NOON),
        }
    )

    (first,) = rows_of(state, NEW)
    (met,) = rows_of(project(state, over(ClockMet, met_at=NOON + HOUR)), NEW)
    (before,) = rows_of(state, replace(NEW, chosen_at=NOON + SECOND))
    (on_hold,) = rows_of(replace(state, standing=Standing("held")), NEW)

    assert (first.clock, first.due_at) == (SlaClock.RESPOND, LATER - HOUR)
    assert (met.clock, before.clock, on_hold.clock) == (SlaClock.RESOLVE, SlaClock.RESOLVE, None)


def over(kind: Any, clock: SlaClock = SlaClock.RESPOND, **changes: Any) -> Any:
    about = {"ticket_id": TICKET, "tracking_id": TRACKING, "clock": clock, "due_at": LATER, "lateness_seconds": 0.0}
    return kind.model_validate(about | {"why": "withdrawn"} | changes if kind is ClockStopped else about | changes)


def test_a_clock_is_over_once_it_is_met_or_stopped_and_runs_again_once_started() -> None:
    running = project(ticket(), started(SlaClock.RESPOND))

    met = project(running, over(ClockMet, met_at=NOON + HOUR))
    again = project(met, started(SlaClock.RESPOND, at=NOON + DAY))

    assert met.clocks[SlaClock.RESPOND].over_at == NOON + HOUR
    assert again.clocks[SlaClock.RESPOND].over_at is None
    assert project(again, over(ClockMet, met_at=NOON + HOUR)) == again
    assert project(ticket(), over(ClockMet, met_at=NOON + HOUR)) == ticket()


def test_groups_begin_and_end_with_the_due_time_and_the_day() -> None:
    midnight = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)
    late, now, tonight, later = (
        row(number, due_at=at) for number, at in enumerate((TUESDAY - SECOND, TUESDAY, midnight - SECOND, midnight))
    )
    never = row(9)

    found = told(never, later, tonight, now, late)

    assert (found.overdue, found.today, found.others) == ((late,), (now, tonight), (later, never))
    assert found.open_count == 5


def test_a_ticket_that_follows_another_is_counted_with_it() -> None:
    leader, follower = row(1), row(2, follows="t1")

    assert told(leader, follower).others == (replace(leader, followers=1),)


@pytest.mark.parametrize("leader", [row(1, is_open=False), row(1, follows="t0"), row(3)])
def test_a_ticket_whose_leader_is_not_the_agencys_stands_by_itself(leader: Row) -> None:
    follower = row(2, follows="t1")

    assert follower in told(leader, follower).others


def test_whose_reporter_has_acted_stands_by_itself() -> None:
    follower = ticket(follows=LEADER)

    assert [each.follows for each in rows_of(follower, NEW)] == [LEADER]
    assert [each.follows for each in rows_of(replace(follower, has_acted=True), NEW)] == [None]


def test_what_a_follower_was_not_told_is_told_though_it_has_no_row() -> None:
    news = (gathered(),)

    assert told(row(1), row(2, follows="t1", gathered=news)).gathered == news


def test_a_digest_without_anything_is_not_sent_nor_a_last_one_without_news() -> None:
    last = replace(NEW, is_last=True)
    open_, new = told(row()), told(row(is_open=False, gathered=(gathered(),)))

    assert [is_worth_telling(each, NEW) for each in (told(), open_, new)] == [False, True, True]
    assert [is_worth_telling(each, last) for each in (told(), open_, new)] == [False, False, True]
