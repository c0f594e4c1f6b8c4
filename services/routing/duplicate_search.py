"""Searches duplicates of the new reports of a batch: those that they may join, and similar ones for people to judge."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import structlog

from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.duplicates.candidates import Search, search_for
from services.routing.domain.duplicates.similar_reports import SIMILAR_MAX, OpenReport, SimilarityIndex, SimilarReport
from services.routing.domain.ticket.state import Filed, State
from services.routing.listings import RememberedListings
from services.routing.neighbours import Listing, Neighbours, open_report
from shared.delivery.ports import PermanentError, TransientError
from shared.events import ComplaintAccepted, Event

READ_MAX = 1_000  # reports that are read for a batch; a process that has just started sees the newest first
REPORTS_REMEMBERED_MAX = 15_000  # of all kelurahan; 2 KB each

log = structlog.get_logger()


def new_complaints(waiting: Iterable[tuple[State | None, Event]]) -> Mapping[str, ComplaintAccepted]:
    """Return the complaints that are filed by what *waiting* holds, by ticket."""
    return {
        event.data.ticket_id: event.data
        for state, event in waiting
        if isinstance(event.data, ComplaintAccepted) and not isinstance(state, Filed)
    }


def searches_of(policy: RoutingPolicy, complaints: Iterable[ComplaintAccepted]) -> list[Search]:
    """Return what to search for those reports that may be followed with others, in the order of their acceptance."""
    found = [one for complaint in complaints if (one := search_of(policy, complaint)) is not None]
    return sorted(found, key=lambda one: (one.itself.accepted_at, one.itself.id))


def search_of(policy: RoutingPolicy, complaint: ComplaintAccepted) -> Search | None:
    """Return what to search for one report; None if it stays alone."""
    category = policy.category_of(complaint.category)
    if category is not None and category.personal:
        return None
    rulebook, code = policy.rulebook, category.code if category else complaint.category
    return search_for(policy.clusters, rulebook.book, rulebook.first_words, complaint, code)


class SimilarReports:
    """Finds the open reports of a kelurahan that are most like new ones.

    Keeps of each open report what is compared.

    Args:
        neighbours: Where the reports of open tickets are found.
        listings: Says which are open; other processes of routing have a part of them.
    """

    def __init__(self, neighbours: Neighbours, listings: Neighbours | RememberedListings | None = None) -> None:
        self.neighbours = neighbours
        self.listings = neighbours if listings is None else listings
        self.indexes: OrderedDict[str, SimilarityIndex] = OrderedDict()

    async def of(self, complaints: Iterable[ComplaintAccepted]) -> dict[str, tuple[SimilarReport, ...]]:
        """Return the similar reports by ticket, one more than people are shown: one of them may be joined.

        A confidential report is neither compared nor ever found. What cannot be looked up now is left out; routing
        does not wait for it.
        """
        by_kelurahan: dict[str, list[ComplaintAccepted]] = defaultdict(list)
        for complaint in complaints:
            place = complaint.location
            if place is not None and place.kelurahan is not None and not complaint.confidential:
                by_kelurahan[place.kelurahan].append(complaint)
        if not by_kelurahan:
            return {}
        try:
            listings = await self.listings.listed_in(by_kelurahan)
            unread = [id_ for kelurahan, listing in listings.items() for id_ in self._unread(kelurahan, listing)]
            read = await self.neighbours.reports_of(unread[:READ_MAX]) if unread else {}
        except (TransientError, PermanentError, TimeoutError) as error:
            log.warning("similar reports are left out", kelurahan=len(by_kelurahan), error=type(error).__name__)
            return {}
        if len(listings) < len(by_kelurahan):
            log.warning(
                "similar reports are left out", kelurahan=len(by_kelurahan) - len(listings), error="TimeoutError"
            )
        found: dict[str, tuple[SimilarReport, ...]] = {}
        for kelurahan, listing in listings.items():
            found |= self._ranked(kelurahan, listing, read, by_kelurahan[kelurahan])
        while sum(map(len, self.indexes.values())) > REPORTS_REMEMBERED_MAX:
            self.indexes.popitem(last=False)
        return found

    def _unread(self, kelurahan: str, listing: Listing) -> list[str]:
        index = self.indexes.get(kelurahan)
        return list(listing.ids) if index is None else index.unknown(listing.ids)

    def _ranked(
        self, kelurahan: str, listing: Listing, read: Mapping[str, OpenReport], new: Sequence[ComplaintAccepted]
    ) -> dict[str, tuple[SimilarReport, ...]]:
        index = self.indexes.setdefault(kelurahan, SimilarityIndex())
        self.indexes.move_to_end(kelurahan)
        index.keep(listing.ids, read)
        found: dict[str, tuple[SimilarReport, ...]] = {}
        for complaint in sorted(new, key=lambda one: (one.accepted_at, one.ticket_id)):
            itself, report = complaint.ticket_id, open_report(complaint.tracking_id, complaint.title, complaint.body)
            found[itself] = index.most_similar(report.vector, itself, listing.leaders, SIMILAR_MAX + 1)
            index.add(itself, report)
        return found
