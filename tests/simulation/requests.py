"""Officers who have notices sent again or held back, and what must become of each such request."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from random import Random
from typing import Any

import orjson

from services.notify.domain.deliveries import MAY_CHANGE
from services.notify.domain.settlement import UNSENT_MAX
from shared import topics
from shared.delivery.ports import Record
from shared.events import (
    Command,
    NotificationFailed,
    NotificationSent,
    ResendNotice,
    ResendRequested,
    SuppressionRequested,
    SuppressNotice,
)
from shared.ids import named


def repairs(kind: str, data: dict[str, Any], mood: Random) -> list[Command]:
    """Return what an officer asks for who reads how a delivery has ended; for some twice, as two officers would."""
    ticket, delivery, feels = data["ticket_id"], data["delivery_id"], mood.random()
    again = ResendNotice(ticket_id=ticket, delivery_id=delivery, reason="Relai pulih.")
    if kind == NotificationFailed.TYPE and feels < 0.7:
        return [again] if feels < 0.4 else [again, again]
    if kind == NotificationSent.TYPE and data.get("repeats") is None and feels < 0.04:
        return [again.model_copy(update={"again": True})]
    return []


def held_back(ticket: str, mood: Random) -> list[Command]:
    """Return the command to hold back what is not sent yet of a ticket, if an officer has a reason."""
    return [SuppressNotice(ticket_id=ticket, reason="Sudah ditelepon.")] if mood.random() < 0.12 else []


class Requests:
    """What officers asked for, in the order in which it lies on the topics, and what was sent for it.

    Attributes:
        asked: By delivery, the facts that ask for it.
        failed: The deliveries that had failed for good before somebody asked.
        again: Those that were asked for whatever became of them.
        repeats: By delivery, those that were sent for it.
        suppressed: Tickets of which something was held back.
    """

    def __init__(self) -> None:
        self.heard: set[str] = set()
        self.last: dict[str, str] = {}
        self.failed: set[str] = set()
        self.asked: dict[str, list[str]] = defaultdict(list)
        self.again: set[str] = set()
        self.repeats: dict[str, set[str]] = defaultdict(set)
        self.ticket_of: dict[str, str] = {}
        self.unsent: Counter[str] = Counter()
        self.suppressed: set[str] = set()

    def hear(self, record: Record) -> None:
        """Note how deliveries end, and what officers ask for when."""
        if record.topic not in (topics.DELIVERIES, topics.TICKETS) or record.value is None:
            return
        event = orjson.loads(record.value)
        data, kind = event["data"], event["type"]
        if event["id"] in self.heard:
            return
        self.heard.add(event["id"])
        if record.topic == topics.DELIVERIES:
            self.note_end(data["delivery_id"], kind, data)
        elif kind == SuppressionRequested.TYPE:
            self.suppressed.add(data["ticket_id"])
        elif kind == ResendRequested.TYPE and "delivery_id" in data:
            delivery = data["delivery_id"]
            self.asked[delivery].append(event["id"])
            if data.get("again"):
                self.again.add(delivery)
            if self.last.get(delivery) == NotificationFailed.TYPE:
                self.failed.add(delivery)

    def note_end(self, delivery: str, kind: str, data: dict[str, Any]) -> None:
        self.last[delivery] = kind
        self.failed.discard(delivery)  # it goes on: what was asked came in between
        self.ticket_of[delivery] = data["ticket_id"]
        self.unsent[data["ticket_id"]] += kind == NotificationFailed.TYPE or data.get("why") in MAY_CHANGE
        if (old := data.get("repeats")) is not None:
            self.repeats[old].add(delivery)

    def audit(self, forgotten: Collection[str]) -> Iterator[str]:
        """Yield every request that has sent nothing, or too much; of who was erased nothing is sent."""
        for old in sorted(self.asked.keys() | self.repeats.keys()):
            asked, made = self.asked[old], self.repeats[old]
            wanted = {named(one, f"resend|{old}") for one in asked}
            if not made <= wanted:
                yield f"[requests] {old} is sent again as {made - wanted}, and nobody asked for it"
            ticket = self.ticket_of.get(old, "")
            # Of who was erased nothing is sent, and of much that was not sent the first is not kept.
            may_be_gone = ticket in forgotten or self.unsent[ticket] > UNSENT_MAX
            is_forgotten = old in self.failed and not made and not may_be_gone
            if old not in self.again and (len(made) > 1 or is_forgotten):
                yield f"[requests] {old} was asked for by {asked} and is sent again as {made}"
