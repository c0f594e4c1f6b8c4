"""Projects a stream of breach events: which breaches stand, and for how much working time they have lasted."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.sla.tooling import CalendarExhausted, SlaRules
from shared import events as e
from tindak.console import local
from tindak.formatting import hours, sentence


class Standing(StrEnum):
    """Whether a breach stands."""

    OPEN = "open"
    CLEARED = "cleared"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Breach:
    """A breach as known so far; ``due_at`` and ``breached_at`` are None where its first event was not read."""

    clock: e.SlaClock
    agency: str | None
    level: int
    responsible: str
    due_at: datetime | None = None
    breached_at: datetime | None = None
    standing: Standing = Standing.OPEN


@dataclass
class Breaches:
    """What a stream of breaches adds up to; applying an event again changes nothing.

    Args:
        rules: On whose calendars overdue time is counted; None: it is not.
        standing: By breach id.
    """

    rules: SlaRules | None = None
    standing: dict[str, Breach] = field(default_factory=dict)
    _applied: set[str] = field(default_factory=set)

    def apply_all(self, events: Iterable[e.Event]) -> "Breaches":
        """Apply one after the other and return what they add up to."""
        for event in events:
            self.apply(event)
        return self

    def apply(self, event: e.Event) -> Breach | None:
        """Return the breach that an event is about, as it stands after it; None if it is about none."""
        data = event.data
        if not isinstance(data, e.ClockBreached | e.BreachEscalated | e.BreachCleared | e.BreachCorrected):
            return None
        known = self.standing.get(data.breach_id)
        if event.id not in self._applied or known is None:
            self._applied.add(event.id)
            known = self.standing[data.breach_id] = _after(known, data)
        return known

    def overdue_seconds(self, event: e.Event) -> float | None:
        """Return for how much working time a breach had lasted by an applied event; None if that is unknown."""
        if isinstance(event.data, e.BreachCleared):
            return event.data.overdue_seconds
        breach = self.standing.get(getattr(event.data, "breach_id", ""))
        if self.rules is None or breach is None or breach.due_at is None:
            return None
        work = self.rules.calendar(breach.clock, breach.agency)
        try:
            return work.between(breach.due_at, max(breach.due_at, event.time)).total_seconds()
        except CalendarExhausted:
            return None

    def line(self, event: e.Event) -> str:
        """Return a line about an applied event, in columns: when, whose, which, overdue, level, what."""
        breach = self.standing[event.data.breach_id]  # type: ignore[attr-defined]  # applied, so it is of a breach
        tracking = getattr(event.data, "tracking_id", "-")
        seconds = self.overdue_seconds(event)
        overdue = "-" if seconds is None else "just" if seconds < 1 else hours(seconds)
        return (
            f"{local(event.time)}  {breach.agency or '-':<14} {tracking:<13} {breach.clock:<8} {overdue:>12} overdue"
            f"  level {breach.level}  {sentence(event.data)}"
        )


def _after(
    known: Breach | None, data: e.ClockBreached | e.BreachEscalated | e.BreachCleared | e.BreachCorrected
) -> Breach:
    match data:
        case e.ClockBreached():
            return Breach(data.clock, data.agency, data.level, data.responsible, data.due_at, data.breached_at)
        case e.BreachEscalated():
            before = known or Breach(data.clock, data.agency, data.level, data.responsible)
            return replace(before, level=data.level, responsible=data.responsible, standing=Standing.OPEN)
        case e.BreachCleared() | e.BreachCorrected():
            is_over = Standing.CLEARED if isinstance(data, e.BreachCleared) else Standing.CORRECTED
            return replace(known or Breach(data.clock, data.agency, 1, "-"), standing=is_over)
