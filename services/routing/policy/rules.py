"""The rules of routing.yaml and the spellings of their phrases: their shape, their faults and what they mean."""

from collections.abc import Collection, Iterator
from typing import Annotated

from pydantic import Field

from services.routing.domain.agency_choice.rules import (
    DISTRICT_OFFICE,
    NATIONAL_ADMIN,
    AgencyRule,
    Condition,
    KindRule,
    PriorityRule,
    Rulebook,
)
from shared.events import Classification, Code, Priority
from shared.events.base import Short
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.loading import Loc, PolicyFault, PolicyModel, Source, unknown
from shared.text import words_of
from shared.text.phrases import Phrase, Phrasebook

PHRASE_WORDS_MAX = 6

RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
Weight = Annotated[int, Field(ge=1, le=10)]


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

    def condition(self, speller: Phrasebook) -> Condition:
        """Return when the rule holds, its phrases in the usual form."""

        def usual(texts: tuple[str, ...]) -> frozenset[Phrase]:
            return frozenset(speller.usual(words_of(text)) for text in texts)

        return Condition(any=usual(self.any), all=tuple(map(usual, self.all)), at=usual(self.at), none=usual(self.none))


class AgencyRuleEntry(RuleEntry):
    """Words that speak for an agency, or for the district office of the place."""

    agency: Code
    weight: Weight

    def value(self, speller: Phrasebook) -> AgencyRule:
        """Return the rule, its phrases in the usual form."""
        return AgencyRule(self.id, self.condition(speller), self.agency, self.weight)


class OutsideRuleEntry(RuleEntry):
    """Words that show that it lies outside the city's authority, and the reason for the reporter."""

    weight: Weight
    reason_id: Short
    reason_en: Short

    def value(self, speller: Phrasebook) -> AgencyRule:
        """Return the rule, its phrases in the usual form."""
        condition = self.condition(speller)
        return AgencyRule(self.id, condition, NATIONAL_ADMIN, self.weight, self.reason_id, self.reason_en)


class KindRuleEntry(RuleEntry):
    """Words that show what kind of report it is."""

    classification: Classification

    def value(self, speller: Phrasebook) -> KindRule:
        """Return the rule, its phrases in the usual form."""
        return KindRule(self.id, self.condition(speller), self.classification)


class PriorityRuleEntry(RuleEntry):
    """Words that show that it cannot wait."""

    level: Priority

    def value(self, speller: Phrasebook) -> PriorityRule:
        """Return the rule, its phrases in the usual form."""
        return PriorityRule(self.id, self.condition(speller), self.level)


AnyRuleEntry = OutsideRuleEntry | AgencyRuleEntry | KindRuleEntry | PriorityRuleEntry


class RuleSections(PolicyModel):
    """The sections of routing.yaml that hold rules and spellings."""

    spellings: dict[Short, tuple[Short, ...]] = Field(default_factory=dict)
    outside: tuple[OutsideRuleEntry, ...] = ()
    rules: Annotated[tuple[AgencyRuleEntry, ...], Field(min_length=1)]
    kinds: tuple[KindRuleEntry, ...] = ()
    priority: tuple[PriorityRuleEntry, ...] = ()

    def each(self) -> Iterator[tuple[Loc, AnyRuleEntry]]:
        """Yield every rule with its place in the file."""
        for name in ("outside", "rules", "kinds", "priority"):
            yield from (((name, index), rule) for index, rule in enumerate(getattr(self, name)))

    def speller(self) -> Phrasebook:
        """Return what brings phrases to their usual form."""
        return Phrasebook(
            {
                tuple(words_of(written)): tuple(words_of(form))
                for form, others in self.spellings.items()
                for written in others
            },
            frozenset(),
        )

    def rulebook(self, speller: Phrasebook) -> Rulebook:
        """Return all rules, in the order of the sections."""
        return Rulebook(tuple(rule.value(speller) for _, rule in self.each()), speller.spellings)


def faults_of_rules(held: RuleSections, source: Source, agencies: Collection[str]) -> list[PolicyFault]:
    """Return what only a look at several lines reveals: ids given twice, unknown agencies, rules that never hold."""
    faults = [
        source.fault(("rules", index, "agency"), unknown("agency", rule.agency, agencies, AGENCIES_FILE))
        for index, rule in enumerate(held.rules)
        if rule.agency not in (*agencies, DISTRICT_OFFICE)
    ]
    if held.outside and NATIONAL_ADMIN not in agencies:
        faults.append(source.fault(("outside",), unknown("agency", NATIONAL_ADMIN, agencies, AGENCIES_FILE)))
    faults += source.given_twice((f"the rule `{rule.id}`", (*loc, "id")) for loc, rule in held.each())
    for loc, rule in held.each():
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


def _faults_of_spellings(held: RuleSections, source: Source) -> list[PolicyFault]:
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
