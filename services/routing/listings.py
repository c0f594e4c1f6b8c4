"""Remembers which tickets are open in each kelurahan, so that the database is not asked with every batch."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from services.routing.domain.clusters.membership import is_open
from services.routing.domain.duplicates.similar_reports import REPORTS_MAX
from services.routing.domain.ticket.state import Filed
from services.routing.neighbours import Listing, Neighbours

LISTED_SECONDS_MAX = 15.0  # so late, at most, it is known what other processes of routing have done
LISTED_MAX = 100_000  # tickets of all kelurahan, 0.2 KB each; of a city all, which are 11,000 at most


@dataclass(slots=True)
class _Remembered:
    listed_at: float
    tickets: dict[str, None]  # that are open, the oldest first
    leaders: dict[str, str]  # of those that follow another one

    def listing(self) -> Listing:
        """Return them as the database lists them, the newest first."""
        return Listing(list(reversed(self.tickets)), self.leaders.copy())

    def forget(self, ticket: str) -> None:
        """Have the ticket open no longer."""
        self.tickets.pop(ticket, None)
        self.leaders.pop(ticket, None)

    def remember(self, ticket: str, leader: str | None) -> None:
        """Have the ticket open, as the newest one if it was not yet; the oldest gives way where there are too many."""
        self.tickets[ticket] = None
        if leader is None:
            self.leaders.pop(ticket, None)
        else:
            self.leaders[ticket] = leader
        if len(self.tickets) > REPORTS_MAX:
            self.forget(next(iter(self.tickets)))


class RememberedListings:
    """The open tickets of kelurahan as they were listed at most `LISTED_SECONDS_MAX` ago, and what was decided since.

    They are what people are shown as similar, and nothing is decided by them: one that another process has ended in
    these seconds may still be shown, and one that it has filed is not shown yet.

    Args:
        neighbours: Lists them.
        clock: Seconds that only grow.
    """

    def __init__(self, neighbours: Neighbours, clock: Callable[[], float] = time.monotonic) -> None:
        self.neighbours = neighbours
        self.clock = clock
        self.kelurahan: dict[str, _Remembered] = {}

    async def listed_in(self, kelurahan: Collection[str]) -> Mapping[str, Listing]:
        """Return the open tickets of each kelurahan; what is left out and errors as of `Neighbours.listed_in`."""
        now = self.clock()
        self.kelurahan = {
            name: each for name, each in self.kelurahan.items() if now - each.listed_at < LISTED_SECONDS_MAX
        }
        asked = [name for name in kelurahan if name not in self.kelurahan]
        listed = await self.neighbours.listed_in(asked) if asked else {}
        for name, listing in listed.items():
            self.kelurahan[name] = _Remembered(now, dict.fromkeys(reversed(listing.ids)), dict(listing.leaders))
        found = {name: self.kelurahan[name].listing() for name in kelurahan if name in self.kelurahan}
        self._forget_oldest()
        return found

    def _forget_oldest(self) -> None:
        remembered = sum(len(each.tickets) for each in self.kelurahan.values())
        for name in list(self.kelurahan):
            if remembered <= LISTED_MAX:
                break
            remembered -= len(self.kelurahan.pop(name).tickets)

    def note(self, filed: Filed) -> None:
        """Note how a ticket stands after a decision, whether or not it is saved: the next list says what was."""
        ticket, place = filed.ticket, filed.ticket.report.location
        known = self.kelurahan.get(place.kelurahan) if place is not None and place.kelurahan is not None else None
        if known is None:
            return
        if not is_open(filed.situation) or ticket.parent or ticket.report.confidential or ticket.erased:
            known.forget(ticket.id)
        else:
            known.remember(ticket.id, ticket.cluster)
