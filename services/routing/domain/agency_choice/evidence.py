"""What the words of a report speak for; never chooses an agency."""

from collections.abc import Iterable
from dataclasses import field
from operator import itemgetter
from typing import assert_never

from services.routing.domain.agency_choice.rules import (
    DISTRICT_OFFICE,
    AgencyRule,
    KindRule,
    PriorityRule,
    RoutingPolicy,
)
from shared.events import Classification, Location, Priority, Report
from shared.text.phrases import Phrase
from shared.values import value

LEVELS = (Priority.NORMAL, Priority.HIGH, Priority.EMERGENCY)
EMERGENCY_FLAG = "possible_emergency"


@value
class Point:
    """A rule that holds: so many points for an agency, because of these words."""

    rule: AgencyRule
    agency: str
    words: str

    @property
    def why(self) -> str:
        """Return the rule and the words, for people."""
        return f"{self.rule.id}: {self.words}"


@value
class Evidence:
    """Everything that the rules read out of one report.

    ``ranking``: agencies and their points, most points first; equals in the order in which they were found.
    """

    points: tuple[Point, ...] = ()
    priority: Priority = Priority.NORMAL
    classification: Classification | None = None
    ranking: tuple[tuple[str, int], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        scores: dict[str, int] = {}
        for point in self.points:
            scores[point.agency] = scores.get(point.agency, 0) + point.rule.weight
        ranking = tuple(sorted(scores.items(), key=itemgetter(1), reverse=True))
        object.__setattr__(self, "ranking", ranking)

    def score_of(self, agency: str) -> int:
        """Return the points of one agency."""
        return sum(point.rule.weight for point in self.points if point.agency == agency)

    def of(self, agency: str) -> tuple[Point, ...]:
        """Return what speaks for one agency."""
        return tuple(point for point in self.points if point.agency == agency)

    def without(self, agencies: Iterable[str]) -> "Evidence":
        """Return the evidence as if nothing spoke for *agencies*."""
        left = tuple(point for point in self.points if point.agency not in set(agencies))
        return Evidence(left, self.priority, self.classification)


def read(policy: RoutingPolicy, report: Report) -> Evidence:
    """Return what the rules of *policy* read out of *report*."""
    location = report.location
    levels = [Priority.EMERGENCY] if EMERGENCY_FLAG in report.flags else [Priority.NORMAL]
    kinds: list[Classification] = []
    points: list[Point] = []
    place = (location.text or "") if location else ""
    for rule, phrases in policy.rulebook.holding((report.title, report.body), place):
        match rule:
            case AgencyRule():
                points += _point_of(policy, rule, phrases, location)
            case PriorityRule():
                levels.append(rule.level)
            case KindRule():
                kinds.append(rule.classification)
            case _:
                assert_never(rule)
    return Evidence(tuple(points), max(levels, key=LEVELS.index), kinds[0] if kinds else None)


def _point_of(
    policy: RoutingPolicy, rule: AgencyRule, phrases: Iterable[Phrase], location: Location | None
) -> tuple[Point, ...]:
    """Return the point that a rule gives where it holds; none if it is the district office's and that is not known."""
    agency = policy.district_of(location) if rule.agency == DISTRICT_OFFICE else rule.agency
    return () if agency is None else (Point(rule, agency, ", ".join(sorted(map(" ".join, phrases)))),)


def points_of(policy: RoutingPolicy, texts: Iterable[str], location: Location | None) -> tuple[Point, ...]:
    """Return what the rules read out of *texts* alone."""
    place = (location.text or "") if location else ""
    holding = policy.rulebook.holding(texts, place)
    rules = [(rule, phrases) for rule, phrases in holding if isinstance(rule, AgencyRule)]
    return tuple(point for rule, phrases in rules for point in _point_of(policy, rule, phrases, location))
