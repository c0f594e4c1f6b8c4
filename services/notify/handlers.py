"""Connects the topics that notify reads to its rules."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from prometheus_client import Counter

from services.notify.domain.contact_audit import last_needed_at
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.decide import concerns_notify, decide, document_of, tell_channel
from services.notify.domain.deliveries import Sending
from services.notify.domain.exports import answer
from services.notify.domain.notices import Rules
from services.notify.domain.outcomes import Deferred, Outcome, Postponed, Setback
from services.notify.domain.receipts import Early, Receipt, receive
from services.notify.domain.repair import repair
from services.notify.domain.sending.attempts import NO_HOUSE, House, conclude, tick
from services.notify.exporter import Exporter
from shared import topics
from shared.delivery.ports import Record
from shared.events import (
    Applied,
    Arrival,
    Decision,
    DeliveryFact,
    Event,
    ExportRequested,
    Fact,
    Ignored,
    NoticeRequest,
    Refused,
    TicketStatusChanged,
    UnreadableEvent,
)
from shared.policy.retention import Retention
from shared.process import metrics
from shared.seal import Opener


class NotifyHandler:
    """The rules of notify, as the runner, the time loop and the sender call them.

    Args:
        rules: The city's policy; may be replaced between two batches, but for which channels are called.
        exporter: Seals what is held of a reporter for the officer who asks; None for one that can open no contact.
        house: Takes what leaves the house by no gateway.
    """

    service = "notify"
    topics: tuple[str, ...] = (
        topics.CONTACTS, topics.REQUESTS, topics.ACCEPTED, topics.TICKETS, topics.SLA, topics.WARNINGS, topics.BREACHES,
        topics.replay_topic("notify"),
    )  # fmt: skip
    keeps_answers = False

    def __init__(self, rules: Rules, exporter: Exporter | None = None, house: House = NO_HOUSE) -> None:
        self.rules = rules
        # Read once: the group is joined with them.
        self.topics = (*type(self).topics, *map(topics.status_topic, sorted(rules.called)))
        self.house = house
        self.exporter = exporter or Exporter(Opener({}))
        self.retention: Retention | None = None

    @property
    def repeats_within(self) -> timedelta | None:
        """Return after which time no applied event is repeated."""
        return self.retention.applied_ids if self.retention else None

    def use_policy(self, rules: Rules) -> None:
        """Decide by *rules* from now on."""
        self.rules = rules

    def hears(self, kind: str) -> bool:
        """Return whether it says something new to notify, or there is a notice for it."""
        return concerns_notify(kind, self.rules)

    def key_of(self, event: Event) -> str:
        """Return the ticket id; for a part that of the whole."""
        return document_of(event)

    def decide(self, state: Correspondence | None, event: Event, arrival: Arrival) -> Decision[Correspondence]:
        """Return the projection after an event and the deliveries that it causes; or the answer to an export."""
        if isinstance(event.data, ExportRequested):
            return answer(state or Correspondence(document_of(event)), event.data, arrival, self.exporter.seal)
        decision: Decision[Correspondence]
        if isinstance(event.data, TicketStatusChanged):
            channel = topics.member_of(arrival.topic)
            return tell_channel(state, event, event.data, channel, arrival, self.rules)
        if isinstance(event.data, NoticeRequest):
            decision = repair(state, event, event.data, arrival, self.rules, house=self.house)
        else:
            decision = decide(state, event, arrival, self.rules, house=self.house)
        _count_notices(decision.facts)
        return decision

    def refuse(self, record: Record, arrival: Arrival, fault: UnreadableEvent) -> Refused:
        """Return no answer: what is no event on our own topics goes to the dead letters."""
        return Refused()

    def due_at(self, state: Correspondence) -> datetime | None:
        """Return when the first delivery needs attention."""
        if not state.deliveries:
            return None
        instants = [at for delivery in state.deliveries if (at := delivery.attention_at)]
        return min(instants) if instants else None

    def expires_at(self, state: Correspondence) -> datetime | None:
        """Return from when on nobody asks for a ticket that has ended; None for one that has not."""
        has_ended = state.ended_at is not None
        return self.retention.dropped_at(last_needed_at(state)) if has_ended and self.retention else None

    def tick(self, state: Correspondence, now: datetime) -> Applied[Correspondence]:
        """Return what has come due; what is to leave the house is leased to whoever saves this decision."""
        decision = tick(state, self.rules, now, self.house)
        _count_notices(decision.facts)
        return decision

    def conclude(
        self, state: Correspondence, delivery_id: str, lease: Sending, outcome: Outcome, now: datetime
    ) -> Applied[Correspondence] | Ignored[Correspondence]:
        """Return what follows from how the attempt to send under *lease* ended."""
        decision = conclude(state, delivery_id, lease, outcome, self.rules, now)
        _count_notices(decision.facts)
        if isinstance(outcome, Postponed):
            metrics.NOTICES_POSTPONED.labels(outcome.why).inc()
        return decision

    def receive(
        self, state: Correspondence, receipt: Receipt, now: datetime
    ) -> Applied[Correspondence] | Ignored[Correspondence] | Early:
        """Return what follows from a provider's receipt."""
        decision = receive(state, receipt, now)
        if isinstance(decision, Applied):
            _count_notices(decision.facts)
        return decision


def _count_notices(facts: Iterable[Fact]) -> None:
    """Count how deliveries ended; a decision that is made again, after an outage or a lost save, is counted again."""
    for fact in facts:
        if isinstance(fact.data, DeliveryFact):
            _counter(fact.data.agency or "none", fact.data.channel, fact.data.TYPE).inc()


@lru_cache(maxsize=1024)  # looking a counter up takes longer than counting
def _counter(agency: str, channel: str, kind: str) -> Counter:
    return metrics.NOTICES.labels(agency, channel, kind.split(".")[2])


def count_attempt(outcome: Outcome, first_channel: str) -> None:
    """Count an attempt by the channel that it ended on, and by outcome; without one, by the channel to begin with."""
    channel = getattr(outcome, "channel", first_channel)
    is_unasked = isinstance(outcome, Deferred) and outcome.setback is Setback.UNASKED
    metrics.NOTICE_ATTEMPTS.labels(
        channel, Setback.UNASKED.value if is_unasked else type(outcome).__name__.lower()
    ).inc()
