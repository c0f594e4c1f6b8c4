from datetime import timedelta
from typing import Any

import pytest

from services.sla.domain.allowances import Allowance, Unit
from services.sla.domain.clocks import Clock, Pause, timed
from services.sla.domain.rounds import Hold, Met, Round
from services.sla.domain.rules import EscalationLevel, PauseRule
from shared.events import Classification, HoldReason, SlaClock
from tests.unit.sla.cases import LAW, RULES, clock_rule, days, rules
from tests.unit.working_time.calendars import at, wib

pytestmark = pytest.mark.unit

RESPOND, RESOLVE, VERIFY = SlaClock.RESPOND, SlaClock.RESOLVE, SlaClock.VERIFY
ASKED, ABROAD, OUTSIDE = HoldReason.NEEDS_REPORTER, HoldReason.NEEDS_OTHER_AGENCY, HoldReason.FIELD_WORK


def hold(reason: HoldReason, since: str, ended: str = "", asked_until: str = "") -> Hold:
    return Hold(reason, at(since), at(asked_until) if asked_until else None, at(ended) if ended else None)


def round_(clock: SlaClock = RESPOND, *holds: Hold, **about: Any) -> Round:
    """Return a round that starts on Monday 6 April 2026, 09:00."""
    plain: dict[str, Any] = {"classification": Classification.COMPLAINT, "agency": "dishub"}
    return Round(clock=clock, number=1, started_at=at("2026-04-06 09:00"), holds=holds, **(plain | about))


def due(clock: Clock) -> str:
    return wib(clock.due_at)


@pytest.mark.parametrize(
    ("classification", "until"),
    [
        (Classification.INFORMATION_REQUEST, "2026-04-13 16:00"),
        (Classification.COMPLAINT, "2026-04-24 16:30"),
        (Classification.ASPIRATION, "2026-04-24 16:30"),
        (LAW, "2026-06-29 16:00"),
    ],
)
def test_resolve_is_due_by_the_kind_of_report(classification: Classification, until: str) -> None:
    clock = timed(round_(RESOLVE, classification=classification), RULES)

    assert due(clock) == until


@pytest.mark.parametrize(
    ("allowance", "until", "within"),
    [
        (days(1), "2026-04-07 16:00", timedelta(hours=13.5)),
        (Allowance(3, Unit.WORKING_HOURS), "2026-04-06 12:00", timedelta(hours=3)),
        (Allowance(6, Unit.WORKING_HOURS), "2026-04-06 16:00", timedelta(hours=6)),
        (Allowance(90, Unit.WORKING_MINUTES), "2026-04-06 10:30", timedelta(hours=1.5)),
        (Allowance(2, Unit.DAYS), "2026-04-09 00:00", timedelta(days=2, hours=15)),
        (Allowance(90, Unit.SECONDS), "2026-04-06 09:01", timedelta(seconds=90)),
    ],
    ids=str,
)
def test_every_unit_is_counted_in_its_own_way(allowance: Allowance, until: str, within: timedelta) -> None:
    clock = timed(round_(), rules(clocks={RESPOND: clock_rule(allowance, calendar=None)}))

    assert (due(clock), clock.within) == (until, within)


def test_the_agencys_calendar_times_what_the_agency_must_do_and_the_default_one_the_rest() -> None:
    assert due(timed(round_(RESPOND, agency="rescue"), RULES)) == "2026-04-12 00:00"
    assert due(timed(round_(SlaClock.FEEDBACK, agency="rescue"), RULES)) == "2026-04-20 16:00"
    assert due(timed(round_(RESOLVE, agency=None), RULES)) == "2026-04-24 16:30"


@pytest.mark.parametrize(
    ("since", "ended", "until"),
    [
        ("2026-04-07 10:00", "2026-04-07 10:00", "2026-04-13 16:00"),  # nothing passed
        ("2026-04-07 10:00", "2026-04-07 11:00", "2026-04-14 08:30"),
        ("2026-04-07 12:00", "2026-04-07 13:00", "2026-04-13 16:00"),  # the break is no working time
        ("2026-04-07 16:00", "2026-04-08 07:30", "2026-04-13 16:00"),
        ("2026-04-07 09:00", "2026-04-09 09:00", "2026-04-15 16:00"),  # two days, and it ends at closing time again
        ("2026-04-13 15:59", "2026-04-13 17:00", "2026-04-14 07:31"),
        ("2026-04-13 16:00", "2026-04-20 09:00", "2026-04-13 16:00"),  # at the due time it can be put off no more
    ],
)
def test_a_hold_extends_the_due_time_by_its_working_time(since: str, ended: str, until: str) -> None:
    clock = timed(round_(RESPOND, hold(ASKED, since, ended)), RULES)

    assert due(clock) == until


def test_a_hold_extends_calendar_days_and_seconds_by_elapsed_time() -> None:
    under = rules(clocks={RESPOND: clock_rule(Allowance(2, Unit.DAYS), calendar=None)})

    clock = timed(round_(RESPOND, hold(ASKED, "2026-04-06 20:00", "2026-04-07 06:30")), under)

    assert due(clock) == "2026-04-09 10:30"


def test_holds_add_up() -> None:
    clock = timed(
        round_(
            RESPOND,
            hold(ASKED, "2026-04-07 09:00", "2026-04-07 10:00"),
            hold(ABROAD, "2026-04-07 10:00", "2026-04-07 11:30"),
        ),
        RULES,
    )

    assert due(clock) == "2026-04-14 10:00"


def test_a_hold_that_lasts_stops_the_clock_before_its_due_time() -> None:
    clock = timed(round_(RESPOND, hold(ASKED, "2026-04-07 09:00")), RULES)

    assert clock.pauses == (Pause(at("2026-04-07 09:00"), None),)
    assert due(clock) == "2026-04-13 16:00"
    assert not clock.late_at(at("2026-12-01 09:00"))


def test_a_hold_that_begins_too_late_hides_nothing() -> None:
    clock = timed(round_(RESPOND, hold(ASKED, "2026-04-14 09:00")), RULES)

    assert clock.late_at(at("2026-04-14 08:00"))
    assert clock.late_at(at("2026-12-01 09:00"))


def test_the_end_of_the_round_ends_a_hold() -> None:
    clock = timed(round_(RESPOND, hold(ASKED, "2026-04-07 09:00"), end=Met(at("2026-04-07 10:00"))), RULES)

    assert clock.pauses == (Pause(at("2026-04-07 09:00"), at("2026-04-07 10:00")),)


@pytest.mark.parametrize(
    ("ended", "until"),
    [
        ("", "2026-04-29 13:30"),
        ("2026-04-09 15:59", "2026-04-29 13:29"),
        ("2026-04-09 16:00", "2026-04-29 13:30"),
        ("2026-04-20 16:00", "2026-04-29 13:30"),
    ],
)
def test_field_work_pauses_resolve_up_to_its_limit(ended: str, until: str) -> None:
    """Two working days from Tuesday 10:00 are 20 hours, which come after Friday 24 April, 16:30."""
    clock = timed(round_(RESOLVE, hold(OUTSIDE, "2026-04-07 10:00", ended)), RULES)

    assert due(clock) == until


def test_holding_twice_for_one_reason_shares_one_limit() -> None:
    under = rules(pauses={OUTSIDE: PauseRule(frozenset({RESOLVE}), Allowance(5, Unit.WORKING_HOURS))})

    clock = timed(
        round_(
            RESOLVE,
            hold(OUTSIDE, "2026-04-07 09:00", "2026-04-07 12:00"),
            hold(OUTSIDE, "2026-04-08 09:00", "2026-04-08 16:00"),
            hold(OUTSIDE, "2026-04-09 09:00"),
        ),
        under,
    )

    assert clock.pauses == (
        Pause(at("2026-04-07 09:00"), at("2026-04-07 12:00")),
        Pause(at("2026-04-08 09:00"), at("2026-04-08 11:00")),
    )


def test_each_reason_has_its_own_limit() -> None:
    hour = Allowance(1, Unit.WORKING_HOURS)
    both = {reason: PauseRule(frozenset({RESOLVE}), hour) for reason in (OUTSIDE, ABROAD)}

    clock = timed(
        round_(RESOLVE, hold(OUTSIDE, "2026-04-07 09:00", "2026-04-07 12:00"), hold(ABROAD, "2026-04-08 09:00")),
        rules(pauses=both),
    )

    assert clock.pauses == (
        Pause(at("2026-04-07 09:00"), at("2026-04-07 10:00")),
        Pause(at("2026-04-08 09:00"), at("2026-04-08 10:00")),
    )


@pytest.mark.parametrize(
    ("asked_until", "pauses"),
    [
        ("2026-04-07 12:00", (Pause(at("2026-04-07 10:00"), at("2026-04-07 12:00")),)),
        ("2026-04-01 12:00", ()),
        ("9999-01-01 00:00", (Pause(at("2026-04-07 10:00"), at("2026-04-09 16:00")),)),
    ],
)
def test_a_limited_pause_does_not_outlast_what_was_asked_for(asked_until: str, pauses: tuple[Pause, ...]) -> None:
    clock = timed(round_(RESOLVE, hold(OUTSIDE, "2026-04-07 10:00", asked_until=asked_until)), RULES)

    assert clock.pauses == pauses


def test_a_hold_without_a_pause_rule_pauses_nothing() -> None:
    field_work = (hold(OUTSIDE, "2026-04-07 10:00", "2026-04-08 10:00"),)

    assert timed(round_(RESPOND, *field_work), RULES).pauses == ()
    assert timed(round_(RESOLVE, *field_work), rules(pauses={})).pauses == ()


@pytest.mark.parametrize(
    ("moment", "paused"),
    [("2026-04-07 08:59", False), ("2026-04-07 09:00", True), ("2026-04-07 09:59", True), ("2026-04-07 10:00", False)],
)
def test_a_pause_holds_from_its_beginning_until_just_before_its_end(moment: str, paused: bool) -> None:
    clock = timed(round_(RESPOND, hold(ASKED, "2026-04-07 09:00", "2026-04-07 10:00")), RULES)

    assert (clock.pause_at(at(moment)) is not None) is paused


def test_at_the_due_time_nothing_is_late_and_a_moment_later_it_is() -> None:
    clock = timed(round_(), RULES)
    due_at = at("2026-04-13 16:00")

    assert not clock.late_at(due_at)
    assert clock.late_at(due_at + timedelta(microseconds=1))


def test_warnings_come_by_percent_of_working_time() -> None:
    clock = timed(round_(), rules(clocks={RESPOND: clock_rule(days(1), calendar=None)}))

    # 13.5 hours from Monday 09:00: half of them are 6.75, four fifths 10.8.
    assert wib(clock.warns_at(50)) == "2026-04-07 08:15"
    assert wib(clock.warns_at(80)) == "2026-04-07 13:18"


def test_a_pause_postpones_later_warnings_only() -> None:
    clock = timed(
        round_(RESPOND, hold(ASKED, "2026-04-07 09:00", "2026-04-08 09:00")),
        rules(clocks={RESPOND: clock_rule(days(1), calendar=None)}),
    )

    assert wib(clock.warns_at(50)) == "2026-04-07 08:15"
    assert wib(clock.warns_at(80)) == "2026-04-08 13:18"


@pytest.mark.parametrize(
    ("level", "holds", "reached"),
    [
        (EscalationLevel(1, "liaison"), (), "2026-04-13 16:00"),
        (EscalationLevel(2, "agency_head", days(1)), (), "2026-04-14 16:00"),
        (EscalationLevel(2, "agency_head", Allowance(30, Unit.SECONDS)), (), "2026-04-13 16:00"),
        (EscalationLevel(3, "ombudsman", days(60), from_start=True), (), "2026-06-29 16:00"),
        (EscalationLevel(3, "ombudsman", days(2), from_start=True), (), "2026-04-13 16:00"),  # never before the breach
        (EscalationLevel(2, "agency_head", days(1)), (("2026-04-14 09:00", "2026-04-14 10:00"),), "2026-04-15 08:30"),
        (EscalationLevel(2, "agency_head", days(1)), (("2026-04-07 09:00", "2026-04-07 10:00"),), "2026-04-15 16:00"),
        (
            EscalationLevel(3, "x", days(60), from_start=True),
            (("2026-04-07 09:00", "2026-04-07 10:00"),),
            "2026-06-30 08:30",
        ),
    ],
)
def test_escalation_counts_working_time(
    level: EscalationLevel, holds: tuple[tuple[str, str], ...], reached: str
) -> None:
    clock = timed(round_(RESPOND, *(hold(ASKED, *span) for span in holds)), RULES)

    assert wib(clock.escalates_at(level)) == reached


@pytest.mark.parametrize(
    ("holds", "until", "overdue"),
    [
        ((), "2026-04-13 16:00", 0),
        ((), "2026-04-14 07:30", 0),
        ((), "2026-04-14 09:00", 1.5),
        ((("2026-04-14 08:00", "2026-04-14 08:30"),), "2026-04-14 09:00", 1),
        ((("2026-04-14 08:00", ""),), "2026-04-14 09:00", 0.5),
    ],
)
def test_overdue_is_working_time_without_holds(holds: tuple[tuple[str, str], ...], until: str, overdue: float) -> None:
    clock = timed(round_(RESPOND, *(hold(ASKED, *span) for span in holds)), RULES)

    assert clock.overdue_for(at(until)) == timedelta(hours=overdue)


def test_a_clock_names_the_policy_and_the_calendar_that_time_it() -> None:
    clock = timed(round_(agency="rescue"), RULES)

    assert (clock.policy_version, clock.calendar.calendar.version) == ("p1", "w1")


def test_without_an_agency_the_coordinator_is_responsible() -> None:
    def first(clock: SlaClock, agency: str | None) -> str:
        return RULES.escalation(clock, agency)[0].responsible

    assert first(RESOLVE, "dishub") == "liaison"
    assert first(RESOLVE, None) == "triage"
    assert first(VERIFY, None) == "triage"
    assert RULES.escalation(SlaClock.FEEDBACK, None) == ()


def test_an_escalation_level_applies_to_its_own_clocks_only() -> None:
    assert [level.level for level in RULES.escalation(RESOLVE, "dishub")] == [1, 2, 3, 4]
    assert [level.level for level in RULES.escalation(RESPOND, "dishub")] == [1, 2, 3]
