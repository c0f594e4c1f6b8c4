"""Finds open tickets in a collection in memory, as its indexes would."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.routing.domain.duplicates.candidates import Neighbour
from services.routing.domain.duplicates.similar_reports import OpenReport
from services.routing.domain.ticket.state import Filed, Held, InTriage, Ticket, WithAgency
from services.routing.neighbours import Listing, open_report
from tests.fakes.memory import MemoryStore


class MemoryNeighbours:
    """Looks at every document; gives way as the collection does."""

    def __init__(self, store: MemoryStore[Any]) -> None:
        self.store = store

    async def findable_since(self, since: datetime | None, limit: int) -> Sequence[str]:
        await self.store.step("load")
        dated = [
            (ticket.findable_since, ticket.id)
            for ticket in self._findable()
            if ticket.findable_since is not None and (since is None or ticket.findable_since >= since)
        ]
        await self.store.step("loaded")
        return [id_ for _, id_ in sorted(dated, reverse=True)[:limit]]

    async def keys_of(self, ids: Collection[str]) -> Mapping[str, Sequence[int]]:
        await self.store.step("load")
        keys = {ticket.id: ticket.sketch.bands for ticket in self._findable() if ticket.sketch is not None}
        await self.store.step("loaded")
        return {id_: keys[id_] for id_ in ids if id_ in keys}

    async def joinable(self, ids: Collection[str]) -> Sequence[Neighbour]:
        await self.store.step("load")
        wanted = set(ids).intersection([ticket.id for ticket in self._findable()])
        found = [neighbour_of(self.store.documents[id_].state) for id_ in ids if id_ in wanted]
        await self.store.step("loaded")
        return found

    def _findable(self) -> Iterator[Ticket]:
        for document in self.store.documents.values():
            match document.state:
                case Filed(ticket) if ticket.findable:
                    yield ticket

    async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
        await self.store.step("load")
        found = {each: self._listing(each) for each in kelurahan}
        await self.store.step("loaded")
        return found

    def _listing(self, kelurahan: str) -> Listing:
        listed = sorted(self._listed_in(kelurahan), key=lambda ticket: ticket.accepted_at, reverse=True)
        return Listing([one.id for one in listed], {one.id: one.cluster for one in listed if one.cluster})

    def _listed_in(self, kelurahan: str) -> Iterator[Ticket]:
        for document in self.store.documents.values():
            match document.state:
                case Filed(ticket, InTriage() | WithAgency() | Held()) if not (
                    ticket.parent or ticket.report.confidential
                ):
                    place = ticket.report.location
                    if place is not None and place.kelurahan == kelurahan:
                        yield ticket

    async def reports_of(self, ids: Collection[str]) -> Mapping[str, OpenReport]:
        found = [self.store.documents[id_].state.ticket for id_ in ids if id_ in self.store.documents]
        return {one.id: open_report(one.tracking_id, one.report.title, one.report.body) for one in found}


def neighbour_of(filed: Filed) -> Neighbour:
    """Return what others may know of a ticket that they may join."""
    ticket = filed.ticket
    assert ticket.sketch is not None
    return Neighbour(
        ticket.id, ticket.accepted_at, ticket.category, ticket.report.location, ticket.sketch, filed.situation.agency
    )
