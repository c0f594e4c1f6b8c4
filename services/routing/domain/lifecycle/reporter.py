"""What a reporter says about a ticket; never whether the sender speaks for that reporter."""

from datetime import timedelta

from services.routing.domain.clusters.broadcast import hand_over
from services.routing.domain.lifecycle.splitting import withdraw_parts
from services.routing.domain.ticket.refusals import (
    CONFIRMED_BEFORE,
    NOT_STOPPED,
    STOPPED_BEFORE,
    WINDOW_CLOSED,
    WITHDRAWN_BEFORE,
    wrong_state,
)
from services.routing.domain.ticket.state import (
    Answered,
    Closed,
    Held,
    InTriage,
    Situation,
    Split,
    Stage,
    WithAgency,
    Withdrawn,
    name_of,
)
from services.routing.domain.ticket.transition import Outcome, Transition, leave_hold
from shared import events
from shared.events import MessageScope
from shared.topics import TICKETS

SPLIT = "split"  # what is said about a divided ticket concerns one of its parts, and it must be said which


def reply(transition: Transition, situation: Situation, asked: events.ReplyToTicket) -> Outcome:
    """The reporter writes; a hold that waits for the reporter ends with it."""
    if not isinstance(situation, InTriage | WithAgency | Held | Answered):
        return wrong_state(name_of(situation))
    replied = transition.add_fact(events.ReporterReplied, situation, text=asked.text, attachments=asked.attachments)
    if isinstance(situation, Held) and situation.reason is events.HoldReason.NEEDS_REPORTER:
        return leave_hold(replied, situation)
    return replied


def confirm(transition: Transition, situation: Situation, asked: events.ConfirmTicket) -> Outcome:
    """The reporter is content: the ticket is closed by the reporter."""
    match situation:
        case Answered(agency):
            closed = Closed(agency, events.ClosedBy.REPORTER, max(transition.at, transition.ticket.at))
            return transition.add_fact(
                events.TicketClosed,
                closed,
                by=events.ClosedBy.REPORTER,
                rating=asked.rating,
                comment=asked.comment,
            )
        case Closed() if transition.ticket.parts:
            return wrong_state(SPLIT)
        case Closed(by=events.ClosedBy.REPORTER):
            return CONFIRMED_BEFORE
        case Closed():
            return WINDOW_CLOSED
        case _:
            return wrong_state(name_of(situation))


def dispute(
    transition: Transition, situation: Situation, asked: events.DisputeTicket, reopen_within: timedelta
) -> Outcome:
    """The reporter is not content: the agency goes on, also within *reopen_within* after closing by the system."""
    match situation:
        case Closed() if transition.ticket.parts:
            return wrong_state(SPLIT)
        case Closed(by=events.ClosedBy.SYSTEM) if transition.at - situation.at > reopen_within:
            return WINDOW_CLOSED
        case Answered(str(agency)) | Closed(str(agency), events.ClosedBy.SYSTEM):
            return transition.add_fact(events.TicketReopened, WithAgency(agency, Stage.REOPENED), reason=asked.reason)
        case _:
            return wrong_state(name_of(situation))


def withdraw(transition: Transition, situation: Situation, reason: str | None = None) -> Outcome:
    """The reporter takes the report back, at any time before its end; with all its parts, if it is divided."""
    match situation:
        case Split():
            return withdraw_parts(transition.add_fact(events.TicketWithdrawn, Withdrawn(None), reason=reason))
        case InTriage(agency) | WithAgency(agency) | Held(agency) | Answered(agency):
            return hand_over(transition.add_fact(events.TicketWithdrawn, Withdrawn(agency), reason=reason))
        case Withdrawn():
            return WITHDRAWN_BEFORE
        case _:
            return wrong_state(name_of(situation))


def stop_messages(transition: Transition, situation: Situation, scope: MessageScope) -> Outcome:
    """The reporter wants no more messages, also after the end; the agency, whose work goes on, need not know.

    What holds for an address over all tickets is notify's to know, and said each time.
    """
    if scope is MessageScope.TICKET:
        if transition.ticket.messages_stopped:
            return STOPPED_BEFORE
        transition = transition.change(messages_stopped=True)
    return transition.add_fact_on(events.MessagesStopped, situation, (TICKETS,), scope=scope)


def resume_messages(transition: Transition, situation: Situation, scope: MessageScope) -> Outcome:
    """The reporter takes a stop of that scope back."""
    if scope is MessageScope.TICKET:
        if not transition.ticket.messages_stopped:
            return NOT_STOPPED
        transition = transition.change(messages_stopped=False)
    return transition.add_fact_on(events.MessagesResumed, situation, (TICKETS,), scope=scope)
