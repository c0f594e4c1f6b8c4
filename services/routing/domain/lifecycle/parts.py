"""The parts of a divided ticket: how a part opens and reports its end, and how the whole ends with its parts.

Each part is a ticket with a document of its own. It reports its end to the whole with its own version, so that the
latest report counts, in whatever order they arrive.
"""

from datetime import datetime

from services.routing.domain.agency_choice.explanation import step
from services.routing.domain.agency_choice.prediction import NO_MODEL, MaybePrediction
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.agency_choice.verdict import Chosen
from services.routing.domain.lifecycle.opening import follow_waiting
from services.routing.domain.lifecycle.reporter import withdraw
from services.routing.domain.ticket import privacy
from services.routing.domain.ticket.privacy import bare_report
from services.routing.domain.ticket.state import (
    Awaited,
    Closed,
    Filed,
    InTriage,
    PartKnown,
    Split,
    State,
    Ticket,
    is_ended,
    name_of,
)
from services.routing.domain.ticket.transition import Transition
from shared import events
from shared.events import Applied, Decision, Fact, Ignored
from shared.topics import LINKS, TICKETS
from shared.values import replace

ALL_PARTS_CLOSED = "all_parts_closed"
WHOLE_WITHDRAWN = "whole_withdrawn"


def decide_part_link(
    policy: RoutingPolicy,
    state: State | None,
    link: events.PartLink,
    at: datetime,
    prediction: MaybePrediction = NO_MODEL,
) -> Decision[State]:
    """Return what follows from a link between a part and the whole, for the ticket that it is for."""
    match state, link:
        case Filed(), events.PartOpened():
            return Ignored("the part has been opened before", state)
        case awaited, events.PartOpened():
            return _open_part(policy, awaited if isinstance(awaited, Awaited) else None, link, at, prediction)
        case Filed(ticket, situation), events.WholeWithdrawn():
            taken_back = withdraw(Transition(ticket, situation, at), situation, WHOLE_WITHDRAWN)
            if isinstance(taken_back, Transition):
                return Applied(Filed(taken_back.ticket, taken_back.situation), taken_back.facts)
            return Ignored("the part has ended before", state)
        case awaited, events.WholeWithdrawn():
            waiting = awaited if isinstance(awaited, Awaited) else Awaited()
            return Ignored("the part is not open yet; remembered", replace(waiting, withdrawn=True))
        case Filed(ticket, situation), events.ReporterForgotten(by=author):
            erased = privacy.erase(Transition(ticket, situation, at, author=author), situation)
            if isinstance(erased, Transition):
                return Applied(Filed(erased.ticket, erased.situation), erased.facts)
            return Ignored("the reporter has been erased before", state)
        case awaited, events.ReporterForgotten():
            waiting = awaited if isinstance(awaited, Awaited) else Awaited()
            return Ignored("the part is not open yet; remembered", replace(waiting, erased=True))
        case Filed(ticket, situation), (events.PartEnded() | events.PartReopened()) as link:
            return _apply_part_end(Transition(ticket, situation, at), link)
        case _:
            return Ignored("the ticket is not divided", state)


def _open_part(
    policy: RoutingPolicy, awaited: Awaited | None, link: events.PartOpened, at: datetime, prediction: MaybePrediction
) -> Decision[State]:
    ticket = Ticket(
        id=link.ticket_id,
        tracking_id=link.tracking_id,
        report=bare_report(link.report) if awaited and awaited.erased else link.report,
        classification=link.classification,
        category=link.category,
        priority=link.priority,
        requested=None,
        submitted_at=link.submitted_at,
        accepted_at=link.accepted_at,
        source_id=link.source_id,
        at=at,
        parent=link.parent,
        part=link.number,
        assigned=True,
        erased=awaited is not None and awaited.erased,
    )
    choice = Chosen(link.agency, events.DecidedBy.OFFICER, (step(policy, "officer", link.reason),))
    opened = Transition(ticket, InTriage(), at).route(choice, policy)
    if awaited and awaited.withdrawn:
        taken_back = withdraw(opened, opened.situation, WHOLE_WITHDRAWN)
        opened = taken_back if isinstance(taken_back, Transition) else opened
    return follow_waiting(policy, opened, awaited, prediction)


def _apply_part_end(transition: Transition, link: events.PartEnded | events.PartReopened) -> Decision[State]:
    """Return the whole after a part has ended or goes on; it ends with the last of them, and goes on with any."""
    known = next((part for part in transition.ticket.parts if part.id == link.part), None)
    if known is None or link.version <= known.version:
        same = Filed(transition.ticket, transition.situation)
        return Ignored("a stale link of that part", same)
    now = PartKnown(known.id, link.version, isinstance(link, events.PartEnded))
    after = transition.change(parts=tuple(now if part is known else part for part in transition.ticket.parts))
    every_part_ended = all(part.ended for part in after.ticket.parts)
    match transition.situation:
        case Split() if every_part_ended:
            closed = Closed(None, events.ClosedBy.SYSTEM, max(transition.at, transition.ticket.at))
            after = after.add_fact(events.TicketClosed, closed, by=events.ClosedBy.SYSTEM, reason=ALL_PARTS_CLOSED)
        case Closed() if not every_part_ended:
            after = after.add_fact_on(events.TicketPartReopened, Split(), (TICKETS,), reopened=known.id)
    return Applied(Filed(after.ticket, after.situation), after.facts)


def notify_whole(before: State | None, decision: Applied[Filed]) -> Applied[Filed]:
    """Return *decision* with the link to the whole, if a part ends or is reopened by it."""
    state = decision.state
    if state.ticket.parent is None:
        return decision
    had_ended = isinstance(before, Filed) and is_ended(before.situation)
    ticket, ended = state.ticket, is_ended(state.situation)
    if ended is had_ended:
        return decision
    about = {"ticket_id": ticket.parent, "part": ticket.id, "version": ticket.version}
    link = events.PartEnded(**about, state=name_of(state.situation)) if ended else events.PartReopened(**about)
    return replace(decision, facts=(*decision.facts, Fact(link, LINKS, link.ticket_id, ticket.at)))
