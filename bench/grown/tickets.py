"""Real tickets to copy, open and ended, and collections filled with copies of them."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection

from bench.grown.copies import Copier, Raw, Ticket
from bench.grown.meter import SUBMITTED, come
from bench.meters.progress import Progress, on_the_way
from bench.whole.complaints import CHANNEL, first, send
from bench.whole.place import Place
from shared.adapters.mongo.client import COLLECTION
from shared.delivery.outgoing import Outgoing
from shared.events import AnswerTicket, ConfirmTicket
from shared.events.envelope import stamp
from shared.topics import SERVICES
from tests.servers.addresses import Namespace
from tindak.client.envelopes import update
from tindak.client.kafka import Client

Database = MongoClient[dict[str, Any]]

WITHIN_SECONDS = 600
OPEN_SHARE = 0.05
"""Of all stored tickets: a month open of 520 days stored."""
BATCH, WRITERS = 500, 3
RUN = "copied"


async def made(there: Place, own: Namespace, count: int) -> list[Ticket]:
    """Return so many tickets that the running services have made of complaints; about half have ended.

    Raises:
        TimeoutError: Not all was handled in time.
    """
    progress = Progress(own, on_the_way(there.topics, CHANNEL, updates=True), {})
    with there.database() as database:
        try:
            send(own.servers.bootstrap_servers, [(own.prefix + SUBMITTED, each) for each in first(count, RUN)])
            progress.until_handled(WITHIN_SECONDS, come(count))
            ending = [each for each in _stored(database, own) if each.agency is not None][: count // 2]
            async with Client(own.kafka) as client:
                for step in zip(*map(_life, ending), strict=True):
                    await client.publish(step)
                    progress.until_handled(WITHIN_SECONDS)
        finally:
            progress.close()
        found = list(_stored(database, own))
    if not {True, False} <= {each.is_open for each in found}:
        raise AssertionError("no tickets have ended, or all")
    return found


def _life(ticket: Ticket) -> tuple[Outgoing, ...]:
    """Return what ends a ticket: its agency answers, its reporter is content."""
    now = datetime.now(UTC)
    answer = AnswerTicket(ticket_id=ticket.id, answer="Sudah diperbaiki, silakan dicek kembali.", final=True)
    return (
        update(answer, f"/agencies/{ticket.agency}", now),
        update(ConfirmTicket(ticket_id=ticket.id, rating=5), f"/channels/{CHANNEL}", now),
    )


def _stored(database: Database, own: Namespace) -> Iterator[Ticket]:
    """Yield the tickets of the run that all services have stored."""
    prefix = {"state.ticket.source_id": {"$regex": f"^{RUN}-"}}
    ids = [raw["_id"] for raw in _tickets(database, own, "routing").find(prefix, {"_id": 1})]
    by_ticket: dict[str, dict[str, Any]] = defaultdict(dict)
    for service in SERVICES:
        for raw in _tickets(database, own, service).find({"_id": {"$in": ids}}):
            by_ticket[raw["_id"]][service] = raw
    for id_ in ids:
        if len(by_ticket[id_]) == len(SERVICES):
            yield Ticket(id_, by_ticket[id_])


def fill(database: Database, own: Namespace, tickets: Sequence[Ticket], numbers: range) -> None:
    """Store one copy for each number in every service's collection, ended ones first, then open ones in proportion."""
    waiting: list[Future[None]] = []
    with ThreadPoolExecutor(WRITERS) as writers:
        for batch in _batches(tickets, numbers):
            waiting += [writers.submit(_insert, database, own, service, raws) for service, raws in batch.items()]
            while len(waiting) > WRITERS * len(SERVICES):
                waiting.pop(0).result()
        for each in waiting:
            each.result()


def _insert(database: Database, own: Namespace, service: str, raws: Sequence[RawBSONDocument]) -> None:
    # What is not journalled is quicker; nobody needs these documents after a crash.
    into = _tickets(database, own, service).with_options(write_concern=WriteConcern(1, j=False))
    into.insert_many(raws, ordered=False, bypass_document_validation=True)


def _batches(tickets: Sequence[Ticket], numbers: range) -> Iterator[dict[str, list[RawBSONDocument]]]:
    """Yield copies by service, some hundred at a time; the same ones for the same tickets and numbers."""
    pools: dict[str | None, list[int]] = defaultdict(list)
    for ticket in tickets:
        pools[ticket.kelurahan].extend(ticket.keys)
    copiers = [Copier(ticket, pools[ticket.kelurahan]) for ticket in tickets]
    still_open = [copier for copier in copiers if copier.is_open]
    ended = [copier for copier in copiers if not copier.is_open]
    draw, now = random.Random(numbers.start), datetime.now(UTC)
    # What is open came last, and so lies together at the end of the collection.
    opened_from = numbers.stop - round(len(numbers) * OPEN_SHARE)
    for start in range(numbers.start, numbers.stop, BATCH):
        batch: dict[str, list[RawBSONDocument]] = defaultdict(list)
        for number in range(start, min(start + BATCH, numbers.stop)):
            copier = draw.choice(still_open if number >= opened_from else ended)
            for service, raw in copier.copy(number, draw, now).items():
                batch[service].append(raw)
        yield batch


def remove(database: Database, own: Namespace, since: datetime) -> None:
    """Remove what was accepted from an instant on, so that the next complaints meet none of the ones before."""
    wanted = {"state.accepted_at": {"$gte": stamp(since)}}
    ids = [raw["_id"] for raw in _tickets(database, own, "intake").find(wanted, {"_id": 1})]
    for service in SERVICES:
        _tickets(database, own, service).delete_many({"_id": {"$in": ids}})


def _tickets(database: Database, own: Namespace, service: str) -> Collection[Raw]:
    return database[own.prefix + service][COLLECTION]
