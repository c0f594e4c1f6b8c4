"""Idempotency: one record leads to the same facts, under the same ids, however often it is handled; does no I/O."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar, assert_never

import structlog

from shared.delivery.dead_letters import dead_letter, without_identities
from shared.delivery.documents.document import NOTHING_PUBLISHED, Answer, Document, Partition, Quarantined
from shared.delivery.guard import Bug, guarded, guarded_lookup
from shared.delivery.handler import Handler
from shared.delivery.outgoing import Cause, Outgoing, outgoing
from shared.delivery.reading import Addressed, Reading, Unreadable, applied_id
from shared.events.decision import Applied, Arrival, Decision, Ignored, Replayed, Untracked
from shared.events.envelope import Event
from shared.ids import record_id
from shared.process import metrics
from shared.senders import sender_of
from shared.topics import COMPACTED
from shared.values import replace

S = TypeVar("S")

log = structlog.get_logger()


def with_schedule(handler: Handler[S], document: Document[S]) -> Document[S]:
    """Return *document* with the instants at which its state is next due and at which it expires."""
    state = document.state
    due_at, expires_at = (None, None) if state is None else (handler.due_at(state), handler.expires_at(state))
    if due_at == document.due_at and expires_at == document.expires_at:
        return document
    return replace(document, due_at=due_at, expires_at=expires_at)


class BugDeadLetter(tuple[Outgoing]):
    """What goes out for a record at which a rule failed: the record itself, as a dead letter."""

    __slots__ = ()

    @property
    def error(self) -> str:
        """Return the bug: class and place."""
        return dict(self[0].headers)["dlq-error"].decode()


class Decider(Generic[S]):
    """One service's rules, applied so that a bug in any of them costs one record."""

    def __init__(self, handler: Handler[S]) -> None:
        self.handler = handler
        # Asked once: what is left out costs nothing then.
        self.tells_decisions: bool = log.is_enabled_for(logging.INFO)

    async def prefetched(self, waiting: Sequence[tuple[S | None, Event]]) -> "Decider[S]":
        """Return the rules with what they need to decide about *waiting*; without it if a bug stopped the look-up.

        Raises:
            TransientError: It could not be looked up now.
        """
        # An `PrefetchingHandler`; whether it is one by all its methods takes longer to find out than most decisions.
        if not waiting or not hasattr(self.handler, "prefetch"):
            return self
        found = await guarded_lookup(partial(self.handler.prefetch, waiting))
        if isinstance(found, Bug):
            log.error("a look-up failed", service=self.handler.service, events=len(waiting), error=found.error)
            return self
        return Decider(found)

    def key_of(self, reading: Reading) -> str | BugDeadLetter:
        """Return the id of the document that a reading concerns, or the reading as a dead letter."""
        key = guarded(self.handler.key_of, reading.event)
        return self.bug(reading, key) if isinstance(key, Bug) else key

    def apply(
        self,
        document: Document[S],
        addressed: Addressed,
        attempt: int,
        published_offsets: Mapping[Partition, int] = NOTHING_PUBLISHED,
    ) -> tuple[Document[S], tuple[Outgoing, ...]]:
        """Return the document after a reading, and the events to publish."""
        reading, known_as = addressed.reading, addressed.known_as
        # Who gives answers again has erased the one that is missing, and decides once more what to say.
        if known_as in document.applied and not (self.handler.keeps_answers and document.applied[known_as] is None):
            log.debug("applied before", event_id=reading.event.id, ticket_id=document.id)
            # A replayed dead letter lies elsewhere than the record that was applied, and its answer may never have
            # been published: its document was quarantined in between.
            is_owed = self.handler.keeps_answers or document.answers(known_as, reading.origin)
            return document, document.answer_to(known_as) if is_owed else ()
        arrival = replace(reading.arrival, attempt=attempt) if attempt else reading.arrival
        decided = guarded(self.decide, document, addressed, arrival, published_offsets)
        return (document, self.bug(reading, decided)) if isinstance(decided, Bug) else decided

    def decide(
        self,
        document: Document[S],
        addressed: Addressed,
        arrival: Arrival,
        published_offsets: Mapping[Partition, int] = NOTHING_PUBLISHED,
    ) -> tuple[Document[S], tuple[Outgoing, ...]]:
        """Return the document after an event that is new to it, and the events to publish."""
        event, record = addressed.reading.event, addressed.reading.record
        decision = self.handler.decide(document.state, event, arrival)
        if self.tells_decisions:
            self._log_decision(document.id, event, decision)
        match decision:
            case Applied() | Ignored():
                if decision.state is None:
                    return document, ()
                events: tuple[Outgoing, ...] = ()
                answer = None
                if decision.facts:
                    cause = Cause(addressed.known_as, event.id, event.traceparent)
                    events = outgoing(self.handler.service, document.id, cause, decision.facts, arrival.now)
                    answer = Answer(record.topic, record.partition, record.offset, events)
                if isinstance(decision, Applied) and decision.erases:
                    document = document.erased(published_offsets, arrival.now)
                within = self.handler.repeats_within
                lately = document if within is None else document.without_expired(arrival.now, within)
                return with_schedule(self.handler, lately.apply(addressed.known_as, answer, decision.state)), events
            case Untracked(facts):
                # Handled again at another time, or replayed, it must give the same bytes: so place and time are those
                # at which the record first lay, not those of a replay or of this moment.
                cause = Cause(record_id(arrival.topic, arrival.partition, arrival.offset), event.id, event.traceparent)
                return document, outgoing(self.handler.service, document.id, cause, facts, arrival.arrived_at)
            case Replayed(event_id):
                # Of a compacted topic the last word stays, and a repeat may come after a later one.
                said = document.answer_to(applied_id(event_id, arrival.topic, document.id))
                return document, tuple(event for event in said if event.topic not in COMPACTED)
            case _:
                assert_never(decision)

    def _log_decision(self, ticket_id: str, event: Event, decision: Decision[S]) -> None:
        """Log what was decided: types and ids only, never a text or an address."""
        log.info(
            "decided", event_id=event.id, type=event.type, ticket_id=ticket_id,
            outcome=type(decision).__name__.lower(),
            facts=[fact.data.TYPE for fact in decision.facts],
            ignored_because=decision.because if isinstance(decision, Ignored) else None,
        )  # fmt: skip

    def refuse(self, reading: Unreadable) -> tuple[Outgoing, ...]:
        """Return the answer to a record that is no event."""
        answered = guarded(self.answer_to, reading)
        return self.bug(reading, answered) if isinstance(answered, Bug) else answered

    def answer_to(self, reading: Unreadable) -> tuple[Outgoing, ...]:
        """Return the events about a record that is no event, and the record itself where it is kept."""
        record, arrival, fault = reading.record, reading.arrival, reading.fault
        refused = self.handler.refuse(record, arrival, fault)
        cause = Cause(record_id(arrival.topic, arrival.partition, arrival.offset), None)
        events = outgoing(self.handler.service, None, cause, refused.facts, arrival.arrived_at)
        code = fault.reasons[0].code
        if code == "forged_source":
            metrics.FORGED_SOURCES.labels(self.handler.service, arrival.topic).inc()
            # Of what it claims only the kind of sender: the rest is anybody's text, and may name somebody.
            claimed = sender_of(fault.hints.get("source", ""))
            log.warning("forged source", topic=arrival.topic, claimed=claimed.role if claimed else "nobody")
        log.info("refused", topic=record.topic, partition=record.partition, offset=record.offset, code=code)
        if not refused.keep:
            return events
        error = str(fault)
        if refused.mask is not None:
            reading = replace(reading, record=without_identities(record, refused.mask))
            error = refused.mask(error)
        return (*events, self.as_dead_letter(reading, code, error))

    def bug(self, reading: Reading | Unreadable, bug: Bug) -> BugDeadLetter:
        """Return a reading at which a rule failed as a dead letter."""
        record = reading.record
        log.error(
            "a rule failed", topic=record.topic, partition=record.partition, offset=record.offset, error=bug.error
        )
        return BugDeadLetter((self.as_dead_letter(reading, "bug", bug.error),))

    def quarantined(self, reading: Reading, document: Quarantined) -> Outgoing:
        """Return a reading as a dead letter that waits for its document; that is no fault of a rule."""
        return self.as_dead_letter(reading, document.reason.value, document.error, document.id)

    def as_dead_letter(
        self, reading: Reading | Unreadable, reason: str, error: str, document_id: str | None = None
    ) -> Outgoing:
        """Return a reading as a dead letter; *document_id* if it waits for that document."""
        record = reading.record
        metrics.DEAD_LETTERS.labels(self.handler.service, reason).inc()
        log.warning("dead letter", topic=record.topic, partition=record.partition, offset=record.offset, reason=reason)
        return dead_letter(self.handler.service, record, reason, error, reading.arrival.now, document_id)
