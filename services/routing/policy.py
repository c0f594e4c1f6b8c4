"""Turns routing.yaml, categories.yaml and the agency directory into the rules of routing; decides nothing itself."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from services.routing.domain.agency_choice.rules import (
    NATIONAL_ADMIN,
    AgencyRule,
    Category,
    Condition,
    EarlyUpdates,
    KindRule,
    OverridePolicy,
    PriorityRule,
    RoutingPolicy,
    Rule,
    Rulebook,
)
from services.routing.domain.duplicates.similarity import ClusterRules
from services.routing.domain.text.phrases import Phrase, Phrasebook
from services.routing.domain.text.stems import bare
from services.routing.policy_files import (
    CATEGORIES_FILE,
    ROUTING_FILE,
    CategoryEntry,
    CategoryFile,
    ClustersEntry,
    OverrideEntry,
    RoutingFile,
    RuleEntry,
    faults_of_categories,
    faults_of_routing,
)
from shared.policy.agencies import load_agencies
from shared.policy.loading import PolicyInvalid, load_sourced, version_of
from shared.text import name_key, words_of


def load_routing(policy_dir: Path) -> RoutingPolicy:
    """Return the routing policy below *policy_dir*.

    Raises:
        PolicyInvalid: With every fault of the three files, or of the first of them that cannot be read at all.
    """
    agencies = load_agencies(policy_dir)
    rules, rules_source = load_sourced(policy_dir / ROUTING_FILE, RoutingFile)
    categories, categories_source = load_sourced(policy_dir / CATEGORIES_FILE, CategoryFile)
    faults = [
        *faults_of_routing(rules, rules_source, agencies.codes),
        *faults_of_categories(categories, categories_source, agencies.codes),
    ]
    if faults:
        raise PolicyInvalid(faults)
    return RoutingPolicy(
        version=version_of(policy_dir),
        agencies={agency.code: agency.name for agency in agencies.agencies},
        rulebook=_rulebook_of(rules),
        districts={agency.kecamatan: agency.code for agency in agencies.agencies if agency.kecamatan},
        categories=_categories_of(categories),
        requested=_override_of(rules.requested),
        category=_override_of(rules.category),
        threshold=rules.keywords.threshold,
        margin=rules.keywords.margin,
        model_accept=rules.model.accept,
        model_precision_min=rules.model.precision_min,
        suggestions_max=rules.keywords.suggestions_max,
        try_suggested=rules.returns.try_suggested,
        hops_max=rules.returns.hops_max,
        reopen_within=rules.disputes.reopen_within,
        early_updates=EarlyUpdates(
            wait_for=timedelta(hours=rules.early_updates.wait_hours),
            remember_for=timedelta(days=rules.early_updates.remember_days),
        ),
        clusters=_clusters_of(rules.clusters, _spellings_of(rules)),
    )


def _rulebook_of(file: RoutingFile) -> Rulebook:
    spellings = _spellings_of(file)
    speller = Phrasebook(spellings, frozenset())

    def condition(entry: RuleEntry) -> Condition:
        def phrases(texts: tuple[str, ...]) -> frozenset[Phrase]:
            return frozenset(speller.usual(words_of(text)) for text in texts)

        return Condition(
            any=phrases(entry.any), all=tuple(map(phrases, entry.all)), at=phrases(entry.at), none=phrases(entry.none)
        )

    outside = [
        AgencyRule(rule.id, condition(rule), NATIONAL_ADMIN, rule.weight, rule.reason_id, rule.reason_en)
        for rule in file.outside
    ]
    rules = [AgencyRule(rule.id, condition(rule), rule.agency, rule.weight) for rule in file.rules]
    kinds = [KindRule(rule.id, condition(rule), rule.classification) for rule in file.kinds]
    levels = [PriorityRule(rule.id, condition(rule), rule.level) for rule in file.priority]
    every: list[Rule] = [*outside, *rules, *kinds, *levels]
    return Rulebook(tuple(every), spellings)


def _spellings_of(file: RoutingFile) -> dict[Phrase, Phrase]:
    return {
        tuple(words_of(written)): tuple(words_of(form)) for form, others in file.spellings.items() for written in others
    }


def _clusters_of(entry: ClustersEntry, spellings: Mapping[Phrase, Phrase]) -> ClusterRules:
    speller = Phrasebook(spellings, frozenset())

    def words(texts: Iterable[str]) -> frozenset[str]:
        return frozenset(word for text in texts for word in speller.usual(words_of(text)))

    return ClusterRules(
        accept=entry.accept,
        within=timedelta(days=entry.within_days),
        near_metres=entry.near_metres,
        apart_metres_max=entry.apart_metres_max,
        members_max=entry.members_max,
        alike_min=entry.alike_min,
        unheard=words(entry.unheard),
        faint=words(entry.faint),
        kinds_of_place=words(entry.kinds_of_place),
        numbered_places=words(entry.numbered_places),
        sides=words(entry.sides),
        titles=words(entry.titles),
        prepositions=words(entry.prepositions),
        measures=words(entry.measures),
        troubles={bare(word): sort for sort, others in entry.troubles.items() for word in words((sort, *others))},
        papers=words(entry.papers),
        selves=words(entry.selves),
        alike_elsewhere_min=entry.alike_elsewhere_min,
        meant={word: form for form, others in entry.meant.items() for word in words(others)},
        personal=frozenset(speller.usual(words_of(phrase)) for phrase in entry.personal),
    )


def _categories_of(file: CategoryFile) -> Mapping[str, Category]:
    """Return the categories by code, name and alias, in lower case.

    A name that LAPOR! gives to several entries says only what they have in common; the rest is left to the text.
    """
    found: dict[str, Category] = {}
    for _, entry in file.each():
        category = category_of(entry, file)
        found[entry.code] = category
        for name in (entry.name, *entry.aliases):
            key = name_key(name)
            found[key] = _common(found[key], category) if key in found else category
    return found


def category_of(entry: CategoryEntry, file: CategoryFile) -> Category:
    """Return a category with the reason why it is not the city's, if it is not."""
    if entry.outside is None:
        return Category(entry.code, entry.agency, entry.classification, personal=entry.personal)
    reason = file.outside_reasons[entry.outside]
    return Category(entry.code, NATIONAL_ADMIN, entry.classification, reason.id, reason.en, entry.personal)


def _common(one: Category, other: Category) -> Category:
    return Category(
        one.code,
        one.agency if one.agency == other.agency else None,
        one.classification if one.classification is other.classification else None,
        one.reason_id if one.reason_id == other.reason_id else None,
        one.reason_en if one.reason_en == other.reason_en else None,
        one.personal or other.personal,
    )


def _override_of(entry: OverrideEntry) -> OverridePolicy:
    return OverridePolicy(entry.accept, entry.overruled_at, entry.overruled_by)
