"""Waits for what the services answer to something just published; never publishes."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TypeVar

from shared.delivery.ports import Record
from shared.events import ComplaintAccepted, ComplaintRejected, Event
from shared.ids import ticket_id
from tindak.client.kafka import Written
from tindak.client.records import event_of
from tindak.waiting import within

T = TypeVar("T")

Answer = ComplaintAccepted | ComplaintRejected


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


def answer_to_submission(data: Mapping[str, object], lies: Written) -> Callable[[Event], Answer | None]:
    """Return a test for intake's answer to the submission that lies there.

    A refusal names the record. An acceptance names channel and source id, for a repeat gets the first answer again.
    """
    ticket = ticket_id(str(data.get("channel")), str(data.get("source_id")))

    def wanted(event: Event) -> Answer | None:
        said = event.data
        if isinstance(said, ComplaintAccepted) and said.ticket_id == ticket:
            return said
        if isinstance(said, ComplaintRejected) and (said.origin.partition, said.origin.offset) == (
            lies.partition,
            lies.offset,
        ):
            return said
        return None

    return wanted


def caused_by(update_id: str) -> Callable[[Event], Event | None]:
    """Return a test for the first event that this update brought about."""
    return lambda event: event if event.cause_id == update_id else None
