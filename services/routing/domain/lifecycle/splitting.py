"""How an officer divides a ticket among several agencies; never what becomes of the parts."""

from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.clusters.broadcast import hand_over
from services.routing.domain.ticket.refusals import (
    AGENCY_TWICE,
    PART_OF_ANOTHER,
    TOO_FEW_OR_MANY_PARTS,
    Refusal,
    unknown_agency,
)
from services.routing.domain.ticket.state import Held, PartKnown, Situation, Split, Ticket
from services.routing.domain.ticket.transition import Transition, leave_hold
from shared.events import PARTS_MAX, AssignTicket, Part, PartOpened, TicketSplit, WholeWithdrawn
from shared.ids import part_id
from shared.topics import TICKETS, TRIAGE


def divide(
    transition: Transition, situation: Situation, asked: AssignTicket, policy: RoutingPolicy
) -> Transition | Refusal:
    """Return the transition after the ticket has become parts, one for each agency; whoever had it has it no longer.

    Tickets that follow it go on together without it: none of their reporters has asked for a part.
    """
    refusal = _split_refusal(transition.ticket, asked.agencies, policy)
    if refusal:
        return refusal
    transition = leave_hold(transition, situation) if isinstance(situation, Held) else transition
    parts = tuple(
        Part(
            ticket_id=part_id(transition.ticket.id, number),
            number=number,
            agency=agency,
            agency_name=policy.name_of(agency),
        )
        for number, agency in enumerate(asked.agencies, 1)
    )
    split = transition.change(parts=tuple(PartKnown(part.ticket_id) for part in parts)).add_fact_on(
        TicketSplit,
        Split(),
        (TICKETS, TRIAGE) if transition.is_queued else (TICKETS,),
        parts=parts,
        reason=asked.reason,
    )
    released = split.released(situation, None, "split")
    return hand_over(released.link(*(_opened(split.ticket, part, asked.reason) for part in parts)))


def _split_refusal(ticket: Ticket, agencies: tuple[str, ...], policy: RoutingPolicy) -> Refusal | None:
    """Return why a ticket cannot be divided among *agencies*; None if it can."""
    if ticket.parent is not None:
        return PART_OF_ANOTHER
    if not 2 <= len(agencies) <= PARTS_MAX:
        return TOO_FEW_OR_MANY_PARTS
    if len(set(agencies)) < len(agencies):
        return AGENCY_TWICE
    return next((unknown_agency(agency) for agency in agencies if agency not in policy.agencies), None)


def _opened(ticket: Ticket, part: Part, reason: str) -> PartOpened:
    return PartOpened(
        ticket_id=part.ticket_id, parent=ticket.id, number=part.number, tracking_id=ticket.tracking_id,
        agency=part.agency, reason=reason, report=ticket.report, classification=ticket.classification,
        category=ticket.category, priority=ticket.priority, submitted_at=ticket.submitted_at,
        accepted_at=ticket.accepted_at, source_id=ticket.source_id,
    )  # fmt: skip


def withdraw_parts(transition: Transition) -> Transition:
    """Return the transition after every part has been told that the whole was taken back."""
    return transition.link(*(WholeWithdrawn(ticket_id=part.id) for part in transition.ticket.parts))
