"""Mistakes put into delivery by hand, one at a time; the simulation must find each of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.delivery.documents.document import Answer, Document, Partition
from shared.delivery.outgoing import Outgoing, each_once
from shared.delivery.ports import Batch, TransientError
from shared.delivery.reading import read
from shared.delivery.relay import Relay
from shared.delivery.runner import BatchRunner
from shared.delivery.time_loop import TimeLoop
from tests.simulation import cache_mutants, notice_mutants, rule_mutants
from tests.simulation.ports import NoMajority, Place, SimBatch, SimBroker, SimStore
from tests.simulation.scheduler import give_way

Mutant = Callable[[pytest.MonkeyPatch], None]


def commit_before_publish(patch: pytest.MonkeyPatch) -> None:
    async def attempt(self: BatchRunner[Any], batch: Batch) -> None:
        readings = [read(index, record, self.clock.now()) for index, record in enumerate(batch.records)]
        unpublished, answers, _ = await self.decide_and_save(readings)
        self.published.learn(await batch.commit())
        await self.publisher.publish(each_once([*unpublished, *(event for answer in answers for event in answer)]))

    patch.setattr(BatchRunner, "attempt", attempt)


def publish_before_save(patch: pytest.MonkeyPatch) -> None:
    class Early:
        """A store that says what is to be saved before it saves."""

        def __init__(self, runner: BatchRunner[Any]) -> None:
            self.runner, self.store = runner, runner.store

        async def load(self, ids: Any) -> Any:
            return await self.store.load(ids)

        async def save(self, documents: Sequence[Document[Any]]) -> set[str]:
            events = [event for document in documents for event in document.unpublished(self.runner.published)]
            await self.runner.publisher.publish(events)
            return await self.store.save(documents)

    original = BatchRunner.handle

    async def handle(self: BatchRunner[Any], batch: Batch) -> None:
        if not isinstance(self.store, Early):
            self.store = Early(self)  # type: ignore[assignment]
        await original(self, batch)

    patch.setattr(BatchRunner, "handle", handle)


def save_without_guard(patch: pytest.MonkeyPatch) -> None:
    def is_free(self: SimStore, document: Document[Any]) -> bool:
        return True

    patch.setattr(SimStore, "is_free", is_free)


def dropped_because_of_another_partition(patch: pytest.MonkeyPatch) -> None:
    def is_published(self: Answer, published_offsets: Mapping[Partition, int]) -> bool:
        return self.offset < max(published_offsets.values(), default=0)

    patch.setattr(Answer, "is_published", is_published)


def applied_id_forgotten(patch: pytest.MonkeyPatch) -> None:
    original = Document.forget

    def forget(self: Document[Any], published_offsets: Mapping[Partition, int]) -> Document[Any]:
        kept = original(self, published_offsets).applied
        return replace(self, applied={event_id: answer for event_id, answer in kept.items() if answer is not None})

    patch.setattr(Document, "forget", forget)


def sweep_that_trusts_its_query(patch: pytest.MonkeyPatch) -> None:
    async def sweep(self: TimeLoop[Any]) -> int:
        now = self.clock.now()
        found = await self.store.due_before(now, self.documents_max, self.assignment())
        await give_way("found")
        moved = [after for document in found for after in self.ticked(document, now)]
        latest = await self.store.load([document.id for document in moved])
        await self.save_and_publish([replace(document, revision=latest[document.id].revision) for document in moved])
        return len(found)

    patch.setattr(TimeLoop, "sweep", sweep)


def marked_before_published(patch: pytest.MonkeyPatch) -> None:
    async def publish(self: Relay[Any], documents: Sequence[Document[Any]]) -> list[Document[Any]]:
        telling = [document for document in documents if document.pending]
        await self.store.save([document.published() for document in telling])
        await self.publisher.publish([event for document in telling for event in document.pending])
        return list(documents)

    patch.setattr(Relay, "publish", publish)


def unknown_outcome_taken_for_success(patch: pytest.MonkeyPatch) -> None:
    original = SimStore.save

    async def save(self: SimStore, documents: Sequence[Document[Any]]) -> set[str]:
        try:
            return await original(self, documents)
        except TransientError:
            return set()

    patch.setattr(SimStore, "save", save)


LINGERS_STEPS = 500


def acks_not_awaited(patch: pytest.MonkeyPatch) -> None:
    original = SimBroker.publish

    async def deliver(self: SimBroker, events: Sequence[Outgoing]) -> None:
        for _ in range(LINGERS_STEPS):  # as a client does to fill a batch, and is lost with its process meanwhile
            await give_way("linger")
        with suppress(TransientError):
            await original(self, events)

    async def publish(self: SimBroker, events: Sequence[Outgoing]) -> None:
        self.spawn(deliver(self, events))
        await give_way("published")

    patch.setattr(SimBroker, "publish", publish)


def commit_error_swallowed(patch: pytest.MonkeyPatch) -> None:
    original = SimBatch.commit

    async def commit(self: SimBatch) -> dict[Place, int]:
        with suppress(TransientError):
            return await original(self)
        return {}

    patch.setattr(SimBatch, "commit", commit)


def position_committed(patch: pytest.MonkeyPatch) -> None:
    async def commit(self: SimBatch) -> dict[Place, int]:
        await give_way("commit")
        group = self.member.group
        if self.generation == group.generation and self.member in group.members:
            for place, position in self.member.positions.items():
                group.broker.committed[group.name, *place] = position
        await give_way("committed")
        return {}

    patch.setattr(SimBatch, "commit", commit)


def write_without_majority_taken_for_success(patch: pytest.MonkeyPatch) -> None:
    original = SimStore.save

    async def save(self: SimStore, documents: Sequence[Document[Any]]) -> set[str]:
        try:
            return await original(self, documents)
        except NoMajority:
            return set()

    patch.setattr(SimStore, "save", save)


def marked_whatever_the_revision(patch: pytest.MonkeyPatch) -> None:
    async def mark_published(self: SimStore, documents: Sequence[Document[Any]]) -> set[str]:
        await self.step("save")
        for document in documents:
            self.write(self.documents[document.id].published())
        await self.step("saved")
        return set()

    patch.setattr(SimStore, "mark_published", mark_published)


def applied_ids_trimmed(patch: pytest.MonkeyPatch) -> None:
    original = Document.apply

    def apply(self: Document[Any], event_id: str, answer: Answer, state: Any) -> Document[Any]:
        after = original(self, event_id, answer, state)
        return replace(after, applied=dict(list(after.applied.items())[-5:]))

    patch.setattr(Document, "apply", apply)


def held_back_and_forgotten(patch: pytest.MonkeyPatch) -> None:
    async def save_held_back(self: BatchRunner[Any], *held: Any) -> None:
        await give_way("held back")

    patch.setattr(BatchRunner, "save_held_back", save_held_back)


def answers_overtake_what_is_held_back(patch: pytest.MonkeyPatch) -> None:
    original = Document.apply

    def apply(self: Document[Any], event_id: str, answer: Answer, state: Any) -> Document[Any]:
        return replace(original(self, event_id, answer, state), pending=self.pending)

    def keep_pending(
        self: Document[Any], events: Sequence[Outgoing], published_offsets: Any, now: Any
    ) -> Document[Any]:
        known = {event.reference for event in self.pending}
        fresh = tuple(event for event in events if event.reference not in known)
        return replace(self, pending=fresh + self.pending, pending_at=now) if fresh else self

    patch.setattr(Document, "apply", apply)
    patch.setattr(Document, "keep_pending", keep_pending)


def held_back_taken_for_published(patch: pytest.MonkeyPatch) -> None:
    def held_back(self: Document[Any], held: Any, now: Any) -> Document[Any]:
        return self.published()

    patch.setattr(Document, "held_back", held_back)


MUTANTS: tuple[Mutant, ...] = (
    commit_before_publish,
    publish_before_save,
    save_without_guard,
    dropped_because_of_another_partition,
    applied_id_forgotten,
    sweep_that_trusts_its_query,
    marked_before_published,
    unknown_outcome_taken_for_success,
    held_back_and_forgotten,
    answers_overtake_what_is_held_back,
    held_back_taken_for_published,
    acks_not_awaited,
    commit_error_swallowed,
    position_committed,
    write_without_majority_taken_for_success,
    marked_whatever_the_revision,
    applied_ids_trimmed,
    *cache_mutants.MUTANTS,
    *rule_mutants.MUTANTS,
    *notice_mutants.MUTANTS,
)


@contextmanager
def put_in(mutant: Mutant) -> Iterator[None]:
    """Put a mistake in, and take it out again."""
    with pytest.MonkeyPatch.context() as patch:
        mutant(patch)
        yield
