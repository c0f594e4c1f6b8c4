"""What is to be said about one clock: the difference between what was said and what is true; never twice the same."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.sla.domain.breaches import BreachTelling
from services.sla.domain.clocks import Clock
from services.sla.domain.rounds import End, Met
from services.sla.domain.rules import WINDOWS, SlaRules
from services.sla.domain.told import Basis, Expired, Told
from services.sla.domain.voice import About, Voice
from shared.events import (
    ClockMet,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    CompletionWindowExpired,
    DueChanged,
    FeedbackWindowExpired,
    SlaClock,
)

JUST_AFTER = timedelta(milliseconds=1)  # at the due time nothing is late yet; clocks and database keep milliseconds


class Telling:
    """One clock being told about.

    After `tell`, ``voice.facts`` is what to say, in order; ``told`` what has been said by then; ``wakes_at`` the next
    instant, later than ``about.as_of``, at which time alone may give more to say, or None.
    """

    def __init__(self, about: About, clock: Clock, told: Told | None, rules: SlaRules) -> None:
        self.clock = clock
        self.as_of = about.as_of
        self.voice = Voice(about, clock.round)
        self.is_window = clock.round.clock in WINDOWS
        self.warn_at_percent = rules.clocks[clock.round.clock].warn_at_percent
        self.wakes_at: datetime | None = None
        self.basis = basis_of(clock)
        self.told = told or self.start()
        self.why_changed = self.told.basis.why_not(self.basis)
        ladder = rules.ladder(clock.round.clock, clock.round.agency)
        self.breaches = BreachTelling(self.voice, clock, self.told.breach, ladder)

    def tell(self) -> "Telling":
        """Say all that there is to say."""
        end = self.clock.round.end
        if end is None and isinstance(self.told.ending, Expired):
            return self
        if end is None:
            self.run_on()
        if not self.is_window:
            self.breaches.judge(end.at if end else self.as_of, self.why_changed)
        if end is None:
            self.pass_time()
        elif end != self.told.ending or self.clock.due_at != self.told.due_at:
            self.end(end)
        self.told = replace(self.told, basis=self.basis, breach=self.breaches.breach)
        return self

    def start(self) -> Told:
        """Say that the clock has started."""
        clock, basis = self.clock, self.basis
        self.voice.say(
            ClockStarted,
            basis.started_at,
            once="started",
            started_at=basis.started_at,
            due_at=clock.due_at,
            allowance=str(clock.allowance),
            agency=basis.agency,
            policy_version=basis.policy_version,
            calendar_version=basis.calendar_version,
        )
        return Told(clock.round.clock, clock.round.number, clock.due_at, basis)

    def run_on(self) -> None:
        """Say whether the clock stands still or goes on, and when it is due by now."""
        told, due_at, pause = self.told, self.clock.due_at, self.clock.pause_at(self.as_of)
        if pause and not told.paused:
            self.voice.say(ClockPaused, pause.since, paused_at=pause.since)
        elif not pause and told.paused:
            resumed_at = self.clock.went_on_at(self.as_of)
            self.voice.say(ClockResumed, resumed_at, resumed_at=resumed_at, due_at=due_at)
        elif not pause and due_at != told.due_at:
            self.voice.say(DueChanged, was=told.due_at, due_at=due_at, why=self.why_changed or "held")
        # When a clock that stands still will be due is not certain, so it is not said before it goes on.
        self.told = replace(told, paused=pause is not None, due_at=told.due_at if pause else due_at)

    def pass_time(self) -> None:
        """Say what time alone has brought about, and find out when it will bring about more."""
        pause = self.clock.pause_at(self.as_of)
        if self.is_window and self.clock.late_at(self.as_of):
            self.expire()
        elif pause:
            self.wake(pause.until)
        elif self.breaches.stands:
            for reached_at in self.breaches.climb(self.as_of):
                self.wake(reached_at)
        else:
            self.wake(self.clock.due_at + JUST_AFTER)
            self.warn()

    def expire(self) -> None:
        """Say that the reporter's window has closed; once in the round's life."""
        due_at = self.clock.due_at
        kind = FeedbackWindowExpired if self.clock.round.clock is SlaClock.FEEDBACK else CompletionWindowExpired
        self.voice.say(kind, due_at, once="expired", due_at=due_at)
        self.told = replace(self.told, ending=Expired(due_at))

    def warn(self) -> None:
        """Say which percentages are used up; one that a later due time takes back may be said again."""
        used = []
        for percent in self.warn_at_percent:
            warns_at = self.clock.warns_at(percent)
            if warns_at > self.as_of:
                self.wake(warns_at)
                break
            used.append(percent)
            if percent not in self.told.warned:
                remaining = self.clock.time_line.between(self.as_of, self.clock.due_at)
                self.voice.say(
                    ClockWarned,
                    percent=percent,
                    due_at=self.clock.due_at,
                    agency=self.clock.round.agency,
                    remaining_seconds=remaining.total_seconds(),
                )
        self.told = replace(self.told, warned=tuple(used))

    def end(self, end: End) -> None:
        """Say how the round ended; of a window that has closed before, only what the reporter did all the same."""
        due_at = self.clock.due_at
        if isinstance(end, Met):
            lateness = (end.at - due_at).total_seconds()
            self.voice.say(ClockMet, end.at, met_at=end.at, due_at=due_at, lateness_seconds=lateness)
        elif not isinstance(self.told.ending, Expired):
            self.voice.say(ClockStopped, end.at, stopped_at=end.at, why=end.why)
        self.told = replace(self.told, ending=end, paused=False, due_at=due_at)
        if self.breaches.late:
            self.breaches.clear(end.at)

    def wake(self, at: datetime | None) -> None:
        """Note an instant at which time may give more to say."""
        if at is not None:
            self.wakes_at = min(at, self.wakes_at or at)


def basis_of(clock: Clock) -> Basis:
    """Return from what a clock's due time follows."""
    return Basis(
        started_at=clock.round.started_at,
        agency=clock.round.agency,
        classification=clock.round.classification,
        policy_version=clock.policy_version,
        calendar_version=clock.calendar.calendar.version,
    )
