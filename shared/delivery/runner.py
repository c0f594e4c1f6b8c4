"""Load, decide, save, publish, commit: once, for every service."""

import random
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Generic, TypeVar

from shared.adapters.clock import Clock
from shared.delivery.decider import BugDeadLetter, Decider
from shared.delivery.documents.cache import CachedStore
from shared.delivery.documents.document import NOTHING_PUBLISHED, Document, Partition, Quarantined
from shared.delivery.documents.published import PublishedOffsets
from shared.delivery.guard import BugShare
from shared.delivery.handler import Handler
from shared.delivery.outgoing import Outgoing, each_once
from shared.delivery.ports import Batch, HeldBack, Obstacle, Publisher, Store, TransientError
from shared.delivery.reading import Addressed, Reading, Unreadable, applied_id, is_heard, read
from shared.delivery.retry import retried
from shared.delivery.vitals import Observe, Step, Vitals, unobserved
from shared.events.envelope import Event
from shared.ids import record_id
from shared.topics import dead_letter_topic
from shared.values import replace

S = TypeVar("S")
ROUNDS_MAX = 20

Answers = list[tuple[Outgoing, ...]]
Traced = list[bool]


class BatchRunner(Generic[S]):
    """Handles batches so that a crash between any two steps leads to the same end.

    Redelivery finds the event applied and publishes the stored answer again, byte for byte; listeners drop repeats by
    event id. What a document holds unpublished (its outbox) goes out before what it says next, so that a ticket's facts
    reach a topic in the order in which they came about, whoever died in between. An outage is retried in place; a bug
    in a rule costs one record, which goes to the dead letters. What a topic holds back is kept pending in the document
    that it comes from, or in one of its own, before the batch is committed; a `Relay` publishes it once the topic takes
    it.
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
        self.rules = Decider(handler)
        self.store = store
        self.publisher = publisher
        self.clock = clock
        self.vitals = vitals or Vitals()
        self.bug_share = bug_share or BugShare()
        self.observe = observe
        self.jitter = jitter or random.Random()
        self.published = PublishedOffsets()

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
        heard = [record for record in batch.records if is_heard(record, self.handler.hears)]
        readings = [read(index, record, now) for index, record in enumerate(heard)]
        recent = await self.handle_readings(readings) if readings else self.bug_share.recent
        self.published.learn(await batch.commit())
        self.bug_share.recent = recent
        self.observe(Step.COMMITTED)

    async def handle_readings(self, readings: Sequence[Reading | Unreadable]) -> deque[bool]:
        """Decide, save and publish; return which of the last records met a bug, see `BugShare`."""
        said, answers, traced = await self.decide_and_save(readings)
        recent = self.bug_share.after(_bugs_in(readings, answers))
        self.observe(Step.SAVED)
        held = await self.publisher.publish(each_once(said))
        self.observe(Step.PUBLISHED)
        if held:
            await self.save_held_back(held, readings, answers, traced)
        return recent

    async def decide_and_save(self, readings: Sequence[Reading | Unreadable]) -> tuple[list[Outgoing], Answers, Traced]:
        """Return what is to be published, the answer to each reading, and whether it is among the applied ones.

        All of it is saved. First comes what documents held unpublished; then, together, what is said of each ticket.
        """
        answers: Answers = [()] * len(readings)
        traced: Traced = [False] * len(readings)
        unpublished: list[Outgoing] = []
        published = self.published_offsets(readings)
        todo = by_document = self.by_document(readings, answers)
        for attempt in range(ROUNDS_MAX):
            found, recalled = await self.recalled_or_loaded(todo.keys(), is_first=attempt == 0)
            self.observe(Step.LOADED)
            for each in chain.from_iterable(todo.values()):
                traced[each.reading.index] = False
            todo = self.skip_quarantined(todo, found, answers)
            documents: dict[str, Document[S]] = {key: _document(found.get(key), key) for key in todo}
            new: list[tuple[S | None, Event]] = [
                (documents[key].state, each.reading.event)
                for key, waiting in todo.items()
                for each in waiting
                if each.known_as not in documents[key].applied
            ]
            rules = await self.rules.prefetched(new)
            changed: list[Document[S]] = []
            owed: dict[str, tuple[Outgoing, ...]] = {}
            for key, waiting in todo.items():
                before = document = documents[key]
                # Whoever made a dead letter of what is replayed has committed it without an answer; one that another
                # process, late with its batch, has given meanwhile may not be published yet.
                is_replayed = any(each.reading.is_replayed for each in waiting)
                published_offsets = NOTHING_PUBLISHED if is_replayed else published
                for each in waiting:
                    document, answers[each.reading.index] = rules.apply(document, each, attempt, published_offsets)
                    traced[each.reading.index] = each.known_as in document.applied
                is_answered = any(before.answers(each.known_as, each.reading.place) for each in waiting)
                # What is pending may stand behind an answer that another process has not published yet.
                says_more = before.pending and any(answers[each.reading.index] for each in waiting)
                if document is not before or is_answered or says_more:
                    owed[key] = before.unpublished(published_offsets)
                if document is not before:
                    changed.append(document if self.handler.keeps_answers else document.forget(published_offsets))
            lost = await self.store.save(changed) if changed else set()
            # What no save has proved to be the latest is decided again on what the database has.
            again = lost | (recalled - {document.id for document in changed})
            unpublished.extend(chain.from_iterable(events for key, events in owed.items() if key not in again))
            todo = {key: waiting for key, waiting in todo.items() if key in again}
            if not todo:
                return [*unpublished, *_by_document(by_document, answers)], answers, traced
        raise TransientError(f"{len(todo)} documents were changed by others {ROUNDS_MAX} times in a row")

    async def recalled_or_loaded(
        self, ids: Collection[str], *, is_first: bool
    ) -> tuple[dict[str, Document[S] | Quarantined], set[str]]:
        """Return the documents that exist, by id, and which of them may be out of date.

        Only at first: what was decided in vain is loaded.
        """
        recalled = self.store.recall(ids) if is_first and isinstance(self.store, CachedStore) else {}
        unknown = [id for id in ids if id not in recalled]
        loaded = await self.store.load(unknown) if unknown else {}
        return {**recalled, **loaded}, set(recalled)

    def by_document(self, readings: Sequence[Reading | Unreadable], answers: Answers) -> dict[str, list[Addressed]]:
        """Return the readings by the document that they concern; those that concern none are answered at once."""
        todo: dict[str, list[Addressed]] = defaultdict(list)
        for reading in readings:
            if isinstance(reading, Unreadable):
                answers[reading.index] = self.rules.refuse(reading)
                continue
            key = self.rules.key_of(reading)
            if isinstance(key, BugDeadLetter):
                answers[reading.index] = key
            else:
                known_as = applied_id(reading.event.id, reading.arrival.topic, key)
                todo[key].append(Addressed(reading, known_as))
        return todo

    def skip_quarantined(
        self, todo: dict[str, list[Addressed]], found: Mapping[str, Document[S] | Quarantined], answers: Answers
    ) -> dict[str, list[Addressed]]:
        """Return the readings whose documents can be worked on; the others become dead letters, as no fault of a rule.

        What such a document holds unpublished stays there: a replayed dead letter gives its stored answer, see `apply`.
        """
        quarantine = {key: document for key in todo if isinstance(document := found.get(key), Quarantined)}
        for key, document in quarantine.items():
            for each in todo[key]:
                answers[each.reading.index] = (self.rules.quarantined(each.reading, document),)
        return {key: waiting for key, waiting in todo.items() if key not in quarantine} if quarantine else todo

    def published_offsets(self, readings: Sequence[Reading | Unreadable]) -> Mapping[Partition, int]:
        """Return, by partition, the offset below which every answer is known to be published.

        That is where the batch at hand begins, since offsets are committed after publishing; or how far this process
        has committed itself, whoever reads the partition now.
        """
        return self.published.before(reading.record for reading in readings)

    async def save_held_back(
        self, held: HeldBack, readings: Sequence[Reading | Unreadable], answers: Answers, traced: Traced
    ) -> None:
        """Save what was held back as pending, so that it outlives the commit; what is pending already stays as it is.

        A document that has come into quarantine since keeps the answers that are *traced* in it, behind what they wait
        for; kept elsewhere, they would overtake it.

        Raises:
            TransientError: The dead-letter topic is missing, or documents were changed by others all the time.
        """
        letters = dead_letter_topic(self.handler.service)
        if any(topic == letters and why is not Obstacle.TOO_LARGE for (topic, _), why in held.items()):
            raise TransientError(f"Kafka: the topic {letters} is missing or forbidden, and no dead letter may be lost")
        by_reading = self.held_back_by_reading(held, readings, answers)
        published_offsets = self.published_offsets(readings)
        for _ in range(ROUNDS_MAX):
            found = await self.store.load(
                {id for ticket, own, _ in by_reading for id in (ticket, own) if id is not None}
            )
            by_document: dict[str, list[Outgoing]] = defaultdict(list)
            for (ticket, own, events), is_traced in zip(by_reading, traced, strict=True):
                there = found.get(ticket) if ticket else None
                if is_traced and isinstance(there, Quarantined):
                    continue
                is_there = isinstance(there, Document) and not there.is_outbox
                by_document[ticket if is_there and ticket else own].extend(events)
            changed = []
            for id, events in by_document.items():
                before: Document[S] = _document(found.get(id), id)
                # What was applied before is said again because it is unpublished, not as an answer.
                kept = [event for event in before.answered(published_offsets) if event.reference in held]
                after = before.keep_pending([*kept, *events], published_offsets, self.clock.now())
                if after is not before:
                    changed.append(replace(after, expires_at=None) if after.is_outbox else after)
            if not changed or not await self.store.save(changed):
                return
        raise TransientError(f"documents that keep events were changed by others {ROUNDS_MAX} times in a row")

    def held_back_by_reading(
        self, held: HeldBack, readings: Sequence[Reading | Unreadable], answers: Answers
    ) -> list[tuple[str | None, str, list[Outgoing]]]:
        """Return, for each reading, its ticket, an id of its own, and what of its answer was held back."""
        found = []
        for reading, answer in zip(readings, answers, strict=True):
            record = reading.record
            key = (
                None
                if isinstance(reading, Unreadable) or isinstance(answer, BugDeadLetter)
                else self.rules.key_of(reading)
            )
            own = record_id(record.topic, record.partition, record.offset)
            events = [event for event in answer if event.reference in held]
            found.append((key if isinstance(key, str) else None, own, events))
        return found


def _document(found: Document[S] | Quarantined | None, key: str) -> Document[S]:
    return found if isinstance(found, Document) else Document(key)


def _by_document(by_document: Mapping[str, Sequence[Addressed]], answers: Answers) -> Iterator[Outgoing]:
    """Yield what is answered, document by document: who reads a part of it then finds all that is said of a ticket."""
    about_one = {each.reading.index: None for waiting in by_document.values() for each in waiting}
    about_none = (index for index in range(len(answers)) if index not in about_one)
    yield from chain.from_iterable(answers[index] for index in chain(about_none, about_one))


def _bugs_in(readings: Sequence[Reading | Unreadable], answers: Answers) -> list[str | None]:
    """Return, for each record that reached a rule, the bug that it met there, or None."""
    return [
        answer.error if isinstance(answer, BugDeadLetter) else None
        for reading, answer in zip(readings, answers, strict=True)
        if isinstance(reading, Reading)
    ]
