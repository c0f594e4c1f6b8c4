"""Which reports of a batch a text model is asked about: those that the rules alone leave to an officer."""

from collections.abc import Sequence

from services.routing.domain.evidence import read
from services.routing.domain.filing import report_of, verdict_on
from services.routing.domain.opinion import Question
from services.routing.domain.rules import RoutingPolicy
from services.routing.domain.state import Filed, State
from services.routing.domain.verdict import Undecided
from shared.events import ComplaintAccepted, DeclineTicket, Event


def questions(policy: RoutingPolicy, waiting: Sequence[tuple[State | None, Event]]) -> dict[str, Question]:
    """Return what a model is asked, by ticket: what the rules do not decide, and what an agency gives back.

    Whichever of a complaint and its return is heard first, the same is asked about the ticket.
    """
    declined = {event.data.ticket_id for _, event in waiting if isinstance(event.data, DeclineTicket)}
    asked: dict[str, Question] = {}
    for state, event in waiting:
        match state, event.data:
            case Filed(ticket), DeclineTicket():
                asked[ticket.id] = Question(ticket.report, ticket.category)
            case Filed(), _:
                continue
            case awaited, ComplaintAccepted() as complaint:
                report = report_of(complaint)
                comes_back = awaited is not None or complaint.ticket_id in declined
                if comes_back or isinstance(verdict_on(policy, complaint, read(policy, report)), Undecided):
                    category = policy.category_of(complaint.category)
                    asked[complaint.ticket_id] = Question(report, category.code if category else complaint.category)
    return asked
