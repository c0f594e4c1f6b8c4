"""The policy of the city as it is shipped, and what it means."""

import shutil
from pathlib import Path

import pytest

from services.sla.domain.allowances import Allowance, Unit
from services.sla.domain.rules import EscalationLevel, PauseRule
from services.sla.policy import LevelEntry, allowance_of, load_sla
from shared.events import Classification, HoldReason, SlaClock
from tests.unit.sla.cases import days
from tests.unit.working_time.calendars import at, wib

pytestmark = pytest.mark.unit

SHIPPED = Path(__file__).parents[3] / "policy"


def test_the_citys_clocks_are_those_of_the_law() -> None:
    rules = load_sla(SHIPPED)

    within = {clock: set(map(str, rule.allowances.values())) for clock, rule in rules.clocks.items()}
    assert within == {
        SlaClock.VERIFY: {"3 working_days"},
        SlaClock.RESPOND: {"5 working_days"},
        SlaClock.RESOLVE: {"5 working_days", "14 working_days", "60 working_days"},
        SlaClock.COMPLETE: {"10 working_days"},
        SlaClock.FEEDBACK: {"10 working_days"},
    }
    resolve = rules.clocks[SlaClock.RESOLVE]
    assert resolve.allowances[Classification.COMPLAINT_SUPERVISORY] == days(60)
    assert (resolve.warn_at_percent, resolve.calendar) == ((50, 80), None)
    assert rules.clocks[SlaClock.FEEDBACK].escalation == ()


def test_the_citys_escalation_ends_with_mayor_and_ombudsman() -> None:
    ladder = load_sla(SHIPPED).escalation(SlaClock.RESOLVE, "dishub")

    assert ladder == (
        EscalationLevel(1, "liaison"),
        EscalationLevel(2, "agency_head", days(1)),
        EscalationLevel(3, "regional_secretary", days(3)),
        EscalationLevel(4, "mayor", days(7)),
        EscalationLevel(5, "ombudsman", days(60), from_start=True, clocks=frozenset({SlaClock.RESOLVE})),
    )


def test_the_citys_pauses_have_limits_but_for_the_reporter() -> None:
    both = frozenset({SlaClock.RESPOND, SlaClock.RESOLVE})

    assert load_sla(SHIPPED).pauses == {
        HoldReason.NEEDS_REPORTER: PauseRule(both),
        HoldReason.NEEDS_OTHER_AGENCY: PauseRule(both, days(10)),
        HoldReason.FIELD_WORK: PauseRule(frozenset({SlaClock.RESOLVE}), days(5)),
    }


@pytest.mark.parametrize(
    ("since", "n", "until"),
    [
        ("2026-03-17 09:00", 1, "2026-03-25 16:00"),  # Nyepi, Idulfitri and their cuti bersama
        ("2026-02-18 09:00", 1, "2026-02-19 15:00"),  # Ramadan
        ("2026-12-23 09:00", 1, "2026-12-28 16:00"),  # Christmas and its cuti bersama
        ("2024-02-13 09:00", 1, "2024-02-15 16:00"),  # an election
    ],
)
def test_the_citys_calendar_knows_holidays_and_joint_leave(since: str, n: int, until: str) -> None:
    office = load_sla(SHIPPED).calendars["default"]

    assert wib(office.nth_working_day(at(since), n)) == until


def test_an_agency_has_the_calendar_that_the_directory_names() -> None:
    rules = load_sla(SHIPPED)

    round_the_clock = [code for code, name in rules.calendar_of_agency.items() if name == "around_the_clock"]
    assert round_the_clock
    assert rules.calendar(SlaClock.RESPOND, round_the_clock[0]).between(
        at("2026-04-11 00:00"), at("2026-04-12 00:00")
    ) == (at("2026-04-12 00:00") - at("2026-04-11 00:00"))


def test_the_demonstration_has_the_same_clocks_in_seconds(tmp_path: Path) -> None:
    for source in (SHIPPED / "agencies.yaml", SHIPPED / "calendars.yaml", SHIPPED / "demo" / "sla.yaml"):
        shutil.copy(source, tmp_path / source.name)

    rules = load_sla(tmp_path)

    assert {allowance.unit for rule in rules.clocks.values() for allowance in rule.allowances.values()} == {
        Unit.SECONDS
    }


def test_versions_change_with_what_they_name_and_not_with_comments(tmp_path: Path) -> None:
    def versions(sla: str, calendars: str) -> tuple[str, str]:
        shutil.copy(SHIPPED / "agencies.yaml", tmp_path / "agencies.yaml")
        (tmp_path / "sla.yaml").write_text(sla, encoding="utf-8")
        (tmp_path / "calendars.yaml").write_text(calendars, encoding="utf-8")
        rules = load_sla(tmp_path)
        return rules.version, rules.calendars["default"].calendar.version

    sla, calendars = ((SHIPPED / name).read_text(encoding="utf-8") for name in ("sla.yaml", "calendars.yaml"))
    policy, calendar = versions(sla, calendars)

    assert versions(f"# Another comment\n{sla}", f"# Another comment\n{calendars}") == (policy, calendar)
    assert versions(sla.replace("10 working_days", "11 working_days"), calendars)[0] != policy
    assert versions(sla, calendars.replace("added: []", "added: [{date: '2026-11-27', name: Pilkada}]"))[1] != calendar
    assert (policy.split("+")[0], calendar.split("+")[0]) == ("1", "2026.1")


@pytest.mark.parametrize(
    ("text", "allowance"),
    [
        ("3 working_days", Allowance(3, Unit.WORKING_DAYS)),
        ("1 working_day", Allowance(1, Unit.WORKING_DAYS)),
        ("4 working_hours", Allowance(4, Unit.WORKING_HOURS)),
        ("30 working_minutes", Allowance(30, Unit.WORKING_MINUTES)),
        ("10 days", Allowance(10, Unit.DAYS)),
        ("20 seconds", Allowance(20, Unit.SECONDS)),
    ],
)
def test_an_allowance_is_a_number_and_a_unit(text: str, allowance: Allowance) -> None:
    assert allowance_of(text) == allowance


@pytest.mark.parametrize("text", ["0 days", "-1 days", "1.5 days", "3", "days", "3 weeks", "3  days", "", 3, None])
def test_an_invalid_amount_of_time_is_no_allowance(text: object) -> None:
    with pytest.raises(ValueError, match="is no amount such as"):
        allowance_of(text)


def test_no_allowance_outlasts_the_calendars() -> None:
    assert allowance_of("1000 working_days") == days(1000)
    with pytest.raises(ValueError, match="1001 working_days is more than 1000 working_days"):
        allowance_of("1001 working_days")


def test_the_digest_of_a_policy_outlives_the_names_in_the_code() -> None:
    level = LevelEntry(level=1, responsible="liaison")

    # As release 0.1.0 printed it: with another digest every running clock would count as timed by other rules.
    assert repr(level) == (
        "RungEntry(level=1, responsible='liaison', copies=(), after_breach=None, after_start=None, clocks=())"
    )
