"""Facts about clocks, published by sla."""

from typing import ClassVar

from shared.events.base import Classification, EventData, Instant, SlaClock


class ClockFact(EventData):
    """Something that happened to one clock of a ticket; ``round`` counts its starts from 1.

    ``parent`` and ``part`` stand where the ticket is a part of another one.
    """

    ticket_id: str
    tracking_id: str
    clock: SlaClock
    round: int = 1
    parent: str | None = None
    part: int | None = None


class ClockStarted(ClockFact):
    """A clock runs."""

    TYPE: ClassVar[str] = "tindak.sla.clock_started.v1"
    started_at: Instant
    due_at: Instant
    allowance: str
    agency: str | None = None
    policy_version: str
    calendar_version: str

    @property
    def is_in_working_time(self) -> bool:
        """Return whether the allowance counts working days, hours or minutes, not days and nights."""
        return "working" in self.allowance


class ClockPaused(ClockFact):
    """A clock stands still while the ticket is held."""

    TYPE: ClassVar[str] = "tindak.sla.clock_paused.v1"
    paused_at: Instant


class ClockResumed(ClockFact):
    """A clock runs again, with a later due time."""

    TYPE: ClassVar[str] = "tindak.sla.clock_resumed.v1"
    resumed_at: Instant
    due_at: Instant


class ClockMet(ClockFact):
    """What the clock waited for has happened; in time if the lateness is zero or less."""

    TYPE: ClassVar[str] = "tindak.sla.clock_met.v1"
    met_at: Instant
    due_at: Instant
    lateness_seconds: float


class ClockStopped(ClockFact):
    """The clock no longer applies."""

    TYPE: ClassVar[str] = "tindak.sla.clock_stopped.v1"
    stopped_at: Instant
    why: str


class DueChanged(ClockFact):
    """The clock is due at another time than was said."""

    TYPE: ClassVar[str] = "tindak.sla.due_changed.v1"
    was: Instant
    due_at: Instant
    why: str


class FeedbackWindowExpired(ClockFact):
    """The reporter did not answer within the window; routing closes the ticket."""

    TYPE: ClassVar[str] = "tindak.sla.feedback_window_expired.v1"
    due_at: Instant


class CompletionWindowExpired(ClockFact):
    """The reporter did not supply what was asked for within the window; routing archives the ticket."""

    TYPE: ClassVar[str] = "tindak.sla.completion_window_expired.v1"
    due_at: Instant


class ClockWarned(ClockFact):
    """Part of the time is used up."""

    TYPE: ClassVar[str] = "tindak.sla.warned.v1"
    percent: int
    due_at: Instant
    agency: str | None = None
    remaining_seconds: float


class ClockBreached(ClockFact):
    """The due time has passed; said exactly once per ticket, clock and round.

    ``instead_of`` is the role in whose place ``responsible`` stands, because its post is vacant.
    """

    TYPE: ClassVar[str] = "tindak.sla.breached.v1"
    breach_id: str
    agency: str | None = None
    classification: Classification
    due_at: Instant
    breached_at: Instant
    level: int
    responsible: str
    instead_of: str | None = None


class BreachEscalated(ClockFact):
    """The breach lasts, and a superior is responsible from now on; ``instead_of`` as with the breach itself."""

    TYPE: ClassVar[str] = "tindak.sla.escalated.v1"
    breach_id: str
    agency: str | None = None
    level: int
    responsible: str
    instead_of: str | None = None
    at: Instant


class BreachCleared(ClockFact):
    """What was overdue has been done."""

    TYPE: ClassVar[str] = "tindak.sla.breach_cleared.v1"
    breach_id: str
    agency: str | None = None
    overdue_seconds: float


class BreachCorrected(ClockFact):
    """A recomputation showed that it was no breach."""

    TYPE: ClassVar[str] = "tindak.sla.breach_corrected.v1"
    breach_id: str
    agency: str | None = None
    why: str
