"""One complaint that went its way without a fault, for tests to spoil."""

from dataclasses import dataclass, field
from typing import Any

from shared import topics
from shared.delivery.documents.document import Document
from shared.events import (
    Classification,
    ClockBreached,
    ClockMet,
    ClockStarted,
    ContactSealed,
    DecidedBy,
    EventData,
    Locale,
    NotificationSent,
    Report,
    Reporter,
    SlaClock,
    TicketAcknowledged,
    TicketRouted,
    TicketStatusChanged,
)
from shared.events.envelope import HEADERS, Event, encode
from tests.builders import TICKET, TRACKING, accepted, event, submitted, ticket_id
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryBroker, MemoryClock
from tindak.audit import Check, Finding, audit

DISHUB = topics.agency_topic("dishub")
WEB = topics.status_topic("web")
OTHER = ticket_id("web", "2")
REPORT = Report(channel="web", title="Lampu mati", body="Lampu jalan mati.")
FACT: dict[str, Any] = {"ticket_id": TICKET, "tracking_id": TRACKING, "state": "routed", "version": 1, "at": NOON}
ABOUT = FACT | {"classification": Classification.COMPLAINT, "accepted_at": NOON, "submitted_at": NOON}
ROUTED = TicketRouted(
    **ABOUT, agency="dishub", agency_name="Dishub", hop=1, decided_by=DecidedBy.RULE, explanation=()
)  # fmt: skip
SEEN = TicketAcknowledged(**FACT | {"version": 2, "state": "acknowledged"}, agency="dishub")
CLOCK: dict[str, Any] = {"ticket_id": TICKET, "tracking_id": TRACKING, "clock": SlaClock.VERIFY}
STARTED = ClockStarted(
    **CLOCK, started_at=NOON, due_at=NOON, allowance="3 HK", policy_version="1", calendar_version="1"
)  # fmt: skip
MET = ClockMet(**CLOCK, met_at=NOON, due_at=NOON, lateness_seconds=0)
BREACHED = ClockBreached(
    **CLOCK, breach_id="b1", classification=Classification.COMPLAINT, due_at=NOON, breached_at=NOON, level=1,
    responsible="liaison",
)  # fmt: skip
DELIVERY = {"ticket_id": TICKET, "delivery_id": "d1", "notice": "accepted", "recipient_role": "reporter"}
STATUS = TicketStatusChanged(
    **FACT | {"version": 2, "state": "acknowledged"}, state_id="diterima instansi", state_en="received by the agency",
    rating_wanted=False, message_id="Sudah diterima.", message_en="It has been received.",
)  # fmt: skip
SENT = NotificationSent(**DELIVERY, channel="log", attempt=1)
SUBMITTED = event(submitted(reporter=Reporter(name="Siti")))


@dataclass
class Story:
    """Topics and documents of one complaint that went its way; a test spoils some of it."""

    broker: MemoryBroker = field(default_factory=lambda: MemoryBroker(MemoryClock(NOON)))
    documents: dict[str, list[Document[Any]]] = field(default_factory=dict)

    def publish(self, topic: str, data: EventData, *, id: str | None = None, cause: str | None = None) -> None:
        made = event(data, id=id)
        value = encode(Event(made.id, made.source, made.time, data, made.subject, made.key, cause))
        self.broker.append(topic, (made.key or "").encode(), value, HEADERS)

    def findings(self, *checks: Check, dead_letters: tuple[tuple[str, int, int], ...] = ()) -> list[Finding]:
        records = [record for log in self.broker.logs.values() for record in log]
        return audit(records, self.documents, dead_letters=dead_letters, checks=checks or tuple(Check))


def told(without: str = "") -> Story:
    """Return a story in which all is well, without what is said on one topic."""
    story = Story(documents={"sla": [Document(TICKET, 1)]})
    story.broker.append(topics.submitted_topic("web"), b"1", encode(SUBMITTED), HEADERS)
    for topic, data, cause in (
        (topics.ACCEPTED, accepted(), SUBMITTED.id),
        (topics.CONTACTS, ContactSealed(ticket_id=TICKET, sealed="x", locale=Locale.INDONESIAN, key_id="k"), None),
        (topics.TICKETS, ROUTED, None),
        (DISHUB, ROUTED.model_copy(update={"report": REPORT}), None),
        (topics.TICKETS, SEEN, None),
        (DISHUB, SEEN, None),
        (WEB, STATUS, None),
        (topics.SLA, STARTED, None),
        (topics.SLA, MET, None),
        (topics.BREACHES, BREACHED, None),
        (DISHUB, BREACHED, None),
        (topics.DELIVERIES, SENT, None),
    ):
        if topic != without:
            story.publish(topic, data, id=None if topic == topics.TICKETS else f"{topic}/{data.TYPE}", cause=cause)
    return story
