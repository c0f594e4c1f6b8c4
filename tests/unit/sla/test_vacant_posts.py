"""A breach always reaches somebody: where nobody holds a post, the next superior who exists stands in."""

from pathlib import Path
from typing import Any

import pytest

from services.sla.domain.rules import OUTSIDE_ROLES, Post, SlaRules
from services.sla.policy import load_sla
from shared.events import BreachEscalated, ClockBreached, SlaClock
from tests.unit.sla.cases import accepted, routed, rules, triaged
from tests.unit.sla.harness import RESOLVE, RESPOND, VERIFY, ClockHarness
from tests.unit.sla.test_policy_faults import change, copy, faults

__all__ = ["copy"]

pytestmark = pytest.mark.unit


def responsible(harness: ClockHarness, clock: SlaClock) -> list[tuple[int, str, str | None]]:
    """Return level, responsible role and the role in whose place it stands, of all that was said of a breach."""
    told: list[Any] = [said for said in harness.all_said(ClockBreached, BreachEscalated) if said.clock is clock]
    return [(said.level, said.responsible, said.instead_of) for said in told]


def late(under: SlaRules, agency: str = "dishub") -> ClockHarness:
    harness = ClockHarness(under)
    harness.receive(accepted("2026-04-06 08:00"), routed(1, "2026-04-06 09:00", agency))
    harness.wait_until("2026-12-31 09:00")
    return harness


@pytest.mark.parametrize(
    ("vacant", "said"),
    [
        ((), [("liaison", None), ("agency_head", None), ("mayor", None)]),
        ((Post("liaison", "dlh"),), [("liaison", None), ("agency_head", None), ("mayor", None)]),
        ((Post("liaison", "dishub"),), [("agency_head", "liaison"), ("agency_head", None), ("mayor", None)]),
        (
            (Post("liaison", "dishub"), Post("agency_head", "dishub")),
            [("mayor", "liaison"), ("mayor", "agency_head"), ("mayor", None)],
        ),
        ((Post("mayor"),), [("liaison", None), ("agency_head", None), ("agency_head", "mayor")]),
    ],
)
def test_the_next_superior_who_exists_is_responsible(
    vacant: tuple[Post, ...], said: list[tuple[str, str | None]]
) -> None:
    harness = late(rules(vacant=frozenset(vacant)))

    assert responsible(harness, RESPOND) == [(level, *who) for level, who in enumerate(said, 1)]


def test_the_ombudsman_stands_in_for_nobody_and_is_asked_all_the_same() -> None:
    harness = late(rules(vacant=frozenset({Post("mayor")})))

    assert (4, "ombudsman", None) in responsible(harness, RESOLVE)
    assert all(who not in OUTSIDE_ROLES or instead is None for _, who, instead in responsible(harness, RESOLVE))


def test_a_vacant_coordinator_is_skipped_for_a_ticket_that_nobody_has() -> None:
    harness = ClockHarness(rules(vacant=frozenset({Post("triage")})))
    harness.receive(accepted("2026-04-06 08:00"), triaged(1, "2026-04-06 08:01"))

    harness.wait_until("2026-04-09 17:00")

    assert responsible(harness, VERIFY) == [(1, "coordinator_head", "triage")]


def test_vacant_posts_of_the_directory_are_known_to_the_clocks(copy: Path) -> None:
    change(copy / "agencies.yaml", "    short: Dishub\n", "    short: Dishub\n    vacant: [liaison]\n")
    change(copy / "agencies.yaml", "email: sekda@tangsel.example}", "email: sekda@tangsel.example, vacant: true}")

    ladder = load_sla(copy).escalation(RESPOND, "dishub")

    assert [level.responsible for level in ladder] == ["agency_head", "agency_head", "mayor", "mayor"]


def test_an_escalation_with_vacant_posts_only_is_refused(copy: Path) -> None:
    text = (copy / "agencies.yaml").read_text(encoding="utf-8")
    (copy / "agencies.yaml").write_text(text.replace(".example}", ".example, vacant: true}"), encoding="utf-8")

    assert [said for file, _, said in faults(copy) if file == "sla.yaml"] == [
        "every post of the ladder `coordinator` is vacant for disdukcapil, so that a breach would reach nobody"
    ]


def test_a_post_that_no_agency_has_is_refused(copy: Path) -> None:
    change(copy / "agencies.yaml", "    short: Dishub\n", "    short: Dishub\n    vacant: [mayor]\n")

    assert any("liaison" in said for _, _, said in faults(copy))
