"""Takes ended tickets out of the collections: into the archive first, then out of routing, sla and notify."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from services.notify.tooling import SealedContact, archived_notices, notify_store
from services.routing.tooling import Filed, archived, last_event_at, routing_store
from services.sla.tooling import archived_clocks, archived_history, ended_at, sla_store
from shared.adapters.mongo.outages import outages_are_transient
from shared.adapters.mongo.store import MongoStore
from shared.delivery.documents.codec import Raw
from shared.delivery.documents.document import Document
from shared.delivery.outgoing import Outgoing
from shared.events.envelope import stamp
from shared.identities.masker import Masker
from shared.policy.retention import Retention
from shared.process.settings import MongoSettings
from shared.topics import CONTACTS
from tindak.client.kafka import Client
from tindak.retention.archive import Archive

LOOK_EVERY_SECONDS = 0.1
TICKETS_MAX = 500  # in one step: so many stand in the archive before the first of them leaves
ENDED = {"state.kind": "filed", "state.situation.kind": {"$in": ["closed", "archived", "withdrawn"]}}
LAST_EVENT_AT = "state.ticket.at"
NEEDED_BY = {"cluster": "state.ticket.cluster", "parent": "state.ticket.parent"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket that may leave, as routing knows it."""

    held: Document[Any]
    filed: Filed
    last_event_at: datetime


class Stores:
    """The three collections that a ticket leaves, until `close`; quarantined documents are left alone."""

    def __init__(self, mongo: MongoSettings) -> None:
        self.routing: MongoStore[Any] = routing_store(mongo)
        self.sla: MongoStore[Any] = sla_store(mongo)
        self.notify: MongoStore[Any] = notify_store(mongo, marks=False)

    def close(self) -> None:
        """Close all connections."""
        for store in (self.routing, self.sla, self.notify):
            store.close()


@dataclass(frozen=True, slots=True)
class Leaving:
    """What tickets leave by.

    Args:
        stores: The collections.
        client: As the administrator, who may write the topic of contacts.
        wait_seconds: How long notify may take to forget a contact.
    """

    stores: Stores
    client: Client
    retention: Retention
    now: datetime
    wait_seconds: float


async def candidates(stores: Stores, retention: Retention, now: datetime) -> list[Candidate]:
    """Return the tickets that leave now: ended long enough, everything said, and needed by no other that stays.

    A ticket that leads others, or is divided, waits until those that name it have left; they may leave with it.

    Raises:
        TransientError: The database cannot be asked.
    """
    found: dict[str, Candidate] = {}
    after = ""
    # Texts of RFC 3339 in UTC, which stand in the order of their instants but for fractions of a second.
    long_ago = {LAST_EVENT_AT: {"$lte": stamp(now - retention.ended_tickets)}}
    while documents := await stores.routing.read({**ENDED, **long_ago, "_id": {"$gt": after}}, limit=TICKETS_MAX):
        after = max(document.id for document in documents)
        for document in documents:
            if isinstance(document, Document) and (ready := _ready(document, retention, now)):
                found[ready.held.id] = ready
    return list(_unneeded(found, await _named_by(stores)))


def _ready(document: Document[Any], retention: Retention, now: datetime) -> Candidate | None:
    at = last_event_at(document.state)
    if at is None or at + retention.ended_tickets > now or document.pending or document.due_at is not None:
        return None
    return Candidate(document, cast(Filed, document.state), at)


async def _named_by(stores: Stores) -> Mapping[str, Collection[str]]:
    """Return by ticket which other tickets of the collection name it as the one they follow or are parts of."""
    named: dict[str, set[str]] = {}
    wanted = {"$or": [{path: {"$type": "string"}} for path in NEEDED_BY.values()]}
    fields = {name: f"${path}" for name, path in NEEDED_BY.items()}
    async with outages_are_transient():
        async for raw in stores.routing.collection.find(wanted, fields):
            for name in NEEDED_BY:
                if raw.get(name):
                    named.setdefault(raw[name], set()).add(raw["_id"])
    return named


def _unneeded(found: Mapping[str, Candidate], named_by: Mapping[str, Collection[str]]) -> Iterator[Candidate]:
    """Yield those that only tickets that leave with them still name; each behind those that name it."""
    leaving: set[str] = set()
    while True:
        ready = [id_ for id_ in found.keys() - leaving if all(other in leaving for other in named_by.get(id_, ()))]
        if not ready:
            return
        for id_ in sorted(ready):
            yield found[id_]
        leaving.update(ready)


async def archive(leaving: Leaving, tickets: Sequence[Candidate], folder: Archive, masker: Masker) -> int:
    """Write *tickets* into the archive, then take them out of the collections; return how many have left routing.

    Before that, notify forgets the contact of each. Whoever dies in between leaves tickets in both; the next time they
    are written in the place of themselves. One that somebody changes meanwhile stays, and is written anew when its time
    has come again.

    Raises:
        TransientError: The database cannot be asked; what has been done by then stands.
        Failure: The broker refuses, or the archive cannot be written; nothing of that step has left.
    """
    left, stores, now = 0, leaving.stores, leaving.now
    for start in range(0, len(tickets), TICKETS_MAX):
        some = tickets[start : start + TICKETS_MAX]
        notices = await _without_contacts(leaving, [ticket.held.id for ticket in some])
        some = [ticket for ticket in some if not _has_contact(notices.get(ticket.held.id))]
        clocks = await stores.sla.load([ticket.held.id for ticket in some])
        folder.add(_line(ticket, clocks, notices, masker, now) for ticket in some)
        for ticket in some:
            if await _delete(stores.routing, ticket.held):
                left += 1
                await _delete_beside(leaving, ticket, clocks.get(ticket.held.id), notices.get(ticket.held.id))
    return left


async def _without_contacts(leaving: Leaving, ids: Sequence[str]) -> Mapping[str, Any]:
    """Return what notify knows of these tickets once it has forgotten their contacts, or when it takes too long.

    A tombstone lets go of a contact in notify and on the compacted topic, where it would stay for good. Else a topic
    that is read once more would bring it back.
    """
    notices = await leaving.stores.notify.load(ids)
    sealed = [id_ for id_ in ids if _has_contact(notices.get(id_))]
    if not sealed:
        return notices
    await leaving.client.publish([Outgoing(id_, CONTACTS, id_, None) for id_ in sealed])
    deadline = asyncio.get_running_loop().time() + leaving.wait_seconds
    while any(map(_has_contact, notices.values())) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        notices = await leaving.stores.notify.load(ids)
    return notices


def _has_contact(found: object) -> bool:
    """Return whether a contact is known of a ticket, or nobody can tell."""
    if not isinstance(found, Document):
        return found is not None
    return found.state is not None and isinstance(found.state.contact, SealedContact)


def _line(
    ticket: Candidate, clocks: Mapping[str, Any], notices: Mapping[str, Any], masker: Masker, now: datetime
) -> dict[str, Any]:
    clock, notice = _state_of(clocks.get(ticket.held.id)), _state_of(notices.get(ticket.held.id))
    return archived(ticket.filed, masker.mask) | {
        "archived_at": stamp(now.replace(microsecond=0)),
        "history": archived_history(clock) if clock else [],
        "clocks": archived_clocks(clock) if clock else [],
        "notices": archived_notices(notice) if notice else [],
    }


def _state_of(found: object) -> Any:
    return found.state if isinstance(found, Document) else None


async def _delete_beside(leaving: Leaving, ticket: Candidate, clock: object, notice: object) -> None:
    """Take out what sla and notify know of a ticket, unless something is still to be done or kept there.

    notify keeps the head of the chain of facts about its contact for as long as these are kept; the rest the database
    drops some time later.
    """
    if isinstance(clock, Document) and clock.state is not None and ended_at(clock.state) and not clock.pending:
        await _delete(leaving.stores.sla, clock)
    if not isinstance(notice, Document) or notice.state is None or notice.pending or notice.due_at is not None:
        return
    needed_at = max((ticket.last_event_at, *notice.state.audit.opened_at[-1:]))
    if needed_at + leaving.retention.ended_tickets <= leaving.now:
        await _delete(leaving.stores.notify, notice)


async def _delete(store: MongoStore[Any], document: Document[Any]) -> bool:
    """Delete a document unless somebody has changed it; return whether it is gone."""
    unchanged: Raw = {"_id": document.id, "rev": document.revision}
    async with outages_are_transient():
        return bool((await store.collection.delete_one(unchanged)).deleted_count)


def months_of(tickets: Iterable[Candidate]) -> dict[str, int]:
    """Return by month, as ``2026-11``, how many of *tickets* ended in it."""
    found: dict[str, int] = {}
    for ticket in tickets:
        month = stamp(ticket.last_event_at)[:7]
        found[month] = found.get(month, 0) + 1
    return dict(sorted(found.items()))
