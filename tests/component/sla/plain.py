"""The clocks of one ticket as a careful clerk would keep them: in order, minute by minute; nothing of sla is used.

Only whole minutes, only the allowances and pauses of `WITHIN` and `PAUSES`.
"""

from dataclasses import dataclass, field
from datetime import datetime

from shared.events import Classification, HoldReason, SlaClock
from tests.unit.working_time.slow import MINUTE, WallClock

VERIFY, RESPOND, RESOLVE = SlaClock.VERIFY, SlaClock.RESPOND, SlaClock.RESOLVE
COMPLETE, FEEDBACK = SlaClock.COMPLETE, SlaClock.FEEDBACK
WITHIN = {VERIFY: 1, RESPOND: 2, COMPLETE: 2, FEEDBACK: 3}
RESOLVE_WITHIN = dict(zip(Classification, (6, 4, 2, 3), strict=True))
NO_LIMIT = 0
PAUSES = {
    HoldReason.NEEDS_REPORTER: ({RESPOND, RESOLVE}, NO_LIMIT),
    HoldReason.NEEDS_OTHER_AGENCY: ({RESPOND, RESOLVE}, 2),
    HoldReason.FIELD_WORK: ({RESOLVE}, 1),
}


@dataclass
class Wait:
    """A hold."""

    reason: HoldReason
    since: datetime
    asked: datetime | None
    until: datetime | None = None


@dataclass
class Run:
    """One round of a clock; ``due_then`` is when it was due as it ended, or as the window that it is closed."""

    clock: SlaClock
    number: int
    start: datetime
    kind: Classification
    agency: str | None
    waits: list[Wait] = field(default_factory=list)
    end: datetime | None = None
    met: bool = False
    due_then: datetime | None = None


class Clerk:
    """Keeps the clocks; ``walls`` is the clock in each kind of office, ``watch`` names the agency on the second."""

    def __init__(self, office: WallClock, watch: WallClock, watchers: str) -> None:
        self.office, self.watch, self.watchers = office, watch, watchers
        self.runs: list[Run] = []
        self.kind = Classification.COMPLAINT
        self.agency: str | None = None

    def wall(self, run: Run) -> WallClock:
        of_agency = run.clock in (RESPOND, RESOLVE) and run.agency == self.watchers
        return self.watch if of_agency else self.office

    def running(self, *clocks: SlaClock) -> list[Run]:
        return [run for run in self.runs if run.end is None and run.clock in clocks]

    def start(self, now: datetime, *clocks: SlaClock) -> None:
        for clock in clocks:
            number = 1 + sum(run.clock is clock for run in self.runs)
            self.runs.append(Run(clock, number, now, self.kind, self.agency))

    def end(self, now: datetime, *clocks: SlaClock, met: bool = False) -> None:
        for run in self.running(*clocks):
            run.end, run.met = now, met
            run.due_then = self.due(run)

    def classify(self, kind: Classification) -> None:
        self.kind = kind
        for run in self.running(*SlaClock):
            run.kind = kind

    def wait(self, now: datetime, reason: HoldReason, asked: datetime | None) -> None:
        self.go_on(now)
        for run in self.running(RESPOND, RESOLVE):
            run.waits.append(Wait(reason, now, asked))
        if reason is HoldReason.NEEDS_REPORTER:
            self.start(now, COMPLETE)

    def go_on(self, now: datetime) -> None:
        for run in self.running(RESPOND, RESOLVE):
            for wait in run.waits:
                wait.until = wait.until or now
        self.end(now, COMPLETE, met=True)

    def give(self, now: datetime, agency: str) -> None:
        self.go_on(now)
        self.end(now, VERIFY, met=True)
        self.end(now, FEEDBACK)
        if self.agency != agency or not self.running(RESOLVE):
            self.agency = agency
            self.end(now, RESPOND)
            self.start(now, RESPOND)
        if not self.running(RESOLVE):
            self.start(now, RESOLVE)
        for run in self.running(RESOLVE):
            run.agency = agency

    def take_back(self, now: datetime) -> None:
        self.go_on(now)
        self.end(now, RESPOND, FEEDBACK)
        self.agency = None
        for run in self.running(RESOLVE):
            run.agency = None

    def to_triage(self, now: datetime) -> None:
        self.take_back(now)
        if not self.running(VERIFY):
            self.start(now, VERIFY)

    def answer(self, now: datetime, *, final: bool) -> None:
        self.end(now, RESPOND, met=True)
        if final:
            self.go_on(now)
            self.end(now, RESOLVE, met=True)
            self.end(now, FEEDBACK)
            self.start(now, FEEDBACK)

    def reopen(self, now: datetime, agency: str) -> None:
        self.end(now, FEEDBACK, met=True)
        self.end(now, RESPOND, RESOLVE)
        self.agency = agency
        self.start(now, RESPOND, RESOLVE)

    def finish(self, now: datetime, *, by_reporter: bool) -> None:
        if by_reporter:
            self.end(now, FEEDBACK, met=True)
        self.end(now, *SlaClock)
        self.agency = None

    def close_windows(self, now: datetime) -> None:
        """Close the windows that are over; one that is closed stays so, whatever calendar holds later."""
        for run in self.running(COMPLETE, FEEDBACK):
            if run.due_then is None and self.late(run, now):
                run.due_then = self.due(run)

    def pauses(self, run: Run) -> list[tuple[datetime, datetime | None]]:
        """Return from when to when a round stands still; None: until nobody knows when."""
        wall, left, pauses = self.wall(run), dict[HoldReason, int](), list[tuple[datetime, datetime | None]]()
        for wait in run.waits:
            clocks, limit = PAUSES[wait.reason]
            until = wait.until or run.end
            if run.clock not in clocks:
                continue
            if limit == NO_LIMIT:
                pauses.append((wait.since, until))
                continue
            if wait.reason not in left:
                left[wait.reason] = wall.count(wait.since, wall.nth_working_day(wait.since, limit))
            at = wait.since
            while left[wait.reason] and (until is None or at < until) and (wait.asked is None or at < wait.asked):
                left[wait.reason] -= wall.works(at)
                at += MINUTE
            if at > wait.since:
                pauses.append((wait.since, at))
        return pauses

    def due(self, run: Run) -> datetime:
        """Return when a round is due; while it stands still without limit, as it would be without that."""
        wall = self.wall(run)
        days = RESOLVE_WITHIN[run.kind] if run.clock is RESOLVE else WITHIN[run.clock]
        left = wall.count(run.start, wall.nth_working_day(run.start, days))
        ended = [(since, until) for since, until in self.pauses(run) if until is not None]
        for minute in wall.since(run.start):
            left -= not any(since <= minute < until for since, until in ended)
            if left == 0:
                return minute + MINUTE
        raise AssertionError("the clerk's calendar is too short")

    def stands_still(self, run: Run, now: datetime) -> bool:
        """Return whether a running round is paused."""
        return any(since <= now and (until is None or now < until) for since, until in self.pauses(run))

    def late(self, run: Run, now: datetime) -> bool:
        """Return whether a round is or was late."""
        due = run.due_then or self.due(run)
        waits = any(until is None and since < due for since, until in self.pauses(run))
        return (run.end or now) > due and not waits
