"""Load, decide, save, publish, commit: once, for every service; never knows what is decided."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

import structlog

from shared import metrics
from shared.clock import Clock
from shared.delivery.dead_letters import TooManyDeadLetters, dead_letter
from shared.delivery.document import Answer, Document, Partition
from shared.delivery.guard import Bug, guarded
from shared.delivery.handler import Handler
from shared.delivery.outgoing import Cause, Outgoing, outgoing
from shared.delivery.ports import Batch, Publisher, Store, TransientError
from shared.delivery.reading import Reading, Unreadable, read
from shared.delivery.retry import retried
from shared.delivery.vitals import Observe, Step, Vitals, unobserved
from shared.events.decision import Decision
from shared.events.envelope import Event
from shared.ids import record_id

S = TypeVar("S")
ROUNDS_MAX = 20

log = structlog.get_logger()


class Dead(tuple[Outgoing]):
    """The one outgoing record of a reading that could not be handled."""

    __slots__ = ()


class BatchRunner(Generic[S]):
    """Handles batches so that a crash between any two steps leads to the same end.

    Redelivery finds the event applied and publishes the stored answer again, byte for byte; listeners drop repeats by
    event id. An outage is retried in place; a bug in a rule costs one record, which goes to the dead letters.
    """

    def __init__(
        self,
        handler: Handler[S],
        store: Store[S],
        publisher: Publisher,
        clock: Clock,
        *,
        vitals: Vitals | None = None,
        dead_letters_in_a_row_max: int = 100,
        observe: Observe = unobserved,
        jitter: random.Random | None = None,
    ) -> None:
        self.handler = handler
        self.store = store
        self.publisher = publisher
        self.clock = clock
        self.vitals = vitals or Vitals()
        self.dead_letters_in_a_row_max = dead_letters_in_a_row_max
        self.observe = observe
        self.jitter = jitter or random.Random()
        self.dead_in_a_row = 0

    async def handle(self, batch: Batch) -> None:
        """Return once the whole batch is handled and committed.

        Raises:
            TooManyDeadLetters: Nothing of this batch was published or committed.
        """
        self.vitals.handling_since = self.clock.now()
        await retried(lambda: self.attempt(batch), self.clock, self.vitals, self.jitter, "batch")
        self.vitals.handling_since = None
        self.vitals.progressed_at = self.clock.now()

    async def attempt(self, batch: Batch) -> None:
        """Handle the batch once; may be repeated after a failure at any point."""
        now = self.clock.now()
        readings = [read(index, record, now) for index, record in enumerate(batch.records)]
        answers = await self.decide_and_save(readings)
        dead_in_a_row = self.count_dead(answers)
        self.observe(Step.SAVED)
        await self.publisher.publish([event for answer in answers for event in answer])
        self.observe(Step.PUBLISHED)
        await batch.commit()
        self.dead_in_a_row = dead_in_a_row
        self.observe(Step.COMMITTED)

    async def decide_and_save(self, readings: Sequence[Reading | Unreadable]) -> list[tuple[Outgoing, ...]]:
        """Return the answer to each reading, in order, all of them saved."""
        answers: list[tuple[Outgoing, ...]] = [()] * len(readings)
        floors = first_offsets(readings)
        todo: dict[str, list[Reading]] = defaultdict(list)
        for reading in readings:
            if isinstance(reading, Unreadable):
                answers[reading.index] = self.refuse(reading)
            else:
                todo[self.handler.key_of(reading.event)].append(reading)
        for attempt in range(ROUNDS_MAX):
            documents = await self.store.load(todo.keys())
            self.observe(Step.LOADED)
            changed = []
            for key, waiting in todo.items():
                before = document = documents.get(key) or Document(key)
                for reading in waiting:
                    document, answers[reading.index] = self.apply(document, reading, attempt)
                if document is not before:
                    changed.append(document if self.handler.keeps_answers else document.forget(floors))
            lost = await self.store.save(changed) if changed else set()
            todo = defaultdict(list, {key: todo[key] for key in lost})
            if not todo:
                return answers
        raise TransientError(f"{len(todo)} documents were changed by others {ROUNDS_MAX} times in a row")

    def apply(self, document: Document[S], reading: Reading, attempt: int) -> tuple[Document[S], tuple[Outgoing, ...]]:
        """Return the document after a reading, and what is said about it."""
        event, record = reading.event, reading.record
        if event.id in document.applied:
            log.debug("applied before", event_id=event.id, ticket_id=document.id)
            stored = document.applied[event.id]
            return document, stored.outgoing if stored else ()
        arrival = replace(reading.arrival, attempt=attempt)
        decision = guarded(lambda: self.handler.decide(document.state, event, arrival))
        if isinstance(decision, Bug):
            log.error("a rule failed", event_id=event.id, type=event.type, ticket_id=document.id, error=decision.error)
            return document, self.dead(reading, "bug", decision.error)
        self.tell(document.id, event, decision)
        if decision.repeats is not None:
            again = document.applied[decision.repeats]
            return document, again.outgoing if again else ()
        cause = Cause(
            event.id if decision.recorded else record_id(record.topic, record.partition, record.offset),
            event.id,
            event.traceparent,
        )
        said = outgoing(self.handler.service, document.id, cause, decision.facts, arrival.now)
        if not decision.recorded:
            return document, said
        answer = Answer(record.topic, record.partition, record.offset, said)
        due_at = None if decision.state is None else self.handler.due_at(decision.state)
        return document.apply(event.id, answer, decision.state, due_at), said

    def tell(self, ticket_id: str, event: Event, decision: Decision[S]) -> None:
        """Log what was decided: types and ids only, never a text or an address."""
        log.info(
            "decided", event_id=event.id, type=event.type, ticket_id=ticket_id,
            said=[fact.data.TYPE for fact in decision.facts], ignored_because=decision.ignored_because,
        )  # fmt: skip

    def refuse(self, reading: Unreadable) -> tuple[Outgoing, ...]:
        """Return the answer to a record that is no event."""
        record, fault = reading.record, reading.fault
        facts = self.handler.refuse(record, reading.arrival, fault)
        if facts is None:
            return self.dead(reading, fault.reasons[0].code, str(fault))
        log.info(
            "refused", topic=record.topic, partition=record.partition, offset=record.offset, code=fault.reasons[0].code
        )
        cause = Cause(record_id(record.topic, record.partition, record.offset), None)
        return outgoing(self.handler.service, None, cause, facts, record.timestamp)

    def dead(self, reading: Reading | Unreadable, reason: str, error: str) -> Dead:
        """Return a reading as a dead letter."""
        record = reading.record
        metrics.DEAD_LETTERS.labels(self.handler.service, reason).inc()
        log.warning("dead letter", topic=record.topic, partition=record.partition, offset=record.offset, reason=reason)
        return Dead((dead_letter(self.handler.service, record, reason, error, reading.arrival.now),))

    def count_dead(self, answers: Sequence[tuple[Outgoing, ...]]) -> int:
        """Return how many dead letters in a row the batch ends with; raise TooManyDeadLetters past the cap."""
        in_a_row = self.dead_in_a_row
        for answer in answers:
            in_a_row = in_a_row + 1 if isinstance(answer, Dead) else 0
            if in_a_row > self.dead_letters_in_a_row_max:
                error = dict(answer[0].headers)["dlq-error"].decode()
                raise TooManyDeadLetters(in_a_row, error)
        return in_a_row


def first_offsets(readings: Sequence[Reading | Unreadable]) -> Mapping[Partition, int]:
    """Return the first offset of each partition in the batch."""
    floors: dict[Partition, int] = {}
    for reading in readings:
        floors.setdefault((reading.record.topic, reading.record.partition), reading.record.offset)
    return floors
