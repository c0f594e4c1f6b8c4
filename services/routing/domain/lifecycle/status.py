"""What the reporter's channel is told of a ticket: derived from where the ticket stands after a decision."""

from datetime import datetime, timedelta

from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.lifecycle.parts import ALL_PARTS_CLOSED
from services.routing.domain.ticket.privacy import forgotten
from services.routing.domain.ticket.state import (
    NOTHING_SAID,
    OPEN,
    Answered,
    Archived,
    Closed,
    DueClock,
    Filed,
    Held,
    ReporterView,
    State,
    Ticket,
    name_of,
)
from services.routing.domain.ticket.status_sentences import asks_reporter, sentences, state_words
from shared import events
from shared.events import Applied, Decision, Fact, Ignored, TicketStatusChanged
from shared.topics import TICKETS, status_topic
from shared.values import replace

NEWS: frozenset[type[events.EventData]] = frozenset({
    events.TicketRouted, events.TriageRequested, events.TicketAcknowledged, events.TicketProgressed,
    events.TicketAnswered, events.AnswerOffered, events.TicketHeld, events.TicketResumed, events.TicketReopened,
    events.TicketClosed, events.TicketArchived, events.TicketWithdrawn, events.TicketSplit, events.TicketPartReopened,
})  # fmt: skip
"""The facts that a reporter should see. What an agency says when it declines is told to other agencies only."""

STATUS_ASKED_MAX = 200
"""So often a ticket's status is told to who asks: each time leaves an id in its document, and anybody may ask."""

DueTimes = tuple[datetime | None, datetime | None]
NOTHING_DUE: DueTimes = (None, None)


def tell_status(
    policy: RoutingPolicy, before: State | None, decision: Applied[Filed], heard_at: datetime
) -> Applied[Filed]:
    """Return *decision* with the status for the reporter's channel, if it changes what the reporter should see.

    Args:
        heard_at: When the event happened that is decided on.
    """
    news = [fact.data for fact in decision.facts if fact.topic == TICKETS and type(fact.data) in NEWS]
    filed, ticket = decision.state, decision.state.ticket
    for data in news:
        ticket = _ticket_after(ticket, data)
    if ticket is not filed.ticket:
        filed = Filed(ticket, filed.situation)
    if not news and due_times(filed) == (due_times(before) if isinstance(before, Filed) else NOTHING_DUE):
        return decision
    status = status_of(policy, filed, news[-1] if news else None, ticket.at if news else heard_at)
    told = Fact(status, status_topic(ticket.report.channel), ticket.id, status.at)
    return Applied(filed, (*decision.facts, told))


def answer_question(policy: RoutingPolicy, filed: Filed, asked: events.StatusAsked) -> Decision[State]:
    """Return the status once more for the channel that asks, if the report came through it; others learn nothing.

    It is the whole status, since whoever keeps the last one of a ticket keeps everything with it.
    """
    ticket, situation = filed.ticket, filed.situation
    if asked.channel != ticket.report.channel:
        return Ignored("another channel asks than the one that the report came through")
    if ticket.status_asked >= STATUS_ASKED_MAX:
        return Ignored("it has been asked for as often as is answered")
    if isinstance(situation, Archived) and situation.reason is None:
        return Ignored("release 0.1.0 put it away, and why is not known any more")
    status = status_of(policy, filed, None, ticket.at)
    told = Fact(
        status.model_copy(update={"asked_as": asked.source_id}),
        status_topic(ticket.report.channel),
        ticket.id,
        status.at,
    )
    return Applied(Filed(replace(ticket, status_asked=ticket.status_asked + 1), situation), (told,))


def _ticket_after(ticket: Ticket, data: events.EventData) -> Ticket:
    """Return the ticket with what the reporter may know of it after a fact.

    The rounds of clocks that a fact ends count as ended at once: sla says so later.
    """
    match data:
        case events.TicketRouted():
            reasons = ReporterView(
                reason_id=data.reason_id, reason_en=data.reason_en, advice_id=data.advice_id, advice_en=data.advice_en
            )
            return _begun_anew(ticket, reasons)
        case events.TriageRequested():
            return _begun_anew(ticket, NOTHING_SAID)
        case events.TicketAnswered() | events.AnswerOffered():
            view = replace(ticket.view, answer=data.answer, final=data.final)
            resolve = _ended(ticket.resolve) if data.final else ticket.resolve
            return replace(ticket, view=view, respond=_ended(ticket.respond), resolve=resolve)
        case events.TicketReopened():
            return replace(ticket, respond=_ended(ticket.respond), resolve=_ended(ticket.resolve))
        case (
            events.TicketAcknowledged(note=str(note))
            | events.TicketProgressed(note=note)
            | events.TicketResumed(note=str(note))
        ):
            return replace(ticket, view=replace(ticket.view, note=note))
        case _:
            return ticket


def _begun_anew(ticket: Ticket, view: ReporterView) -> Ticket:
    """Return the ticket once another agency, or an officer, is to look at it; a new one is as it was."""
    if ticket.respond is None and ticket.view == view:
        return ticket
    return replace(ticket, view=view, respond=_ended(ticket.respond))


def _ended(clock: DueClock | None) -> DueClock | None:
    return clock and replace(clock, due_at=None, ended=True)


def _ended_because(filed: Filed) -> str | None:
    match filed.situation:
        case Archived(reason=reason):
            return reason
        case Closed() if filed.ticket.parts:
            return ALL_PARTS_CLOSED
        case _:
            return None


def due_times(filed: Filed) -> DueTimes:
    """Return when a first answer and the final one are due, as far as the reporter waits for them and it is known.

    Respond is told only beside resolve, which starts with it or before: so both become known at once.
    """
    ticket, situation = filed.ticket, filed.situation
    respond, resolve = ticket.respond, ticket.resolve
    if resolve is None or resolve.ended or not isinstance(situation, OPEN):
        return NOTHING_DUE
    is_holders = respond is not None and respond.agency == situation.agency
    return respond.due_at if respond and is_holders else None, resolve.due_at


def status_of(policy: RoutingPolicy, filed: Filed, news: events.EventData | None, at: datetime) -> TicketStatusChanged:
    """Return the status of a ticket as its reporter may know it.

    Args:
        news: The last fact that the reporter should see; None if only due times have changed.
        at: When it came to be so.
    """
    ticket, situation, view = filed.ticket, filed.situation, filed.ticket.view
    if ticket.erased:  # nothing that anybody writes is told to a reporter who was erased
        filed = forgotten(filed)
        ticket, situation, view = filed.ticket, filed.situation, filed.ticket.view
    respond_due_at, due_at = due_times(filed)
    asked = situation.question if isinstance(situation, Held) and asks_reporter(situation) else None
    # What is due at midnight is due by the end of the day before.
    due_on = due_at and (due_at - timedelta(microseconds=1)).astimezone(policy.zone).date()
    agency_name = policy.name_of(situation.agency) if situation.agency else None
    reason = news.reason if isinstance(news, events.TicketArchived | events.TicketClosed) else _ended_because(filed)
    words = state_words(situation)
    said = sentences(ticket, situation, agency_name, reason, due_on)
    return TicketStatusChanged(
        ticket_id=ticket.id,
        tracking_id=ticket.tracking_id,
        source_id=ticket.source_id,
        parent=ticket.parent,
        part=ticket.part,
        version=ticket.version,
        at=at,
        state=name_of(situation),
        state_id=words[0],
        state_en=words[1],
        agency=situation.agency,
        agency_name=agency_name,
        due_at=due_at,
        due_on=due_on,
        respond_due_at=respond_due_at,
        question=asked,
        answer=view.answer,
        final=view.final,
        note=view.note,
        rating_wanted=isinstance(situation, Answered),
        reason=reason,
        reason_id=view.reason_id,
        reason_en=view.reason_en,
        message_id=said[0],
        message_en=said[1],
    )
