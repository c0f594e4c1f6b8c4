"""Reads what routing decides by, of five files and the agencies: their shape, what can be wrong, what they mean.

The defaults of all settings stand here and in `clusters`; the values of the domain have none.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from services.routing.domain.agency_choice.rules import (
    TRACKING_ID,
    AgencySeal,
    EarlyUpdates,
    OverridePolicy,
    RoutingPolicy,
)
from services.routing.policy.categories import CATEGORIES_FILE, CategoryFile, faults_of_categories
from services.routing.policy.clusters import ClustersEntry
from services.routing.policy.officers import OFFICERS_FILE, OfficerFile, faults_of_officers
from services.routing.policy.rules import RuleSections, faults_of_rules
from services.routing.policy.sensitive import SENSITIVE_FILE, SensitiveFile, faults_of_sensitive
from shared.events import SealedText
from shared.policy.agencies import load_agencies
from shared.policy.identities import load_identities
from shared.policy.loading import PolicyInvalid, PolicyModel, load_sourced, version_of
from shared.policy.zones import ZoneName
from shared.seal import Sealer

ROUTING_FILE = "routing.yaml"

Points = Annotated[int, Field(ge=1, le=100)]


def _ticket_link(link: str) -> str:
    """Return *link*; raise ValueError if it is no link of https in which only the tracking id is left open."""
    before, placeholder, after = link.partition(TRACKING_ID)
    if not placeholder:
        raise ValueError(f"`{link}` has no place for the tracking id, such as https://lapor.example/t/{TRACKING_ID}")
    if not re.fullmatch(r"https://[^/\s{}]+\.[^/\s{}]+/[^\s{}]*", before) or re.search(r"[\s{}]", after):
        raise ValueError(f"`{link}` is no link of https with {TRACKING_ID} as its only placeholder")
    return link


TicketLink = Annotated[str, Field(max_length=500), AfterValidator(_ticket_link)]


class OverrideEntry(PolicyModel):
    """How far a choice is followed; the figures are points."""

    accept: bool = True
    overruled_at: Points
    overruled_by: Points

    @property
    def value(self) -> OverridePolicy:
        """Return what it means."""
        return OverridePolicy(self.accept, self.overruled_at, self.overruled_by)


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


class EarlyUpdatesEntry(PolicyModel):
    """How long updates wait for a complaint that has not come, and how long it is known that they did so in vain."""

    wait_hours: Annotated[int, Field(ge=1, le=720)] = 24
    remember_days: Annotated[int, Field(ge=1, le=365)] = 7

    @property
    def value(self) -> EarlyUpdates:
        """Return what it means."""
        return EarlyUpdates(timedelta(hours=self.wait_hours), timedelta(days=self.remember_days))


class RoutingFile(RuleSections):
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
    link: TicketLink | None = None
    zone: ZoneName = "Asia/Jakarta"


def seal_of(public_key: str) -> AgencySeal:
    """Return what seals for the agency with this key, ``id:base64``; raise ContactKeysInvalid."""
    sealer = Sealer.from_text(public_key)

    def seal(ticket: str, text: str) -> SealedText:
        sealed, key_id = sealer.seal(ticket, text.encode())
        return SealedText(sealed=sealed, key_id=key_id)

    return AgencySeal(sealer.current, seal)


def load_routing(policy_dir: Path) -> RoutingPolicy:
    """Return the routing policy below *policy_dir*.

    Raises:
        PolicyInvalid: With every fault of its own files, or of the first of them that cannot be read at all.
    """
    agencies = load_agencies(policy_dir)
    rules, rules_source = load_sourced(policy_dir / ROUTING_FILE, RoutingFile)
    categories, categories_source = load_sourced(policy_dir / CATEGORIES_FILE, CategoryFile)
    officers, officers_source = load_sourced(policy_dir / OFFICERS_FILE, OfficerFile)
    sensitive, sensitive_source = load_sourced(policy_dir / SENSITIVE_FILE, SensitiveFile)
    faults = [
        *faults_of_officers(officers, officers_source, agencies.codes),
        *faults_of_rules(rules, rules_source, agencies.codes),
        *faults_of_categories(categories, categories_source, agencies.codes),
        *faults_of_sensitive(sensitive, sensitive_source, agencies.codes, officers.value(), OFFICERS_FILE),
    ]
    if faults:
        raise PolicyInvalid(faults)
    speller = rules.speller()
    return RoutingPolicy(
        version=version_of(policy_dir),
        agencies={agency.code: agency.name for agency in agencies.agencies},
        officers=officers.value(),
        rulebook=rules.rulebook(speller),
        districts={agency.kecamatan: agency.code for agency in agencies.agencies if agency.kecamatan},
        categories=categories.value(),
        requested=rules.requested.value,
        category=rules.category.value,
        threshold=rules.keywords.threshold,
        margin=rules.keywords.margin,
        model_accept=rules.model.accept,
        model_precision_min=rules.model.precision_min,
        suggestions_max=rules.keywords.suggestions_max,
        try_suggested=rules.returns.try_suggested,
        hops_max=rules.returns.hops_max,
        reopen_within=timedelta(days=rules.disputes.reopen_within_days),
        early_updates=rules.early_updates.value,
        clusters=rules.clusters.value(speller),
        masker=load_identities(policy_dir),
        seals={agency.code: seal_of(agency.public_key) for agency in agencies.agencies if agency.public_key},
        link=rules.link,
        zone=ZoneInfo(rules.zone),
        sensitive=sensitive.value(),
    )
