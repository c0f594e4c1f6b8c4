"""What routing hears and which rule decides; never a rule itself."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Self

from prometheus_client import Counter

from services.routing.candidate_search import CandidateSearch
from services.routing.domain.agency_choice.prediction import NO_MODEL, NOT_ASKED, MaybePrediction, TextModel
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.decide import LookedUp, decide
from services.routing.domain.duplicates.candidates import NO_CANDIDATES, Candidates, find_candidates
from services.routing.domain.lifecycle import early_updates
from services.routing.domain.lifecycle.commands import refuse_unreadable
from services.routing.domain.lifecycle.opening import questions
from services.routing.domain.ticket.state import Filed, State
from services.routing.duplicate_search import SimilarReports, new_complaints, searches_of
from services.routing.listings import RememberedListings
from services.routing.neighbours import Neighbours, NoNeighbours
from shared import topics
from shared.delivery.ports import Record
from shared.events import (
    Applied,
    Arrival,
    Decision,
    Event,
    Fact,
    Ignored,
    Refused,
    TicketRouted,
    TriageRequested,
    UnreadableEvent,
    UpdateRefused,
)
from shared.policy.retention import Retention
from shared.process import metrics
from shared.senders import owner_of
from shared.values import replace

COUNTERS_REMEMBERED_MAX = 1_024


class RoutingHandler:
    """Complaints, updates and clocks in; the ticket's history out.

    Args:
        policy: The city's rules; may be replaced between two batches.
        model: Asked about every new report, for where the rules leave it open; None for none.
        predictions: What it makes of the reports of the batch at hand, by ticket.
        neighbours: Where open tickets are found that new reports may join; None to look in the batch alone.
        clock: Seconds that only grow.
    """

    service = "routing"
    topics = (
        topics.ACCEPTED,
        topics.UPDATES,
        topics.LINKS,
        topics.QUESTIONS,
        topics.FOR_ROUTING,
        topics.WARNINGS,
        topics.BREACHES,
        topics.replay_topic("routing"),
    )
    keeps_answers = False

    def __init__(
        self,
        policy: RoutingPolicy,
        model: TextModel | None = None,
        predictions: Mapping[str, MaybePrediction] | None = None,
        neighbours: Neighbours | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.policy = policy
        self.retention: Retention | None = None
        self.model = model
        self.predictions = predictions or {}
        self.neighbours = neighbours or NoNeighbours()
        self.candidate_search = CandidateSearch(self.neighbours, clock)
        self.listings = RememberedListings(self.neighbours, clock)
        self.similar_reports = SimilarReports(self.neighbours, self.listings)
        self.candidates: Mapping[str, Candidates] = {}

    def use_policy(self, policy: RoutingPolicy) -> None:
        """Decide by *policy* from now on."""
        self.policy = policy

    @property
    def repeats_within(self) -> timedelta | None:
        """Return after which time no applied event is repeated."""
        return self.retention.applied_ids if self.retention else None

    async def prefetch(self, early_updates: Sequence[tuple[State | None, Event]]) -> Self:
        """Return the same rules, knowing the candidate duplicates of new reports, and what the model predicts."""
        informed = copy(self)
        asked = {} if self.model is None else questions(self.policy, early_updates)
        if self.model is not None and asked:
            predictions = await asyncio.to_thread(self.model.suggest, list(asked.values()))
            informed.predictions = dict(zip(asked, predictions, strict=True))
        complaints = new_complaints(early_updates)
        searches = searches_of(self.policy, complaints.values())
        found = find_candidates(self.policy.clusters, searches, await self.candidate_search.of(searches))
        similar = await self.similar_reports.of(complaints.values())
        informed.candidates = {
            ticket: replace(found.get(ticket, NO_CANDIDATES), similar=similar.get(ticket, ())) for ticket in complaints
        }
        return informed

    def prediction_on(self, ticket_id: str) -> MaybePrediction:
        """Return what the model makes of a ticket's report, or why it was not asked."""
        return self.predictions.get(ticket_id, NO_MODEL if self.model is None else NOT_ASKED)

    def hears(self, kind: str) -> bool:
        """Return True: nothing comes on these topics that routing can do without."""
        return True

    def key_of(self, event: Event) -> str:
        """Return the ticket that *event* concerns; every event on these topics names one."""
        ticket_id: str = getattr(event.data, "ticket_id")  # noqa: B009  # the catalogue's common type knows no field
        return ticket_id

    def decide(self, state: State | None, event: Event, arrival: Arrival) -> Decision[State]:
        """Return what follows from *event*."""
        ticket = self.key_of(event)
        known = LookedUp(self.prediction_on(ticket), self.candidates.get(ticket, NO_CANDIDATES))
        decision = decide(state, event, arrival, self.policy, known=known)
        if isinstance(decision, Applied) and isinstance(decision.state, Filed):
            self.candidate_search.note(decision.state, arrival.now)
            self.listings.note(decision.state)
        _count_history(decision.facts)
        return decision

    def refuse(self, record: Record, arrival: Arrival, fault: UnreadableEvent) -> Refused:
        """Return the answer to an update that cannot be read, for who may write its topic.

        The record is kept in any case, without what holds an identity.
        """
        if topics.family_of(arrival.topic) != topics.UPDATES:
            return Refused()
        facts = refuse_unreadable(self.policy, fault, owner_of(arrival.topic), arrival.arrived_at)
        _count_history(facts)
        return Refused(facts, mask=self.policy.masker.mask_code)

    def due_at(self, state: State) -> datetime | None:
        """Return when an update has waited long enough for its complaint; a ticket's clocks are sla's."""
        return early_updates.due_at(self.policy.early_updates, state)

    def expires_at(self, state: State) -> datetime | None:
        """Return from when on a ticket is forgotten of which only updates were heard; None for any other.

        What is known of a ticket leaves the collection only once it stands in the archive.
        """
        return early_updates.expires_at(self.policy.early_updates, state)

    def tick(self, state: State, now: datetime) -> Applied[State] | Ignored[State]:
        """Return the answers to updates that have waited in vain up to *now*."""
        decision = early_updates.end_waits(self.policy, state, now)
        _count_history(decision.facts)
        return decision


def _count_history(facts: Iterable[Fact]) -> None:
    """Count decisions and refusals; one that is made again, after an outage or a lost save, is counted again."""
    for fact in facts:
        data, is_history = fact.data, fact.topic == topics.TICKETS
        if is_history and isinstance(data, TicketRouted):
            _routed(data.agency, data.decided_by.value).inc()
        elif is_history and isinstance(data, TriageRequested):
            _routed("none", "triage").inc()
        elif not is_history and isinstance(data, UpdateRefused):
            metrics.UPDATES_REFUSED.labels(data.code).inc()


# Finding the counter of labels takes longer than counting.
@lru_cache(COUNTERS_REMEMBERED_MAX)
def _routed(agency: str, decided_by: str) -> Counter:
    return metrics.ROUTED.labels(agency, decided_by)
