"""Decides what follows for the clocks of a ticket from a fact, or from the passing of time."""

from datetime import datetime
from typing import Literal

from services.sla.domain.clocks import timed
from services.sla.domain.emitter import ClockContext
from services.sla.domain.history import ClockEvent, Ended, in_utc, to_clock_event
from services.sla.domain.reconcile import ClockReconciler
from services.sla.domain.rounds import Round, rounds_of
from services.sla.domain.rules import SlaRules
from services.sla.domain.snapshot import ClockSnapshot
from shared import events
from shared.events import Applied, Arrival, Decision, Fact, Ignored
from shared.values import replace, value

NAMING_ACCEPTANCE = (events.TicketRouted, events.TriageRequested)
ENDED = ""
"""The edition of a ticket of which no clock runs: those that have run keep the due times that held then."""


@value
class Ticket:
    """What sla knows of a ticket.

    Args:
        accepted_at: None until it is known.
        classification: What the reporter called it; None if that is unknown.
        history: What moved its clocks, in the order of versions, whatever the order of arrival.
        told: What was last published about each round of each clock.
        as_of: Up to when time has counted; it never goes back.
        wakes_at: When time alone may lead to more facts; None if never.
        parent: Ticket of which it is a part; None if of none.
        part: Its number among the parts.
        edition: Of the rules by which its running clocks were timed last; empty once none runs, None if it was last
            changed before that was noted.
    """

    ticket_id: str
    tracking_id: str
    as_of: datetime
    accepted_at: datetime | None = None
    classification: events.Classification | None = None
    history: tuple[ClockEvent, ...] = ()
    told: tuple[ClockSnapshot, ...] = ()
    wakes_at: datetime | None = None
    parent: str | None = None
    part: int | None = None
    edition: str | None = None
    kind: Literal["ticket"] = "ticket"


def decide(state: Ticket | None, event: events.Event, arrival: Arrival, policy: SlaRules) -> Decision[Ticket]:
    """Return what follows from a fact about a ticket.

    Time counts up to the event itself, not up to this moment: what is read late has not happened late.

    Raises:
        TypeError: It is about no ticket.
    """
    ticket, now = state, arrival.now
    match event.data:
        case events.ComplaintAccepted() as data:
            at = in_utc(data.accepted_at)
            ticket = ticket or Ticket(data.ticket_id, data.tracking_id, at)
            given = replace(ticket, accepted_at=earliest(at, ticket.accepted_at), classification=data.classification)
            return moved(given, policy, at, now, rewritten=True)
        case events.TicketFact() as data:
            move = to_clock_event(data)
            known = ticket.history if ticket else ()
            if move is None:
                return Ignored("it moves no clock")
            is_next = not known or known[-1].version < move.version
            if not is_next and any(step.version == move.version for step in known):
                return Ignored("that version is known")
            before = ticket or Ticket(data.ticket_id, data.tracking_id, move.at, parent=data.parent, part=data.part)
            accepted_at = before.accepted_at
            # A part needs no clock for finding an agency: an officer has named it before the part was there.
            if isinstance(data, NAMING_ACCEPTANCE) and data.parent is None:
                accepted_at = earliest(in_utc(data.accepted_at), accepted_at)
            history = (*known, move) if is_next else tuple(sorted((*known, move), key=lambda step: step.version))
            rewritten = not is_next or ticket is None or accepted_at != before.accepted_at
            given = replace(before, accepted_at=accepted_at, history=history)
            return moved(given, policy, move.at, now, rewritten=rewritten)
        case _:
            raise TypeError(f"{event.type} is about no ticket")


def tick(ticket: Ticket, rules: SlaRules, now: datetime) -> Applied[Ticket]:
    """Return what the passing of time up to *now* has brought about."""
    return moved(ticket, rules, now, now, rewritten=False)


def earliest(at: datetime, known: datetime | None) -> datetime:
    """Return when a report was accepted: of several answers the earliest holds."""
    return at if known is None or at < known else known


def ended_at(ticket: Ticket) -> datetime | None:
    """Return when the ticket ended, if that is the last that is known of it and no clock has to be looked at."""
    last = ticket.history[-1] if ticket.history else None
    return last.at if isinstance(last, Ended) and ticket.wakes_at is None else None


def rounds(ticket: Ticket) -> tuple[Round, ...]:
    """Return every round of the ticket's clocks; a report of unknown kind counts as a complaint."""
    return rounds_of(ticket.accepted_at, ticket.classification or events.Classification.COMPLAINT, ticket.history)


def moved(ticket: Ticket, rules: SlaRules, at: datetime, now: datetime, *, rewritten: bool) -> Applied[Ticket]:
    """Return the facts to publish once the history is known up to *at*, and the ticket with them published.

    Args:
        rewritten: Whether something became known that lies before the end of the history as it was known.
    """
    as_of = max(at, ticket.as_of)
    context = ClockContext(ticket.ticket_id, ticket.tracking_id, as_of, now, ticket.parent, ticket.part)
    before = {(last.clock, last.round): last for last in ticket.told}
    snapshots: list[ClockSnapshot] = []
    facts: list[Fact] = []
    wakes: list[datetime] = []
    for round_ in rounds(ticket):
        last = before.get((round_.clock, round_.number))
        if last and _settled(last, round_, rules, rewritten=rewritten):
            snapshots.append(last)
            continue
        reconciler = ClockReconciler(context, timed(round_, rules), last, rules).reconcile()
        snapshots.append(reconciler.snapshot)
        facts += reconciler.emitter.facts
        if reconciler.wakes_at is not None:
            wakes.append(reconciler.wakes_at)
    edition = rules.edition if any(one.ending is None for one in snapshots) else ENDED
    after = replace(ticket, as_of=as_of, told=tuple(snapshots), wakes_at=min(wakes, default=None), edition=edition)
    return Applied(after, tuple(facts))


def _settled(last: ClockSnapshot, round_: Round, rules: SlaRules, *, rewritten: bool) -> bool:
    """Return whether all is published about a round that has ended, so that it needs no second look.

    What happens later changes nothing in it; what turns out to have happened earlier may, but not under a policy or
    calendar that came after its end: it keeps the due time that held then.
    """
    if last.ending is None or last.ending != round_.end:
        return False
    if not rewritten:
        return True
    version = rules.calendar(round_.clock, round_.agency).calendar.version
    return (last.basis.policy_version, last.basis.calendar_version) != (rules.version, version)
