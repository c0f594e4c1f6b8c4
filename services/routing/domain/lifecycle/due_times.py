"""What follows from the clocks of the agency that has the ticket: respond and resolve; never how long they run."""

from datetime import datetime
from typing import TypeAlias

from services.routing.domain.ticket.state import DueClock, Filed, State, Ticket
from shared import events
from shared.events import Applied, Decision, Fact, Ignored, SlaClock
from shared.topics import agency_topic
from shared.values import replace

ClockChange: TypeAlias = (
    events.ClockStarted
    | events.ClockPaused
    | events.ClockResumed
    | events.DueChanged
    | events.ClockMet
    | events.ClockStopped
)


def follow_clock(filed: Filed, change: ClockChange, said_at: datetime) -> Decision[State]:
    """Remember when the ticket is due, and say again on its agency's topic what sla says about the agency's clock.

    Sla tells the changes of a clock in order; one of an earlier round than is known is old news all the same.
    """
    if change.clock not in (SlaClock.RESPOND, SlaClock.RESOLVE):
        return Ignored("the clock concerns others only")
    ticket, agency = filed.ticket, filed.situation.agency
    known = ticket.respond if change.clock is SlaClock.RESPOND else ticket.resolve
    if known is not None and change.round < known.round:
        return Ignored("a later round of that clock is known", filed)
    now = _clock_after(known, change)
    facts: tuple[Fact, ...] = ()
    # Respond begins anew with each agency, so what is left of an earlier one's is no business of the next; resolve runs
    # through all of them.
    if agency is not None and (change.clock is SlaClock.RESOLVE or now.agency in (agency, None)):
        facts = (Fact(change, agency_topic(agency), ticket.id, said_at),)
    if now != known:
        filed = Filed(_with_clock(ticket, change.clock, now), filed.situation)
    elif not facts:
        return Ignored("no agency that has the ticket is concerned", filed)
    return Applied(filed, facts)


def _with_clock(ticket: Ticket, clock: SlaClock, now: DueClock) -> Ticket:
    return replace(ticket, respond=now) if clock is SlaClock.RESPOND else replace(ticket, resolve=now)


def _clock_after(known: DueClock | None, change: ClockChange) -> DueClock:
    """Return the clock after a change; a round that has ended does not go on."""
    if known is None or known.round < change.round:
        known = DueClock(change.round, None)
    if known.ended:
        return known
    match change:
        case events.ClockStarted(due_at=due_at, agency=agency):
            return replace(known, due_at=due_at, agency=agency)
        case events.ClockResumed(due_at=due_at) | events.DueChanged(due_at=due_at):
            return replace(known, due_at=due_at)
        case events.ClockPaused():
            return replace(known, due_at=None)
        case _:
            return replace(known, due_at=None, ended=True)
