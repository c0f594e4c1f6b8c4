"""What an agency does with a ticket that it has; never whether the sender is that agency."""

from services.routing.domain.agency_choice.cascade import Declined, decide_after_decline
from services.routing.domain.agency_choice.prediction import MaybePrediction
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.agency_choice.verdict import Chosen
from services.routing.domain.clusters.broadcast import pass_answer_on
from services.routing.domain.ticket.refusals import (
    ACKNOWLEDGED_BEFORE,
    CLOCK_SKEW_MAX,
    HELD_FOR_THAT,
    NOT_HELD,
    UNTIL_PASSED,
    wrong_state,
)
from services.routing.domain.ticket.state import Answered, Held, InTriage, Situation, Stage, WithAgency, name_of
from services.routing.domain.ticket.tenures import spent, with_reason
from services.routing.domain.ticket.transition import Outcome, Transition, leave_hold
from shared import events
from shared.values import replace


def acknowledge(transition: Transition, situation: Situation, asked: events.AcknowledgeTicket) -> Outcome:
    """The agency has seen it."""
    match situation:
        case WithAgency(stage=Stage.ROUTED | Stage.REOPENED) | Held(stage=Stage.ROUTED | Stage.REOPENED):
            seen = replace(situation, stage=Stage.ACKNOWLEDGED)
            return transition.add_fact(events.TicketAcknowledged, seen, note=asked.note)
        case WithAgency() | Held() | Answered():
            return ACKNOWLEDGED_BEFORE
        case _:
            return wrong_state(name_of(situation))


def progress(transition: Transition, situation: Situation, asked: events.ProgressTicket) -> Outcome:
    """The agency tells how far it is; a hold goes on."""
    if not isinstance(situation, WithAgency | Held):
        return wrong_state(name_of(situation))
    at_work = replace(situation, stage=Stage.IN_PROGRESS)
    return transition.add_fact(events.TicketProgressed, at_work, note=asked.note, attachments=asked.attachments)


def answer(transition: Transition, situation: Situation, asked: events.AnswerTicket) -> Outcome:
    """The agency answers; a final answer ends its work, and a hold with it."""
    if not isinstance(situation, WithAgency | Held):
        return wrong_state(name_of(situation))
    about = {"answer": asked.answer, "attachments": asked.attachments, "final": asked.final}
    if not asked.final:
        answered = transition.add_fact(events.TicketAnswered, replace(situation, stage=Stage.IN_PROGRESS), **about)
        return pass_answer_on(answered, situation.agency, asked)
    transition = leave_hold(transition, situation) if isinstance(situation, Held) else transition
    transition = transition.change(answers=transition.ticket.answers + 1)
    return pass_answer_on(
        transition.add_fact(events.TicketAnswered, Answered(situation.agency), **about), situation.agency, asked
    )


def decline(
    transition: Transition,
    situation: Situation,
    asked: events.DeclineTicket,
    policy: RoutingPolicy,
    prediction: MaybePrediction,
) -> Outcome:
    """Bukan wewenang: never ends the ticket; the agency that was named gets it, or an officer decides."""
    if not isinstance(situation, WithAgency | Held):
        return wrong_state(name_of(situation))
    transition = leave_hold(transition, situation) if isinstance(situation, Held) else transition
    agency = situation.agency
    transition = transition.change(
        returns=transition.ticket.returns + 1, stays=with_reason(transition.ticket.stays, asked.reason)
    )
    given_back = transition.add_fact(
        events.TicketDeclined,
        WithAgency(agency, situation.stage),
        reason=asked.reason,
        suggested_agency=asked.suggested_agency,
    )
    ticket = given_back.ticket
    declined = Declined(
        ticket.report, agency, asked.suggested_agency, ticket.agencies, ticket.returns, spent(ticket.stays, ticket.at),
        prediction,
    )  # fmt: skip
    match decide_after_decline(policy, declined):
        case Chosen() as choice:
            return given_back.route(choice, policy)
        case undecided:
            return given_back.triage(undecided, policy)


def hold(transition: Transition, situation: Situation, asked: events.HoldTicket) -> Outcome:
    """Tunda: work waits for somebody or something."""
    match situation:
        case WithAgency() if asked.until is not None and asked.until <= transition.at - CLOCK_SKEW_MAX:
            return UNTIL_PASSED
        case WithAgency(agency, stage):
            held = Held(agency, stage, asked.reason, asked.question, asked.until)
            if asked.reason is events.HoldReason.NEEDS_REPORTER:
                transition = transition.change(questions=transition.ticket.questions + 1)
            return transition.add_fact(
                events.TicketHeld, held, reason=asked.reason, question=asked.question, until=asked.until
            )
        case Held(reason=asked.reason, question=asked.question, until=asked.until):
            return HELD_FOR_THAT
        case _:
            return wrong_state(name_of(situation))


def resume(transition: Transition, situation: Situation, asked: events.ResumeTicket) -> Outcome:
    """Work goes on."""
    match situation:
        case Held():
            return leave_hold(transition, situation, asked.note)
        case WithAgency() | InTriage() | Answered():
            return NOT_HELD
        case _:
            return wrong_state(name_of(situation))
