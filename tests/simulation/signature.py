"""Everybody outside signs what is written; nobody of us may say or keep it, whatever crashes meanwhile."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from shared import topics
from shared.delivery.ports import Record
from shared.events import EventData

if TYPE_CHECKING:
    from tests.simulation.world import World

SIGNATURE = "Nama saya Zubaidah Wiratmadja, hubungi 0812-7031-0000 atau zubaidah.w@suratku.example."
TRACE = re.compile(rb"(?i)zubaidah|wiratmadja|812-7031-|81270310000|suratku")
WRITTEN = ("body", "text", "answer", "note", "question", "comment", "reason")
# What could not be handled is kept as it came.
NAMERS = (topics.dead_letter_topic, topics.replay_topic)
AS_IT_CAME = frozenset(name(service) for service in topics.SERVICES for name in NAMERS)

D = TypeVar("D", bound=EventData)


def signed(data: D) -> D:
    """Return *data* with the signature at the end of each text that somebody wrote."""
    texts = {name: getattr(data, name, None) for name in WRITTEN}
    # Reasons that are codes are of a type of their own.
    named = {name: f"{text} {SIGNATURE}" for name, text in texts.items() if type(text) is str and text.strip()}
    return data.model_copy(update=named)


def named(world: "World", records: Iterable[Record]) -> Iterator[str]:
    """Yield every place of ours where the signature is found; intake keeps what a channel handed over."""
    for record in records:
        is_ours = not topics.is_from_outside(record.topic) and record.topic not in AS_IT_CAME
        if is_ours and record.value is not None and TRACE.search(record.value):
            yield f"[identity] {record.topic} {record.partition}/{record.offset} names who wrote something"
    for service in ("routing", "sla", "notify"):
        for ticket, document in world.stores[service].documents.items():
            if TRACE.search(repr(document).encode()):
                yield f"[identity] {service} names who wrote something in {ticket}"
