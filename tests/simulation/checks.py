"""What must hold at rest: the audit of topics and documents, and what only a simulation can know beside it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from shared import topics
from shared.delivery.documents.document import Document
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.events import (
    AnswerOffered,
    Command,
    ComplaintAccepted,
    EraseReporter,
    MessagesStopped,
    ReplyToTicket,
    ReporterErased,
    ReporterReplied,
    ResendNotice,
    ResendRequested,
    StopMessages,
    SuppressionRequested,
    SuppressNotice,
    TicketAnswered,
    TicketArchived,
    TicketClosed,
    TicketDeclined,
    TicketFact,
    TicketHeld,
    TicketReclassified,
    TicketReopened,
    TicketResumed,
    TicketRouted,
    TicketSplit,
    TicketWithdrawn,
    TriageRequested,
    UpdateRefused,
)
from tests.fakes.handler_harness import NOON
from tests.simulation.forgetting import remembered
from tests.simulation.signature import named
from tindak.audit import audit
from tindak.audit.chain import Chains, Head, faults
from tindak.audit.ledger import Ledger

if TYPE_CHECKING:
    from tests.simulation.world import World

MOVING = {
    kind.TYPE
    for kind in (
        TicketRouted, TriageRequested, TicketAnswered, AnswerOffered, TicketDeclined, TicketHeld, TicketResumed,
        ReporterReplied, TicketReclassified, TicketReopened, TicketSplit, TicketClosed, TicketArchived, TicketWithdrawn,
    )
}  # fmt: skip


OF_EARLY: dict[type[Command], type[TicketFact]] = {
    ReplyToTicket: ReporterReplied, EraseReporter: ReporterErased, SuppressNotice: SuppressionRequested,
    StopMessages: MessagesStopped, ResendNotice: ResendRequested,
}  # fmt: skip
"""What an update becomes that came before its complaint: a fact whose cause is the complaint."""


def findings(world: "World") -> Iterator[str]:
    """Yield everything that is not as it must be once all has come to rest."""
    documents = {service: store.documents.values() for service, store in world.stores.items()}
    records = list(world.broker.records())
    ledger = Ledger.of(records, documents, ())
    quarantined, late = world.operator.quarantined()
    world.cast.raced |= late["routing"]
    world.cast.retold |= late["intake"]
    world.cast.resealed |= late["notify"]
    # What met a bug may have been read again once it was mended, before it was a dead letter.
    expected = world.outsider.dead_letters() | (ledger.dead & quarantined)
    yield from map(str, audit(records, documents, dead_letters=expected))
    yield from openings(records, documents["notify"])
    yield from world.noticed
    yield from world.outbox.audit(ledger, world.requests.suppressed)
    yield from world.provider.audit(ledger)
    yield from world.requests.audit(world.cast.forgotten | world.cast.taken_back)
    yield from world.outsider.audit(ledger)
    yield from unanswered(world, ledger)
    yield from uncommitted(world)
    yield from histories(ledger)
    yield from named(world, records)
    yield from remembered(world)


def dropped(before: Document[Any], after: Document[Any]) -> Iterator[Outgoing]:
    """Yield what a document held before a save and does not hold after it."""
    unpublished = [*before.pending]
    for event_id, answer in before.applied.items():
        if answer is not None and after.applied.get(event_id) is None:
            unpublished += answer.outgoing
    still = {event.reference for event in after.pending}
    kept = (*after.pending, *(event for answer in after.applied.values() if answer for event in answer.outgoing))
    # Of a compacted topic the last word alone counts.
    superseded = {event.topic for event in kept}.intersection(topics.COMPACTED)
    yield from (event for event in unpublished if event.reference not in still and event.topic not in superseded)


def unanswered(world: "World", ledger: Ledger) -> Iterator[str]:
    """Yield every update of somebody honest that has no answer."""
    told = ledger.facts[topics.TICKETS]
    answered = {(said.ticket, said.cause_id) for said in told}
    answered |= {
        (said.ticket, said.data["update_id"]) for topic in ledger.facts for said in ledger.of_type(topic, UpdateRefused)
    }
    filed = {said.id for said in ledger.of_type(topics.ACCEPTED, ComplaintAccepted)}
    waited = Counter((said.ticket, said.type) for said in told if said.cause_id in filed)
    for (ticket, update), command in world.cast.asked.items():
        if (ticket, update) in answered:
            continue
        fact = OF_EARLY.get(type(command))
        if fact is not None and waited[ticket, fact.TYPE]:
            waited[ticket, fact.TYPE] -= 1
        else:
            yield f"[updates] {command.TYPE} {update} for {ticket} was not answered"


def uncommitted(world: "World") -> Iterator[str]:
    """Yield every partition that a service has not committed to its end."""
    for service, group in world.groups.items():
        for place in group.places:
            committed, end = group.committed(place), len(world.broker.logs[place])
            if committed != end:
                yield f"[offsets] {service} has committed {place} up to {committed} of {end}"


def openings(records: Iterable[Record], documents: Iterable[Document[Any]]) -> Iterator[str]:
    """Yield every fault of the chains of facts about who opened a contact, held against the heads in notify."""
    states = [document.state for document in documents if document.state is not None]
    heads = {state.ticket_id: Head(state.audit.hash, state.audit.opened_at) for state in states}
    chains = Chains.of(record for record in records if record.topic == topics.AUDIT)
    yield from (f"[chain] {fault}" for fault in faults(chains, heads, heads, NOON))


def histories(ledger: Ledger) -> Iterator[str]:
    """Yield every ticket whose history sla has otherwise than it was told."""
    told: dict[str, set[int]] = {}
    for said in ledger.facts[topics.TICKETS]:
        if said.type in MOVING and said.data["version"] > 0:
            told.setdefault(said.ticket, set()).add(said.data["version"])
    for document in ledger.documents["sla"]:
        known = [] if document.state is None else [step.version for step in document.state.history]
        versions = sorted(told.get(document.id, ()))
        if known != versions:
            yield f"[history] sla has the versions {known} of {document.id}, told were {versions}"
