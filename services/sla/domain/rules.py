"""What the city has decided about its clocks, as values; never applies them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.sla.domain.allowances import Allowance
from services.sla.domain.working_time import WorkingTime
from shared.events import Classification, HoldReason, SlaClock

DEFAULT_CALENDAR = "default"
WINDOWS = frozenset({SlaClock.COMPLETE, SlaClock.FEEDBACK})
"""Clocks that run for the reporter: when they end nobody is late, a window closes."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder of escalation.

    Args:
        level: 1 is the breach itself.
        responsible: Role.
        after: How long after the due time, or after the start of the clock; None for level 1.
        from_start: Whether *after* counts from the start.
        clocks: For which clocks it is there.
    """

    level: int
    responsible: str
    after: Allowance | None = None
    from_start: bool = False
    clocks: frozenset[SlaClock] = frozenset(SlaClock)


@dataclass(frozen=True, slots=True)
class ClockRule:
    """How one clock runs.

    Args:
        allowances: By classification, all of them.
        warn_at_percent: Rising, of the time allowed.
        ladder: By level, rising; empty for the reporter's windows.
        calendar: Code; None for that of the agency.
    """

    allowances: Mapping[Classification, Allowance]
    warn_at_percent: tuple[int, ...] = ()
    ladder: tuple[Rung, ...] = ()
    calendar: str | None = DEFAULT_CALENDAR


@dataclass(frozen=True, slots=True)
class PauseRule:
    """Which clocks stand still while a ticket is held, and for how long at most in one round; None: without limit."""

    clocks: frozenset[SlaClock]
    at_most: Allowance | None = None


@dataclass(frozen=True, slots=True)
class SlaRules:
    """Everything that the city has decided about its clocks.

    Args:
        version: Of the policy, without calendars.
        clocks: All five.
        pauses: By reason of the hold; a reason without a rule pauses nothing.
        calendars: By code; the default one is there.
        calendar_of_agency: Code by agency, where it is not the default.

    Attributes:
        edition: Changes when any of this may time a clock otherwise.
    """

    version: str
    clocks: Mapping[SlaClock, ClockRule]
    pauses: Mapping[HoldReason, PauseRule]
    calendars: Mapping[str, WorkingTime]
    calendar_of_agency: Mapping[str, str] = field(default_factory=dict)
    edition: str = field(init=False, default="")

    def __post_init__(self) -> None:
        calendars = sorted((code, line.calendar.version) for code, line in self.calendars.items())
        held = (self.version, calendars, sorted(self.calendar_of_agency.items()))
        object.__setattr__(self, "edition", hashlib.sha256(repr(held).encode()).hexdigest()[:12])

    def calendar(self, clock: SlaClock, agency: str | None) -> WorkingTime:
        """Return the calendar on which a clock of a ticket that *agency* has is counted."""
        code = self.clocks[clock].calendar or self.calendar_of_agency.get(agency or "", DEFAULT_CALENDAR)
        return self.calendars[code]

    def ladder(self, clock: SlaClock, agency: str | None) -> tuple[Rung, ...]:
        """Return who is responsible for a breach; while no agency has the ticket, whoever must find one is."""
        finder = clock not in WINDOWS and agency is None
        rungs = self.clocks[SlaClock.VERIFY if finder else clock].ladder
        return tuple(rung for rung in rungs if clock in rung.clocks)
