"""A harness at which the clocks of one ticket are watched, and what is said about them there."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from services.sla.domain.rules import SlaRules
from services.sla.domain.ticket import Ticket, decide, tick
from shared.events import (
    BreachCleared,
    BreachCorrected,
    BreachEscalated,
    Classification,
    ClockBreached,
    ClockFact,
    ClockMet,
    ClockStarted,
    ComplaintAccepted,
    EventData,
    Fact,
    SlaClock,
    TicketFact,
    state_after,
)
from shared.ids import occasion_id
from tests.builders import TICKET, TRACKING, arrival, event
from tests.unit.sla.cases import RULES, accepted, routed
from tests.unit.working_time.calendars import at

VERIFY, RESPOND, RESOLVE = SlaClock.VERIFY, SlaClock.RESPOND, SlaClock.RESOLVE
COMPLETE, FEEDBACK = SlaClock.COMPLETE, SlaClock.FEEDBACK
C = TypeVar("C", bound=ClockFact)
OF_BREACHES = (ClockBreached, BreachEscalated, BreachCleared, BreachCorrected)


def said(kind: type[C], clock: SlaClock, round: int = 1, **about: Any) -> C:
    """Return what sla says of a clock of the ticket."""
    return kind(ticket_id=TICKET, tracking_id=TRACKING, clock=clock, round=round, **about)


class ClockHarness:
    """A ticket's clocks, moved by what is heard and by time.

    ``receive`` and ``wait_until`` return what is said; ``facts`` is all of it, ``ticket`` the state.
    """

    def __init__(self, under: SlaRules = RULES) -> None:
        self.rules = under
        self.ticket: Ticket | None = None
        self.facts: list[Fact] = []

    def receive(self, *heard: ComplaintAccepted | TicketFact, now: str = "") -> list[Any]:
        """Decide about what is heard, at the moment it happens unless *now* is later."""
        before = len(self.facts)
        for data in heard:
            moment = at(now) if now else data.at if isinstance(data, TicketFact) else data.accepted_at
            decision = decide(self.ticket, event(data), arrival(moment), self.rules)
            self.ticket = state_after(self.ticket, decision)
            self.facts += decision.facts
        return [fact.data for fact in self.facts[before:]]

    def wait_until(self, when: str) -> list[Any]:
        """Let time pass as a sweep without delay would."""
        before, until = len(self.facts), at(when)
        while self.ticket and self.ticket.wakes_at and self.ticket.wakes_at <= until:
            self.look(self.ticket.wakes_at)
        return [fact.data for fact in self.facts[before:]]

    def look(self, now: datetime) -> list[Any]:
        """Let one sweep look at the ticket."""
        assert self.ticket is not None
        decision = tick(self.ticket, self.rules, now)
        assert decision.state is not None
        assert decision.state.wakes_at is None or decision.state.wakes_at > now, "a sweep would never end"
        self.ticket = decision.state
        self.facts += decision.facts
        return [fact.data for fact in decision.facts]

    def all_said(self, *kinds: type[EventData]) -> list[Any]:
        """Return what was said of these kinds, in order."""
        return [fact.data for fact in self.facts if isinstance(fact.data, kinds)]


VERSIONS = {"policy_version": "p1", "calendar_version": "c1"}


def started(clock: SlaClock, when: str, due: str, allowance: str, **about: Any) -> ClockStarted:
    about = {"agency": "dishub", **VERSIONS} | about
    return said(ClockStarted, clock, started_at=at(when), due_at=at(due), allowance=allowance, **about)


def met(clock: SlaClock, when: str, due: str, lateness: timedelta) -> ClockMet:
    return said(ClockMet, clock, met_at=at(when), due_at=at(due), lateness_seconds=lateness.total_seconds())


def at_work() -> ClockHarness:
    """A ticket of Monday 08:00 that an agency has got at 09:00."""
    harness = ClockHarness()
    harness.receive(accepted("2026-04-06 08:00"), routed(1, "2026-04-06 09:00"))
    return harness


JUST_AFTER = timedelta(milliseconds=1)
DUE = "2026-04-13 16:00"
"""When respond is due, of a ticket `at_work`."""


def id_of(clock: SlaClock, round: int = 1) -> str:
    return occasion_id(TICKET, f"breach|{clock}|{round}")


def of_breach(kind: Any, clock: SlaClock = RESPOND, round: int = 1, agency: str | None = "dishub", **about: Any) -> Any:
    return said(kind, clock, round, breach_id=id_of(clock, round), agency=agency, **about)


def breached(clock: SlaClock = RESPOND, *, due: str = DUE, noticed: timedelta = JUST_AFTER, **about: Any) -> Any:
    plain: dict[str, Any] = {"classification": Classification.COMPLAINT, "responsible": "liaison", "level": 1}
    return of_breach(ClockBreached, clock, due_at=at(due), breached_at=at(due) + noticed, **(plain | about))


def escalated(level: int, responsible: str, when: str, **about: Any) -> Any:
    return of_breach(BreachEscalated, level=level, responsible=responsible, at=at(when), **about)


def overdue() -> ClockHarness:
    """A ticket whose agency has not answered in time, as of Monday 13 April 2026, 18:00."""
    harness = at_work()
    harness.wait_until("2026-04-13 18:00")
    return harness
