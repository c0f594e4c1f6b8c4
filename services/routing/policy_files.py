"""The shape of routing.yaml and categories.yaml, and what can be wrong between their lines; compiles nothing."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from services.routing.domain.agency_choice.rules import DISTRICT_OFFICE, NATIONAL_ADMIN
from shared.events import Classification, Code, Priority
from shared.events.base import Short
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.loading import Loc, PolicyFault, PolicyModel, Source, unknown
from shared.text import words_of

ROUTING_FILE = "routing.yaml"
CATEGORIES_FILE = "categories.yaml"
PHRASE_WORDS_MAX = 6

RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
Weight = Annotated[int, Field(ge=1, le=10)]
Points = Annotated[int, Field(ge=1, le=100)]


class OverrideEntry(PolicyModel):
    """How far a choice is followed; the figures are points."""

    accept: bool = True
    overruled_at: Points
    overruled_by: Points


class KeywordsEntry(PolicyModel):
    """When the points decide."""

    threshold: Points
    margin: Points
    suggestions_max: Annotated[int, Field(ge=1, le=10)] = 3


class ModelEntry(PolicyModel):
    """Whether a text model may decide where the rules do not, and how often it must be right then, 0 to 1."""

    accept: bool = True
    precision_min: Annotated[float, Field(ge=0.5, le=1)] = 0.95


class ReturnsEntry(PolicyModel):
    """What happens to a ticket that its agency gives back."""

    try_suggested: bool = True
    hops_max: Annotated[int, Field(ge=1, le=20)] = 2


class DisputesEntry(PolicyModel):
    """How long after closing by the system a reporter may still dispute; 0 for not at all."""

    reopen_within_days: Annotated[int, Field(ge=0, le=365)] = 14

    @property
    def reopen_within(self) -> timedelta:
        """Return it as a duration."""
        return timedelta(days=self.reopen_within_days)


class EarlyUpdatesEntry(PolicyModel):
    """How long updates wait for a complaint that has not come, and how long it is known that they did so in vain."""

    wait_hours: Annotated[int, Field(ge=1, le=720)] = 24
    remember_days: Annotated[int, Field(ge=1, le=365)] = 7


class ClustersEntry(PolicyModel):
    """Which reports are followed together; see the head of the section."""

    accept: bool = True
    within_days: Annotated[int, Field(ge=1, le=365)] = 21
    near_metres: Annotated[int, Field(ge=10, le=5000)] = 300
    apart_metres_max: Annotated[int, Field(ge=10, le=50_000)] = 1000
    members_max: Annotated[int, Field(ge=1, le=2000)] = 500
    alike_min: Annotated[float, Field(ge=0.2, le=1)] = 0.3
    alike_elsewhere_min: Annotated[float, Field(ge=0.3, le=1)] = 0.75
    faint: tuple[Short, ...] = ()
    kinds_of_place: tuple[Short, ...] = ()
    numbered_places: tuple[Short, ...] = ()
    sides: tuple[Short, ...] = ()
    titles: tuple[Short, ...] = ()
    prepositions: tuple[Short, ...] = ()
    measures: tuple[Short, ...] = ()
    troubles: dict[Short, tuple[Short, ...]] = Field(default_factory=dict)
    papers: tuple[Short, ...] = ()
    selves: tuple[Short, ...] = ()
    unheard: tuple[Short, ...] = ()
    meant: dict[Short, tuple[Short, ...]] = Field(default_factory=dict)
    personal: tuple[Short, ...] = ()


class RuleEntry(PolicyModel):
    """When a rule holds, as phrases that people write."""

    id: RuleId
    any: tuple[Short, ...] = ()
    all: tuple[tuple[Short, ...], ...] = ()
    at: tuple[Short, ...] = ()
    none: tuple[Short, ...] = ()

    @property
    def phrases(self) -> Iterator[tuple[Loc, str]]:
        """Yield every phrase, each with its place within the rule."""
        for name in ("any", "at", "none"):
            yield from (((name, index), phrase) for index, phrase in enumerate(getattr(self, name)))
        for group, phrases in enumerate(self.all):
            yield from ((("all", group, index), phrase) for index, phrase in enumerate(phrases))


class AgencyRuleEntry(RuleEntry):
    """Words that speak for an agency, or for the district office of the place."""

    agency: Code
    weight: Weight


class OutsideRuleEntry(RuleEntry):
    """Words that show that it lies outside the city's authority, and the reason for the reporter."""

    weight: Weight
    reason_id: Short
    reason_en: Short


class KindRuleEntry(RuleEntry):
    """Words that show what kind of report it is."""

    classification: Classification


class PriorityRuleEntry(RuleEntry):
    """Words that show that it cannot wait."""

    level: Priority


class RoutingFile(PolicyModel):
    """The shape of routing.yaml."""

    version: int
    requested: OverrideEntry
    category: OverrideEntry
    keywords: KeywordsEntry
    model: ModelEntry = ModelEntry()
    returns: ReturnsEntry = ReturnsEntry()
    disputes: DisputesEntry = DisputesEntry()
    early_updates: EarlyUpdatesEntry = EarlyUpdatesEntry()
    clusters: ClustersEntry = ClustersEntry()
    spellings: dict[Short, tuple[Short, ...]] = Field(default_factory=dict)
    outside: tuple[OutsideRuleEntry, ...] = ()
    rules: Annotated[tuple[AgencyRuleEntry, ...], Field(min_length=1)]
    kinds: tuple[KindRuleEntry, ...] = ()
    priority: tuple[PriorityRuleEntry, ...] = ()

    def each(self) -> Iterator[tuple[Loc, RuleEntry]]:
        """Yield every rule with its place in the file."""
        for name in ("outside", "rules", "kinds", "priority"):
            yield from (((name, index), rule) for index, rule in enumerate(getattr(self, name)))


class ReasonEntry(PolicyModel):
    """Why something is not the city's matter, in both languages."""

    id: Short
    en: Short


class CategoryEntry(PolicyModel):
    """One category; see the head of the file."""

    code: Code
    name: Short
    aliases: tuple[Short, ...] = ()
    agency: Code | None = None
    outside: Code | None = None
    classification: Classification | None = None
    personal: bool = False


class MainCategoryEntry(CategoryEntry):
    """A main category with the entries below it."""

    entries: tuple[CategoryEntry, ...] = ()


class CategoryFile(PolicyModel):
    """The shape of categories.yaml."""

    outside_reasons: dict[Code, ReasonEntry] = Field(default_factory=dict)
    categories: Annotated[tuple[MainCategoryEntry, ...], Field(min_length=1)]

    def each(self) -> Iterator[tuple[Loc, CategoryEntry]]:
        """Yield every category with its place in the file, main categories before their entries."""
        for index, main in enumerate(self.categories):
            yield ("categories", index), main
            for below, entry in enumerate(main.entries):
                yield ("categories", index, "entries", below), entry


def faults_of_routing(held: RoutingFile, source: Source, agencies: Collection[str]) -> list[PolicyFault]:
    """Return what only a look at several lines reveals: ids given twice, unknown agencies, rules that never hold."""
    faults = [
        source.fault(("rules", index, "agency"), unknown("agency", rule.agency, agencies, AGENCIES_FILE))
        for index, rule in enumerate(held.rules)
        if rule.agency not in (*agencies, DISTRICT_OFFICE)
    ]
    if held.outside and NATIONAL_ADMIN not in agencies:
        faults.append(source.fault(("outside",), unknown("agency", NATIONAL_ADMIN, agencies, AGENCIES_FILE)))
    first: dict[str, int] = {}
    for loc, rule in held.each():
        if rule.id in first:
            sentence = f"the rule `{rule.id}` is given twice, first on line {first[rule.id]}"
            faults.append(source.fault((*loc, "id"), sentence))
        first.setdefault(rule.id, source.line_of(loc))
        if not (rule.any or rule.all or rule.at) or not all(rule.all):
            faults.append(
                source.fault(loc, f"the rule `{rule.id}` needs phrases in `any`, `at` or every group of `all`")
            )
        faults += [
            source.fault((*loc, *place), f"`{phrase}` must be 1 to {PHRASE_WORDS_MAX} words")
            for place, phrase in rule.phrases
            if not 1 <= len(words_of(phrase)) <= PHRASE_WORDS_MAX
        ]
    return faults + _faults_of_spellings(held, source)


def _faults_of_spellings(held: RoutingFile, source: Source) -> list[PolicyFault]:
    faults = []
    usual: dict[tuple[str, ...], str] = {}
    for form, others in held.spellings.items():
        for index, written in enumerate(others):
            words = tuple(words_of(written))
            if not words or not words_of(form):
                faults.append(source.fault(("spellings", form, index), f"`{form}: {written}` holds no word"))
            elif usual.setdefault(words, form) != form:
                sentence = f"`{written}` is written for `{usual[words]}` and for `{form}`"
                faults.append(source.fault(("spellings", form, index), sentence))
    return faults


def faults_of_categories(held: CategoryFile, source: Source, agencies: Collection[str]) -> list[PolicyFault]:
    """Return a fault for every code given twice, unknown agency and unknown reason."""
    faults = []
    first: dict[str, int] = {}
    for loc, entry in held.each():
        if entry.code in first:
            sentence = f"the category `{entry.code}` is given twice, first on line {first[entry.code]}"
            faults.append(source.fault((*loc, "code"), sentence))
        first.setdefault(entry.code, source.line_of(loc))
        if entry.agency is not None and entry.agency not in (*agencies, DISTRICT_OFFICE):
            faults.append(source.fault((*loc, "agency"), unknown("agency", entry.agency, agencies, AGENCIES_FILE)))
        if entry.outside is not None and entry.outside not in held.outside_reasons:
            sentence = unknown("reason", entry.outside, held.outside_reasons, "outside_reasons")
            faults.append(source.fault((*loc, "outside"), sentence))
        if entry.agency is not None and entry.outside is not None:
            faults.append(source.fault((*loc, "outside"), f"`{entry.code}` has an agency and lies outside, too"))
    return faults
