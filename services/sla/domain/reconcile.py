"""Publishes the difference between what a clock is and what was last published about it."""

from datetime import datetime, timedelta

from services.sla.domain.breaches import BreachReconciler
from services.sla.domain.clocks import Clock
from services.sla.domain.emitter import ClockContext, FactEmitter
from services.sla.domain.rounds import End, Met
from services.sla.domain.rules import WINDOWS, SlaRules
from services.sla.domain.snapshot import NO_BREACH, Basis, ClockSnapshot, Ending, Expired
from shared import events

JUST_AFTER = timedelta(milliseconds=1)  # at the due time nothing is late yet; clocks and database keep milliseconds


class ClockReconciler:
    """One round of a clock, compared with its last snapshot.

    After `reconcile`, ``emitter.facts`` is what to publish, in order; ``snapshot`` what is published by then;
    ``wakes_at`` the next instant, later than ``context.as_of``, at which time alone may lead to more, or None.
    """

    def __init__(self, context: ClockContext, clock: Clock, last: ClockSnapshot | None, rules: SlaRules) -> None:
        self.clock = clock
        self.as_of = context.as_of
        self.pause = clock.pause_at(context.as_of)
        self.emitter = FactEmitter(context, clock.round)
        self.is_window = clock.round.clock in WINDOWS
        self.warn_at_percent = rules.clocks[clock.round.clock].warn_at_percent
        self.wakes_at: datetime | None = None
        self.basis = _basis_of(clock)
        self.due_at = last.due_at if last else clock.due_at
        self.paused = last.paused if last else False
        self.warned: tuple[int, ...] = last.warned if last else ()
        self.ending: Ending | None = last.ending if last else None
        self.breaches = BreachReconciler(self.emitter, clock, last.breach if last else NO_BREACH, rules)
        self.change_reason = last.basis.change_reason(self.basis) if last else None
        if last is None:
            self.start()

    @property
    def snapshot(self) -> ClockSnapshot:
        """Return what is published by now."""
        round_, breach = self.clock.round, self.breaches.breach
        return ClockSnapshot(
            round_.clock, round_.number, self.due_at, self.basis, self.paused, self.warned, breach, self.ending
        )

    def reconcile(self) -> "ClockReconciler":
        """Publish all that differs."""
        end = self.clock.round.end
        if end is None and isinstance(self.ending, Expired):
            return self
        if end is None:
            self.run_on()
        if not self.is_window:
            self.breaches.reconcile(end.at if end else self.as_of, self.change_reason)
        if end is None:
            self.pass_time()
        elif end != self.ending or self.clock.due_at != self.due_at:
            self.end(end)
        return self

    def start(self) -> None:
        """Publish that the clock has started."""
        self.emitter.emit(
            events.ClockStarted,
            self.basis.started_at,
            once="started",
            started_at=self.basis.started_at,
            due_at=self.clock.due_at,
            allowance=str(self.clock.allowance),
            agency=self.basis.agency,
            policy_version=self.basis.policy_version,
            calendar_version=self.basis.calendar_version,
        )

    def run_on(self) -> None:
        """Publish whether the clock pauses or resumes, and when it is due by now."""
        due_at, pause = self.clock.due_at, self.pause
        if pause and not self.paused:
            self.emitter.emit(events.ClockPaused, pause.since, paused_at=pause.since)
        elif not pause and self.paused:
            resumed_at = self.clock.resumed_at(self.as_of)
            self.emitter.emit(events.ClockResumed, resumed_at, resumed_at=resumed_at, due_at=due_at)
        elif not pause and due_at != self.due_at:
            self.emitter.emit(events.DueChanged, was=self.due_at, due_at=due_at, why=self.change_reason or "held")
        self.paused = pause is not None
        if not pause:
            # When a paused clock will be due is not certain, so it is not published before it resumes.
            self.due_at = due_at

    def pass_time(self) -> None:
        """Publish what time alone has brought about, and find out when it will bring about more."""
        if self.is_window and self.clock.late_at(self.as_of):
            self.expire()
        elif self.pause:
            self.wake(self.pause.until)
        elif self.breaches.stands:
            for reached_at in self.breaches.escalate_until(self.as_of):
                self.wake(reached_at)
        else:
            self.wake(self.clock.due_at + JUST_AFTER)
            self.warn()

    def expire(self) -> None:
        """Publish that the reporter's window has closed; once in the round's life."""
        due_at = self.clock.due_at
        kind = (
            events.FeedbackWindowExpired
            if self.clock.round.clock is events.SlaClock.FEEDBACK
            else events.CompletionWindowExpired
        )
        self.emitter.emit(kind, due_at, once="expired", due_at=due_at)
        self.ending = Expired(due_at)

    def warn(self) -> None:
        """Publish which percentages are used up; one that a later due time takes back may be published again."""
        used = []
        for percent in self.warn_at_percent:
            warns_at = self.clock.warns_at(percent)
            if warns_at > self.as_of:
                self.wake(warns_at)
                break
            used.append(percent)
            if percent not in self.warned:
                remaining = self.clock.time_line.between(self.as_of, self.clock.due_at)
                self.emitter.emit(
                    events.ClockWarned,
                    percent=percent,
                    due_at=self.clock.due_at,
                    agency=self.clock.round.agency,
                    remaining_seconds=remaining.total_seconds(),
                )
        self.warned = tuple(used)

    def end(self, end: End) -> None:
        """Publish how the round ended; of a window that has closed before, only what the reporter did all the same."""
        due_at = self.clock.due_at
        if isinstance(end, Met):
            lateness = (end.at - due_at).total_seconds()
            self.emitter.emit(events.ClockMet, end.at, met_at=end.at, due_at=due_at, lateness_seconds=lateness)
        elif not isinstance(self.ending, Expired):
            self.emitter.emit(events.ClockStopped, end.at, stopped_at=end.at, why=end.why)
        self.ending, self.paused, self.due_at = end, False, due_at
        if self.breaches.late:
            self.breaches.clear(end.at)

    def wake(self, at: datetime | None) -> None:
        """Note an instant at which time may lead to more."""
        if at is not None and (self.wakes_at is None or at < self.wakes_at):
            self.wakes_at = at


def _basis_of(clock: Clock) -> Basis:
    round_, version = clock.round, clock.calendar.calendar.version
    return Basis(round_.started_at, round_.agency, round_.classification, clock.policy_version, version)
