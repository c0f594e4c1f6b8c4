"""Load, decide, save, publish, commit: once, for every service; never knows what is decided."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Generic, TypeVar

from shared.clock import Clock
from shared.delivery.bug_share import BugShare
from shared.delivery.deciding import Bugged, Deciding
from shared.delivery.document import Document, Partition
from shared.delivery.handler import Handler
from shared.delivery.outgoing import Outgoing, each_once
from shared.delivery.ports import Batch, Publisher, Record, Store, TransientError
from shared.delivery.reading import Reading, Unreadable, read
from shared.delivery.retry import retried
from shared.delivery.vitals import Observe, Step, Vitals, unobserved
from shared.events.envelope import Event

S = TypeVar("S")
ROUNDS_MAX = 20

Answers = list[tuple[Outgoing, ...]]
Traced = list[bool]


class BatchRunner(Generic[S]):
    """Handles batches so that a crash between any two steps leads to the same end.

    Redelivery finds the event applied and publishes the stored answer again, byte for byte; listeners drop repeats by
    event id. What a document still owes is published before what it says next, so that a ticket's facts reach a topic
    in the order in which they came about, whoever died in between. An outage is retried in place; a bug in a rule costs
    one record, which goes to the dead letters.
    """

    def __init__(
        self,
        handler: Handler[S],
        store: Store[S],
        publisher: Publisher,
        clock: Clock,
        *,
        vitals: Vitals | None = None,
        bug_share: BugShare | None = None,
        observe: Observe = unobserved,
        jitter: random.Random | None = None,
    ) -> None:
        self.handler = handler
        self.rules = Deciding(handler)
        self.store = store
        self.publisher = publisher
        self.clock = clock
        self.vitals = vitals or Vitals()
        self.bug_share = bug_share or BugShare()
        self.observe = observe
        self.jitter = jitter or random.Random()
        self.published: dict[Partition, int] = {}

    async def handle(self, batch: Batch) -> None:
        """Return once the whole batch is handled and committed.

        Raises:
            TooManyBugs: Nothing of this batch was published or committed.
        """
        self.vitals.handling_since = self.clock.now()
        await retried(lambda: self.attempt(batch), self.clock, self.vitals, self.jitter, "batch")
        self.vitals.handling_since = None
        self.vitals.progressed_at = self.clock.now()

    async def attempt(self, batch: Batch) -> None:
        """Handle the batch once; may be repeated after a failure at any point."""
        now = self.clock.now()
        readings = [read(index, record, now) for index, record in enumerate(batch.records)]
        owed, answers, traced = await self.decide_and_save(readings)
        recent = self.bug_share.after(bugs_in(readings, answers))
        self.observe(Step.SAVED)
        await self.publisher.publish(each_once(chain(owed, *answers)))
        self.note_published(batch.records, traced)
        self.observe(Step.PUBLISHED)
        await batch.commit()
        self.bug_share.recent = recent
        self.observe(Step.COMMITTED)

    async def decide_and_save(self, readings: Sequence[Reading | Unreadable]) -> tuple[list[Outgoing], Answers, Traced]:
        """Return what the documents owed before, the answer to each reading, and whether it is among the applied ones.

        All of it is saved.
        """
        answers: Answers = [()] * len(readings)
        traced: Traced = [False] * len(readings)
        owed: list[Outgoing] = []
        floors = self.floors(readings)
        todo = self.by_document(readings, answers)
        for attempt in range(ROUNDS_MAX):
            found = await self.store.load(todo.keys())
            self.observe(Step.LOADED)
            documents: dict[str, Document[S]] = {key: found.get(key) or Document(key) for key in todo}
            new: list[tuple[S | None, Event]] = [
                (documents[key].state, reading.event)
                for key, waiting in todo.items()
                for reading in waiting
                if reading.known_as(key) not in documents[key].applied
            ]
            rules = await self.rules.informed(new)
            changed = []
            for key, waiting in todo.items():
                before = document = documents[key]
                for reading in waiting:
                    document, answers[reading.index] = rules.apply(document, reading, attempt)
                    traced[reading.index] = reading.known_as(key) in document.applied
                if document is not before or any(before.answers(each.known_as(key), each.place) for each in waiting):
                    owed.extend(before.owed(floors))
                if document is not before:
                    changed.append(document if self.handler.keeps_answers else document.forget(floors))
            lost = await self.store.save(changed) if changed else set()
            todo = {key: waiting for key, waiting in todo.items() if key in lost}
            if not todo:
                return owed, answers, traced
        raise TransientError(f"{len(todo)} documents were changed by others {ROUNDS_MAX} times in a row")

    def by_document(self, readings: Sequence[Reading | Unreadable], answers: Answers) -> dict[str, list[Reading]]:
        """Return the readings by the document that they concern; those that concern none are answered at once."""
        todo: dict[str, list[Reading]] = defaultdict(list)
        for reading in readings:
            if isinstance(reading, Unreadable):
                answers[reading.index] = self.rules.refuse(reading)
                continue
            key = self.rules.key_of(reading)
            if isinstance(key, Bugged):
                answers[reading.index] = key
            else:
                todo[key].append(reading)
        return todo

    def floors(self, readings: Sequence[Reading | Unreadable]) -> Mapping[Partition, int]:
        """Return, by partition, the offset below which every answer is known to be published.

        That is where the batch at hand begins, since offsets are committed after publishing; or how far this process
        has published itself what is applied, whoever reads the partition now.
        """
        floors = dict(self.published)
        for place, first in first_offsets(reading.record for reading in readings).items():
            floors[place] = max(first, floors.get(place, 0))
        return floors

    def note_published(self, records: Sequence[Record], traced: Traced) -> None:
        """Remember how far each partition is published: up to the first record that left no trace in a document.

        If such a record comes again, to another process, under other rules or once a bug is mended, it may be applied
        then; what this process has said about it is not what that document owes.
        """
        for place, first in first_offsets(records).items():
            self.published[place] = max(first, self.published.get(place, 0))
        ended: set[Partition] = set()
        for record, left_trace in zip(records, traced, strict=True):
            place = record.topic, record.partition
            if not left_trace:
                ended.add(place)
            elif place not in ended:
                self.published[place] = max(record.next_offset, self.published[place])


def bugs_in(readings: Sequence[Reading | Unreadable], answers: Answers) -> Iterator[str | None]:
    """Yield, for each record that reached a rule, the bug that it met there, or None."""
    for reading, answer in zip(readings, answers, strict=True):
        if isinstance(reading, Reading):
            yield answer.error if isinstance(answer, Bugged) else None


def first_offsets(records: Iterable[Record]) -> dict[Partition, int]:
    """Return the first offset of each partition among *records*."""
    first: dict[Partition, int] = {}
    for record in records:
        first.setdefault((record.topic, record.partition), record.offset)
    return first
