"""The policy of the clocks as values: allowances, pauses, calendars, escalation."""

import hashlib
from collections.abc import Mapping
from dataclasses import field

from services.sla.domain.allowances import Allowance
from shared.events import Classification, HoldReason, SlaClock
from shared.values import replace, value
from shared.working_time.counting import WorkingTime
from shared.working_time.hours import DEFAULT_CALENDAR

WINDOWS = frozenset({SlaClock.COMPLETE, SlaClock.FEEDBACK})
"""Clocks that run for the reporter: when they end nobody is late, a window closes."""


OUTSIDE_ROLES = ("ombudsman",)
"""Roles that are nobody's superior, so that they never stand in for anybody."""


@value
class EscalationLevel:
    """Who is responsible for a breach from when on.

    Args:
        level: 1 is the breach itself.
        responsible: Role.
        after: How long after the due time, or after the start of the clock; None for level 1.
        from_start: Whether *after* counts from the start.
        clocks: For which clocks it is there.
        instead_of: Role in whose place *responsible* stands, because nobody holds it.
    """

    level: int
    responsible: str
    after: Allowance | None = None
    from_start: bool = False
    clocks: frozenset[SlaClock] = frozenset(SlaClock)
    instead_of: str | None = None


@value
class Post:
    """A role, of one agency or, where ``agency`` is None, of the city."""

    role: str
    agency: str | None = None


@value
class ClockRule:
    """How one clock runs.

    Args:
        allowances: By classification, all of them.
        warn_at_percent: Rising, of the time allowed.
        escalation: By level, rising; empty for the reporter's windows.
        calendar: Code; None for that of the agency.
    """

    allowances: Mapping[Classification, Allowance]
    warn_at_percent: tuple[int, ...] = ()
    escalation: tuple[EscalationLevel, ...] = ()
    calendar: str | None = DEFAULT_CALENDAR


@value
class PauseRule:
    """Which clocks stand still while a ticket is held, and for how long at most in one round; None: without limit."""

    clocks: frozenset[SlaClock]
    at_most: Allowance | None = None


@value
class SlaRules:
    """The whole policy of the clocks.

    Args:
        version: Of the policy, without calendars.
        clocks: All five.
        pauses: By reason of the hold; a reason without a rule pauses nothing.
        calendars: By code; the default one is there.
        calendar_of_agency: Code by agency, where it is not the default.
        vacant: Posts that nobody holds.

    Attributes:
        edition: Changes when any of this may time a clock otherwise; who is responsible times none.
    """

    version: str
    clocks: Mapping[SlaClock, ClockRule]
    pauses: Mapping[HoldReason, PauseRule]
    calendars: Mapping[str, WorkingTime]
    calendar_of_agency: Mapping[str, str] = field(default_factory=dict)
    vacant: frozenset[Post] = frozenset()
    edition: str = field(init=False, default="")
    _levels: dict[tuple[SlaClock, str | None], tuple[EscalationLevel, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        calendars = sorted((code, line.calendar.version) for code, line in self.calendars.items())
        held = (self.version, calendars, sorted(self.calendar_of_agency.items()))
        object.__setattr__(self, "edition", hashlib.sha256(repr(held).encode()).hexdigest()[:12])

    def calendar(self, clock: SlaClock, agency: str | None) -> WorkingTime:
        """Return the calendar on which a clock of a ticket that *agency* has is counted."""
        code = self.clocks[clock].calendar or self.calendar_of_agency.get(agency or "", DEFAULT_CALENDAR)
        return self.calendars[code]

    def escalation(self, clock: SlaClock, agency: str | None) -> tuple[EscalationLevel, ...]:
        """Return who is responsible for a breach; while no agency has the ticket, whoever must find one is.

        Where a post is vacant, the next superior who exists is, so that a breach always reaches somebody.
        """
        levels = self._levels.get((clock, agency))
        if levels is None:
            finder = clock not in WINDOWS and agency is None
            given = self.clocks[SlaClock.VERIFY if finder else clock].escalation
            levels = self._filled(tuple(level for level in given if clock in level.clocks), agency)
            self._levels[clock, agency] = levels
        return levels

    def _filled(self, levels: tuple[EscalationLevel, ...], agency: str | None) -> tuple[EscalationLevel, ...]:
        """Return the levels with the next superior for each vacant post; the highest below it if there is none."""
        posts = [level.responsible for level in levels]
        if not any(self.is_vacant(role, agency) for role in posts):
            return levels
        held = [role for role in posts if role not in OUTSIDE_ROLES and not self.is_vacant(role, agency)]
        filled = []
        for index, level in enumerate(levels):
            above = [role for role in posts[index:] if role in held]
            vacant = self.is_vacant(level.responsible, agency)
            instead = next(iter(above or held[-1:]), level.responsible)
            filled.append(replace(level, responsible=instead, instead_of=level.responsible) if vacant else level)
        return tuple(filled)

    def is_vacant(self, role: str, agency: str | None) -> bool:
        """Return whether nobody holds a role, be it one of the city's or of *agency*."""
        return Post(role) in self.vacant or Post(role, agency) in self.vacant
