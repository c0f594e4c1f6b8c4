"""A ticket about which agency and reporter never come to an end, in all four services, and its documents' bytes."""

from datetime import timedelta
from typing import Any

import bson

from services.intake.store import STATE as INTAKE
from services.notify.store import STATE as NOTIFY
from services.routing.store import STATE as ROUTING
from services.sla.store import STATE as SLA
from shared import topics
from shared.delivery.documents.codec import DocumentCodec
from shared.events import AnswerTicket, Command, HoldReason, HoldTicket, ProgressTicket, ReplyToTicket, ResumeTicket
from shared.senders import sender_of
from tests.builders import event, submitted
from tests.component.city import WEB, City
from tests.fakes.handler_harness import HandlerHarness

CODECS: dict[str, DocumentCodec[Any]] = {
    "intake": DocumentCodec(INTAKE), "routing": DocumentCodec(ROUTING), "sla": DocumentCodec(SLA),
    "notify": DocumentCodec(NOTIFY),
}  # fmt: skip
SAID = "Petugas sudah datang, tetapi lubangnya masih ada. " * 18
BATCH = 100


async def reported(city: City, number: int = 1) -> str:
    """File a report; return its ticket."""
    before = set(city.routing.store.documents)
    await city.receive(
        topics.submitted_topic("web"), submitted(source_id=str(number), location={"kelurahan": "Ciputat"}), WEB
    )
    (ticket,) = set(city.routing.store.documents) - before
    return ticket


def state_of(harness: HandlerHarness, ticket: str) -> Any:
    """Return what a service knows of a ticket."""
    return harness.store.documents[ticket].state


def sizes(city: City, ticket: str) -> dict[str, int]:
    """Return the bytes of a ticket's document in each service, as the database stores them."""
    return {
        service: len(bson.encode(CODECS[service].encode(harness.store.documents[ticket])))
        for harness in city.harnesses
        if ticket in harness.store.documents
        for service in [harness.handler.service]
    }


def talked(ticket: str, number: int) -> tuple[Command, ...]:
    """Return what an agency and a reporter say who never come to an end."""
    return (
        ProgressTicket(ticket_id=ticket, note=f"{number} {SAID}"),
        ReplyToTicket(ticket_id=ticket, text=f"{number} {SAID}"),
        AnswerTicket(ticket_id=ticket, answer=f"{number} {SAID}", final=False),
        ProgressTicket(ticket_id=ticket, note=f"{number} again {SAID}"),
    )


def held(ticket: str, number: int) -> tuple[Command, ...]:
    """Return what moves clocks most: the agency asks, the reporter replies, the agency goes on."""
    return (
        HoldTicket(ticket_id=ticket, reason=HoldReason.NEEDS_REPORTER, question=f"{number} {SAID}"),
        ReplyToTicket(ticket_id=ticket, text=f"{number} {SAID}"),
        ResumeTicket(ticket_id=ticket, note=f"{number} {SAID}"),
        ProgressTicket(ticket_id=ticket, note=f"{number} {SAID}"),
    )


async def updated(city: City, ticket: str, updates: list[Command]) -> None:
    """Let everybody hear updates, a hundred at a time, a minute from one to the next."""
    agency = f"/agencies/{state_of(city.routing, ticket).situation.agency}"
    for start in range(0, len(updates), BATCH):
        for command in updates[start : start + BATCH]:
            source = WEB if isinstance(command, ReplyToTicket) else agency
            sender = sender_of(source)
            assert sender is not None
            city.clock.at += timedelta(minutes=1)
            city.notify.publish(sender.updates_topic, event(command, source=source, at=city.clock.now()))
        await city.settle()
