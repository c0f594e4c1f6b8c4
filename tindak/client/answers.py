"""Finds what the services answer to something just published."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.events import ComplaintAccepted, ComplaintRejected, Event
from tindak.client.kafka import Position
from tindak.client.records import event_of
from tindak.waiting import within

T = TypeVar("T")

Answer = ComplaintAccepted | ComplaintRejected
Complaint = Mapping[str, Any]
Source = tuple[str, str]


async def first(
    records: AsyncIterator[Record], wanted: Callable[[Event], T | None], within_seconds: float, hint: str
) -> T:
    """Return the first thing that *wanted* finds in the events of *records*.

    Raises:
        Failure: Nothing came within that time; *hint* says what to look at.
    """
    async with within(within_seconds, f"No answer within {within_seconds:g} s; {hint}"):
        while True:
            event = event_of(await anext(records))
            found = None if event is None else wanted(event)
            if found is not None:
                return found


async def first_of(*searches: Coroutine[Any, Any, T]) -> T:
    """Return what the first of several searches finds, or raise what it raises; the others are given up."""
    tasks = [asyncio.create_task(search) for search in searches]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def caused_by(update_id: str) -> Callable[[Event], Event | None]:
    """Return a test for the first event that this update brought about."""
    return lambda event: event if event.cause_id == update_id else None


class PendingAnswers:
    """Submissions that were published, and the answers to them as they come in.

    A refusal names the record that it answers. An acceptance names the event that caused it, and channel and source id,
    the latter perhaps masked: it answers the first such submission that waits, and those that repeat it.

    Args:
        events: The submissions.
        positions: Where each of them lies.
    """

    def __init__(self, events: Sequence[Outgoing], positions: Sequence[Position]) -> None:
        self.given: list[Complaint] = [json.loads(event.value or b"{}")["data"] for event in events]
        self.refused = 0
        self._by_place = {
            (whole.get("channel"), place): index
            for index, (whole, place) in enumerate(zip(self.given, positions, strict=True))
        }
        self._source_by_id = {event.id: _source_of(whole) for event, whole in zip(events, self.given, strict=True)}
        self._by_source: dict[Source, list[int]] = defaultdict(list)
        for index, whole in enumerate(self.given):
            self._by_source[_source_of(whole)].append(index)
        self._answers: dict[int, Answer] = {}
        self._returned = 0

    def handle(self, event: Event) -> bool:
        """Take in an event; return whether it answers anything that waits."""
        match event.data:
            case ComplaintRejected(channel=channel, origin=origin):
                index = self._by_place.get((channel, Position(origin.partition, origin.offset)))
                found = [] if index is None or index in self._answers else [index]
                self.refused += len(found)
            case ComplaintAccepted(channel=channel, source_id=source_id):
                source = self._source_by_id.get(event.cause_id or "", (channel, source_id))
                waiting = [index for index in self._by_source.get(source, ()) if index not in self._answers]
                found = [index for index in waiting if _text_in(self.given[index]) == _text_in(self.given[waiting[0]])]
            case _:
                return False
        self._answers.update(dict.fromkeys(found, event.data))
        return bool(found)

    def ready(self) -> list[Answer]:
        """Return the answers not returned yet, in the order of the submissions, as far as there is no gap."""
        found = []
        while self._returned in self._answers:
            found.append(self._answers[self._returned])
            self._returned += 1
        return found

    @property
    def unanswered(self) -> int:
        """How many wait."""
        return len(self.given) - len(self._answers)


def _source_of(complaint: Complaint) -> Source:
    return str(complaint.get("channel")), str(complaint["source_id"])


def _text_in(complaint: Complaint) -> tuple[object, object]:
    return complaint.get("title"), complaint.get("body")


async def answered(
    records: AsyncIterator[Record], pending: PendingAnswers, within_seconds: float, hint: str
) -> AsyncIterator[list[Answer]]:
    """Yield the answers as they come, in the order of the submissions.

    Raises:
        Failure: No further answer came within that time; *hint* says what to look at.
    """
    async with within(within_seconds, f"No answer within {within_seconds:g} s; {hint}") as alive:
        while pending.unanswered:
            event = event_of(await anext(records))
            if event is not None and pending.handle(event):
                alive()
                yield pending.ready()
