"""Finds the open tickets that new reports may join: by an index in the process, which follows the database."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from services.routing.domain.duplicates.band_index import TICKETS_MAX, BandIndex
from services.routing.domain.duplicates.candidates import Neighbour, Search
from services.routing.domain.ticket.state import Filed
from services.routing.neighbours import Neighbours

FOLLOWED_SECONDS_MAX = 5.0  # so late, at most, it is known what other processes of routing have filed
# So much longer ago another process, whose clock may differ by half a minute, may have decided what it has saved since.
OVERLAP = timedelta(seconds=40)


class CandidateSearch:
    """Looks up by their keys which tickets a report may join; what is true of them now the database says.

    The index knows what this process has decided, saved or not, and what others had saved some seconds ago; it begins
    with what is stored. A ticket that nobody may join any more leaves it at the latest when it is looked up.

    Args:
        neighbours: Where tickets are stored.
        clock: Seconds that only grow.
    """

    def __init__(self, neighbours: Neighbours, clock: Callable[[], float] = time.monotonic) -> None:
        self.neighbours = neighbours
        self.clock = clock
        self.index = BandIndex()
        self._followed_at: float | None = None
        self._known_until: datetime | None = None  # what others had saved by then is in the index
        self._decided_at: datetime | None = None

    async def of(self, searches: Sequence[Search]) -> Sequence[Neighbour]:
        """Return the tickets that may be joined and that share a key with one of *searches*; of too many the nearest.

        Raises:
            TransientError: The database cannot be asked now.
        """
        if not searches:
            return ()
        await self._follow()
        ids = self.index.nearest([search.keys for search in searches])
        found = await self.neighbours.joinable(ids) if ids else ()
        self.index.discard(set(ids).difference([each.id for each in found]))
        return found

    async def _follow(self) -> None:
        now = self.clock()
        if self._followed_at is not None and now - self._followed_at < FOLLOWED_SECONDS_MAX:
            return
        known_until = self._decided_at
        since = None if self._known_until is None else self._known_until - OVERLAP
        newest_first = await self.neighbours.findable_since(since, TICKETS_MAX)
        unknown = [ticket for ticket in reversed(newest_first) if ticket not in self.index]
        for ticket, keys in (await self.neighbours.keys_of(unknown)).items() if unknown else ():
            self.index.add(ticket, keys)
        self._followed_at, self._known_until = now, known_until

    def note(self, filed: Filed, now: datetime) -> None:
        """Note how a ticket stands after a decision at the instant *now*, whether or not it is saved."""
        self._decided_at = now
        ticket = filed.ticket
        if ticket.findable and ticket.sketch is not None:
            self.index.add(ticket.id, ticket.sketch.bands)
        else:
            self.index.discard((ticket.id,))
