"""Prepares the search for duplicates of the new reports of a batch."""

from collections.abc import Iterable, Mapping

from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.duplicates.candidates import Search, search_for
from services.routing.domain.ticket.state import Filed, State
from shared.events import ComplaintAccepted, Event


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
    return search_for(policy.clusters, rulebook.book, rulebook.telling, complaint, code)
