"""The city's rules as values, compiled so that a text is read once for all of them; never decides by them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from enum import StrEnum
from functools import cached_property

from services.routing.domain.duplicates.similarity import ClusterRules
from shared.events import Classification, Location, Priority, SealedText
from shared.identities.masker import Masker
from shared.text import name_key
from shared.text.phrases import Phrase, Phrasebook
from shared.values import value

DISTRICT_OFFICE = "kecamatan"
NATIONAL_ADMIN = "national_admin"
TRACKING_ID = "{tracking_id}"


class OfficerRole(StrEnum):
    """What an officer may do beside acting for agencies."""

    TRIAGE = "triage"
    AGENCY_OFFICER = "agency_officer"


@value
class AgencySeal:
    """Seals for one agency alone.

    Args:
        key_id: Of the agency's key.
        seal: Seals a text for the ticket with an id; never the same twice.
    """

    key_id: str
    seal: Callable[[str, str], SealedText]


@value
class Officer:
    """Somebody who may act on tickets; ``agencies`` are those that the officer acts for.

    ``privacy``: whether the officer may have reporters' data exported, corrected and erased.
    """

    role: OfficerRole
    agencies: frozenset[str] = frozenset()
    privacy: bool = False


@value
class Condition:
    """When a rule holds: a phrase of ``any``, one of every group of ``all``, one of ``at``, and none of ``none``.

    ``at`` is looked for in the reporter's words about the place, too; what is empty asks for nothing. ``supporting``
    are the phrases that speak for the rule.
    """

    any: frozenset[Phrase] = frozenset()
    all: tuple[frozenset[Phrase], ...] = ()
    at: frozenset[Phrase] = frozenset()
    none: frozenset[Phrase] = frozenset()
    supporting: frozenset[Phrase] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "supporting", self.any.union(self.at, *self.all))

    def holds(self, said: frozenset[Phrase], place: frozenset[Phrase]) -> bool:
        """Return whether the rule holds for the phrases that a report and its place are told with."""
        return (
            (not self.any or not self.any.isdisjoint(said))
            and not (self.all and any(group.isdisjoint(said) for group in self.all))
            and (not self.at or not self.at.isdisjoint(said) or not self.at.isdisjoint(place))
            and self.none.isdisjoint(said)
        )

    def evidence(self, said: frozenset[Phrase], place: frozenset[Phrase]) -> frozenset[Phrase]:
        """Return the phrases that speak for the rule in a report and its place."""
        return (said & self.supporting) | (place & self.at)

    @property
    def phrases(self) -> frozenset[Phrase]:
        """Return every phrase that matters to the rule."""
        return self.supporting | self.none


@value
class AgencyRule:
    """Words that speak for an agency; the reasons are given where it lies outside the city's authority."""

    id: str
    condition: Condition
    agency: str
    weight: int
    reason_id: str | None = None
    reason_en: str | None = None


@value
class PriorityRule:
    """Words that show that it cannot wait."""

    id: str
    condition: Condition
    level: Priority


@value
class KindRule:
    """Words that show what kind of report it is."""

    id: str
    condition: Condition
    classification: Classification


Rule = AgencyRule | PriorityRule | KindRule


@dataclass(frozen=True)
class Rulebook:
    """All rules, and the spellings that their phrases and every text are brought to."""

    rules: tuple[Rule, ...]
    spellings: Mapping[Phrase, Phrase] = field(default_factory=dict)

    @cached_property
    def book(self) -> Phrasebook:
        """Return the phrases of all rules."""
        return Phrasebook(self.spellings, frozenset(p for rule in self.rules for p in rule.condition.phrases), True)

    @cached_property
    def first_words(self) -> frozenset[str]:
        """Return the words that a rule's phrase begins with; later ones may be names (bank mandiri)."""
        conditions = [rule.condition for rule in self.rules]
        return frozenset(phrase[0] for one in conditions for phrase in one.any.union(one.none, *one.all))

    @cached_property
    def _spoken_for(self) -> Mapping[Phrase, tuple[int, ...]]:
        found: dict[Phrase, list[int]] = defaultdict(list)
        for index, rule in enumerate(self.rules):
            for phrase in rule.condition.supporting:
                found[phrase].append(index)
        return {phrase: tuple(indexes) for phrase, indexes in found.items()}

    def holding(self, texts: Iterable[str], place: str) -> list[tuple[Rule, frozenset[Phrase]]]:
        """Return the rules that hold, in their order, each with the phrases that speak for it."""
        said = self.book.found_in(*texts)
        there = self.book.found_in(place) if place else frozenset()
        candidates = sorted(set().union(*[self._spoken_for.get(phrase, ()) for phrase in said | there]))
        rules = [self.rules[index] for index in candidates]
        return [(rule, rule.condition.evidence(said, there)) for rule in rules if rule.condition.holds(said, there)]


@value
class OverridePolicy:
    """How far a choice that somebody made is followed.

    It is overruled where another agency has at least ``overruled_at`` points and is ``overruled_by`` ahead of it.
    """

    accept: bool
    overruled_at: int
    overruled_by: int


@value
class Category:
    """What a category says about the reports in it; ``agency`` may be the place's district office.

    The reasons are given where the category lies outside the city's authority. A ``personal`` one is about the
    reporter's own papers or aid.
    """

    code: str
    agency: str | None = None
    classification: Classification | None = None
    reason_id: str | None = None
    reason_en: str | None = None
    personal: bool = False


@value
class SensitiveKind:
    """Where a kind of sensitive report goes at once, who looks after it, and what its reporter is told beside that."""

    agency: str
    officer: str | None = None
    priority: Priority = Priority.EMERGENCY
    advice_id: str | None = None
    advice_en: str | None = None


@value
class EarlyUpdates:
    """How long updates wait for a complaint that has not come, and how long it is known that they did so in vain."""

    wait_for: timedelta
    remember_for: timedelta


@dataclass(frozen=True)
class RoutingPolicy:
    """Everything that the city has decided about routing.

    Args:
        version: Of the policy as a whole; stands in every explanation.
        agencies: Official name by code.
        officers: Who may act as one, by code.
        districts: Code of the district office by kecamatan.
        categories: By code and by every name, in lower case.
        threshold: Points that the best agency needs.
        margin: Points that it must be ahead of the next.
        model_accept: Whether a text model may choose an agency where the rules do not; it is asked in any case.
        model_precision_min: How often a model that chooses must be right, 0 to 1.
        suggestions_max: How many agencies an officer is offered.
        try_suggested: Whether an agency that a declining one names gets the ticket at once.
        hops_max: After so many agencies an officer decides.
        reopen_within: How long after closing by the system the reporter may still dispute.
        clusters: Which reports are followed together.
        early_updates: How long updates wait for a complaint that has not come.
        link: Where an agency finds a ticket, with `TRACKING_ID` in place of its tracking id; None for nowhere.
        masker: Covers identities in what people write.
        seals: Of agencies that have a key, by code.
        zone: In which channels are told the date of a due time.
        sensitive: Where sensitive reports go, by kind.
    """

    version: str
    agencies: Mapping[str, str]
    officers: Mapping[str, Officer]
    rulebook: Rulebook
    districts: Mapping[str, str]
    categories: Mapping[str, Category]
    requested: OverridePolicy
    category: OverridePolicy
    threshold: int
    margin: int
    model_accept: bool
    model_precision_min: float
    suggestions_max: int
    try_suggested: bool
    hops_max: int
    reopen_within: timedelta
    clusters: ClusterRules
    early_updates: EarlyUpdates
    masker: Masker
    seals: Mapping[str, AgencySeal]
    link: str | None
    zone: tzinfo
    sensitive: Mapping[str, SensitiveKind] = field(default_factory=dict)

    def link_to(self, tracking_id: str) -> str | None:
        """Return where an agency finds the ticket, or None if the city has no such place."""
        return self.link and self.link.replace(TRACKING_ID, tracking_id)

    def name_of(self, agency: str) -> str:
        """Return the official name of an agency, or its code where the directory has it no longer."""
        return self.agencies.get(agency, agency)

    @cached_property
    def _code_by_name(self) -> Mapping[str, str]:
        return {name.lower(): code for code, name in self.agencies.items()} | {code: code for code in self.agencies}

    def code_of(self, agency: str) -> str | None:
        """Return the code of an agency that is told by its code or its official name; None if there is none such."""
        return self._code_by_name.get(name_key(agency))

    def district_of(self, location: Location | None) -> str | None:
        """Return the code of the district office of a place, or None where its kecamatan is not known."""
        return self.districts.get(location.kecamatan) if location and location.kecamatan else None

    def category_of(self, given: str | None) -> Category | None:
        """Return the category that a code or a name means, or None."""
        return None if given is None else self.categories.get(name_key(given))
