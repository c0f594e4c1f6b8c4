"""What follows from the clocks of sla; never how long they run."""

from datetime import datetime

from services.routing.domain.clusters.broadcast import hand_over
from services.routing.domain.ticket.state import Answered, Archived, Closed, Filed, Held, State
from services.routing.domain.ticket.transition import Transition
from shared import events
from shared.events import Applied, Decision, Fact, Ignored
from shared.topics import agency_topic

Reminder = (
    events.ClockWarned | events.ClockBreached | events.BreachEscalated | events.BreachCleared | events.BreachCorrected
)

COMPLETION_WINDOW_EXPIRED = "completion_window_expired"


def close_unanswered(filed: Filed, expired: events.FeedbackWindowExpired, now: datetime) -> Decision[State]:
    """Close a ticket whose reporter kept silent about the final answer, if that answer is still the last word."""
    situation, ticket = filed.situation, filed.ticket
    if not isinstance(situation, Answered) or ticket.answers != expired.round:
        return Ignored("the answer of that round is not the last word any more", filed)
    transition = Transition(ticket, situation, now)
    closed = Closed(situation.agency, events.ClosedBy.SYSTEM, max(now, ticket.at))
    return _done(transition.add_fact(events.TicketClosed, closed, by=events.ClosedBy.SYSTEM))


def archive_incomplete(filed: Filed, expired: events.CompletionWindowExpired, now: datetime) -> Decision[State]:
    """Archive a ticket whose reporter did not supply what was asked for, if it still waits for that."""
    situation, ticket = filed.situation, filed.ticket
    waits = isinstance(situation, Held) and situation.reason is events.HoldReason.NEEDS_REPORTER
    if not waits or ticket.questions != expired.round:
        return Ignored("the ticket does not wait for the reporter of that round any more", filed)
    archived = Transition(ticket, situation, now).add_fact(
        events.TicketArchived,
        Archived(situation.agency, COMPLETION_WINDOW_EXPIRED),
        by=events.ClosedBy.SYSTEM,
        reason=COMPLETION_WINDOW_EXPIRED,
    )
    return _done(hand_over(archived))


def remind(filed: Filed, reminder: Reminder, said_at: datetime) -> Decision[State]:
    """Say again on the agency's topic what sla says about its clock.

    A warning concerns the agency only while it has the ticket. A breach stands against the agency that it names, also
    if the ticket has gone elsewhere meanwhile: whichever of the two is heard first, the agency hears of the breach.
    """
    agency, ticket = reminder.agency, filed.ticket
    concerned = {filed.situation.agency} if isinstance(reminder, events.ClockWarned) else set(ticket.agencies)
    if agency is None or agency not in concerned:
        return Ignored("no agency that has the ticket is concerned", filed)
    return Applied(filed, (Fact(reminder, agency_topic(agency), ticket.id, said_at),))


def _done(transition: Transition) -> Applied[State]:
    return Applied(Filed(transition.ticket, transition.situation), transition.facts)
