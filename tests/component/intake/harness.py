"""Intake on the ports in memory, with the small city of the unit tests, and a channel that writes to it."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.intake.domain.state import State
from services.intake.handlers import IntakeHandler
from services.intake.store import unique
from shared import topics
from shared.delivery.ports import Record
from shared.events import ComplaintAccepted, ComplaintRejected, ContactSealed, Event
from shared.events.envelope import decode
from shared.seal import Contact
from tests.builders import IDS, event, submitted
from tests.fakes.handler_harness import HandlerHarness
from tests.fakes.memory import MemoryStore
from tests.sealing import OPENER, SEALER
from tests.unit.intake.city import RULES

SUBMITTED, ANSWERS = topics.submitted_topic("web"), topics.answers_topic("web")
BODY = "Lampu jalan mati di Rempoa sudah tiga minggu."
DATA: Mapping[str, Any] = {"channel": "web", "source_id": "1", "submitted_at": "2026-03-02T05:00:00Z", "body": BODY}
ENVELOPE: Mapping[str, Any] = {
    "specversion": "1.0", "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "source": "/channels/web",
    "type": "tindak.complaint.submitted.v1", "time": "2026-03-02T05:00:00Z", "data": DATA,
}  # fmt: skip


class ServiceHarness(HandlerHarness):
    """Intake, and the channels that submit to it; every submission has an event id of its own unless one is given."""

    def __init__(self, store: MemoryStore[State] | None = None, handler: IntakeHandler | None = None) -> None:
        super().__init__(handler or IntakeHandler(RULES, IDS, SEALER), store or MemoryStore(unique=unique))
        self.sent = 0

    def submit(self, id: str | None = None, **changes: Any) -> None:
        """Submit the plain report, with these changes."""
        self.sent += 1
        report = submitted(**changes)
        made = id or str(uuid5(NAMESPACE_URL, f"submission {self.sent}"))
        said = event(report, id=made, at=self.clock.now(), source=f"/channels/{report.channel}")
        self.publish(topics.submitted_topic(report.channel), said)

    def type_in(self, line: bytes | None, headers: Mapping[str, bytes] | None = None) -> None:
        """Write a record as any Kafka client may: no key, no headers of ours."""
        sent = tuple((headers or {}).items())
        self.broker.append(SUBMITTED, None, line, sent)

    def answers(self) -> list[Event]:
        """Return what the channels were answered."""
        channels = {
            topics.member_of(topic) for topic, _ in self.broker.logs if topics.family_of(topic) == topics.ANSWERS
        }
        return [event for channel in channels for event in self.published(topics.answers_topic(str(channel)))]

    def accepted(self) -> list[ComplaintAccepted]:
        """Return what was accepted, each answer once however often it was given."""
        said = {event.id: event.data for event in self.published(topics.ACCEPTED)}
        return [data for data in said.values() if isinstance(data, ComplaintAccepted)]

    def rejected(self) -> list[ComplaintRejected]:
        """Return what was refused, each answer once."""
        said = {event.id: event.data for event in self.answers()}
        return [data for data in said.values() if isinstance(data, ComplaintRejected)]

    def refusals(self) -> list[list[str]]:
        """Return the codes of each refusal."""
        return [[reason.code for reason in refused.reasons] for refused in self.rejected()]

    def contacts(self) -> list[Contact]:
        """Return the contacts that were sealed, opened; a tombstone is none."""
        records = [record for record in self.broker.topic(topics.CONTACTS) if record.value is not None]
        said = [decode(record.value, dict(record.headers), from_outside=False).data for record in records]
        sealed = [data for data in said if isinstance(data, ContactSealed)]
        return [OPENER.open_contact(each.ticket_id, each.sealed, each.key_id, each.scheme) for each in sealed]

    def records(self) -> list[Record]:
        """Return everything that intake has written to any topic."""
        written = [log for (topic, _), log in self.broker.logs.items() if not topics.is_from_outside(topic)]
        return [record for log in written for record in log]


def line(changes: Mapping[str, Any] | None = None, **data: Any) -> bytes:
    """Return a submission as one JSON line, with other attributes or data; None leaves one out."""
    whole = {**ENVELOPE, "data": {**DATA, **data}, **(changes or {})}
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()
