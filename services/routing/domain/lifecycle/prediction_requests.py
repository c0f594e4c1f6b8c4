"""Which reports of a batch a text model is asked about: the new ones, and those that an agency gives back."""

from collections.abc import Sequence

from services.routing.domain.agency_choice.prediction import Question
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.lifecycle.opening import report_of
from services.routing.domain.ticket.state import Filed, State
from shared.events import ComplaintAccepted, DeclineTicket, Event


def questions(policy: RoutingPolicy, waiting: Sequence[tuple[State | None, Event]]) -> dict[str, Question]:
    """Return what a model is asked, by ticket.

    Every new report is asked about, although the rules decide most of them alone: to find out first which they leave
    open costs more than the answer.
    """
    asked: dict[str, Question] = {}
    for state, event in waiting:
        match state, event.data:
            case Filed(ticket), DeclineTicket():
                asked[ticket.id] = Question(ticket.report, ticket.category)
            case Filed(), _:
                continue
            case _, ComplaintAccepted() as complaint:
                category = policy.category_of(complaint.category)
                code = category.code if category else complaint.category
                asked[complaint.ticket_id] = Question(report_of(complaint), code)
    return asked
