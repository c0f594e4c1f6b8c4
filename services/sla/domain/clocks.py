"""Times a round by the policy: when it is due, where it pauses, when it warns and escalates."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from services.sla.domain.allowances import Allowance, TimeLine
from services.sla.domain.rounds import Round
from services.sla.domain.rules import EscalationLevel, SlaRules
from shared.events import HoldReason
from shared.values import value
from shared.working_time.counting import WorkingTime


@value
class Pause:
    """A clock stands still from one instant to another; ``until`` is None while nobody knows for how long."""

    since: datetime
    until: datetime | None


@value
class Clock:
    """One round of a clock as the policy times it.

    Args:
        time_line: On what its time is counted.
        first_due_at: When it would be due if it had never stood still.
        due_at: The last instant that is in time; while it stands still without limit, as it would be without that.
        pauses: In order, disjoint; only the last may be without end.
    """

    round: Round
    allowance: Allowance
    calendar: WorkingTime
    time_line: TimeLine
    first_due_at: datetime
    due_at: datetime
    pauses: tuple[Pause, ...]
    policy_version: str

    @property
    def within(self) -> timedelta:
        """Return what is allowed, as time on the time line of the allowance."""
        return self.time_line.between(self.round.started_at, self.first_due_at)

    def pause_at(self, at: datetime) -> Pause | None:
        """Return the pause in which an instant lies, its beginning included, its end not."""
        if not self.pauses:
            return None
        pauses = (pause for pause in self.pauses if pause.since <= at)
        return next((pause for pause in pauses if pause.until is None or at < pause.until), None)

    def resumed_at(self, as_of: datetime) -> datetime:
        """Return when it last went on after standing still, or *as_of* if it never stood still by then."""
        ends = [pause.until for pause in self.pauses if pause.until is not None and pause.until <= as_of]
        return max(ends, default=as_of)

    def late_at(self, at: datetime) -> bool:
        """Return whether it is late: at the due time it is not, and not if it has stood still since before."""
        if at <= self.due_at:
            return False
        return not any(pause.until is None and pause.since < self.due_at for pause in self.pauses)

    def overdue_for(self, until: datetime) -> timedelta:
        """Return the time from the due time to *until*, without what it stood still meanwhile."""
        since_due = (pause for pause in self.pauses if pause.since >= self.due_at)
        stood_still = (self.time_line.between(pause.since, pause.until or until) for pause in since_due)
        return self.time_line.between(self.due_at, until) - sum(stood_still, timedelta())

    def warns_at(self, percent: int) -> datetime:
        """Return when so much of its time is used up."""
        used = self.time_line.add(self.round.started_at, self.within * percent // 100)
        return _postponed(used, self.pauses, self.time_line)

    def escalates_at(self, level: EscalationLevel) -> datetime:
        """Return when a level is reached: with the breach at the earliest; pauses put it off, too."""
        if level.after is None:
            return self.due_at
        time_line = level.after.time_line(self.calendar)
        if level.from_start:
            counted = level.after.deadline(self.round.started_at, self.calendar)
            return max(self.due_at, _postponed(counted, self.pauses, time_line))
        since_due = tuple(pause for pause in self.pauses if pause.since >= self.due_at)
        return _postponed(level.after.deadline(self.due_at, self.calendar), since_due, time_line)


def timed(round_: Round, rules: SlaRules) -> Clock:
    """Return a round's clock."""
    calendar = rules.calendar(round_.clock, round_.agency)
    allowance = rules.clocks[round_.clock].allowances[round_.classification]
    time_line = allowance.time_line(calendar)
    first_due_at = allowance.deadline(round_.started_at, calendar)
    pauses = tuple(_pauses_of(round_, rules, calendar)) if round_.holds else ()
    due_at = _postponed(first_due_at, pauses, time_line) if pauses else first_due_at
    return Clock(round_, allowance, calendar, time_line, first_due_at, due_at, pauses, rules.version)


def _postponed(at: datetime, pauses: Iterable[Pause], time_line: TimeLine) -> datetime:
    """Return the instant to which pauses put off another; those that begin no earlier than it change nothing."""
    for pause in pauses:
        if pause.until is None or pause.since >= at:
            break
        at = time_line.add(at, time_line.between(pause.since, pause.until))
    return at


def _pauses_of(round_: Round, rules: SlaRules, calendar: WorkingTime) -> Iterator[Pause]:
    """Yield where a round stands still.

    A limit is what the first hold for that reason is granted at most, counted as time; later holds for the same reason
    share what it has left, so that holding twice gains nothing. Where there is a limit, a pause does not outlast what
    the agency asked for either.
    """
    left: dict[HoldReason, timedelta] = {}
    for hold in round_.holds:
        rule = rules.pauses.get(hold.reason)
        if rule is None or round_.clock not in rule.clocks:
            continue
        ended_at = hold.ended_at or (round_.end.at if round_.end else None)
        if rule.at_most is None:
            yield Pause(hold.since, ended_at)
            continue
        time_line = rule.at_most.time_line(calendar)
        if hold.reason not in left:
            left[hold.reason] = time_line.between(hold.since, rule.at_most.deadline(hold.since, calendar))
        limit = time_line.add(hold.since, left[hold.reason])
        until = min(at for at in (limit, ended_at, hold.asked_until) if at is not None)
        if until > hold.since:
            left[hold.reason] -= time_line.between(hold.since, until)
            yield Pause(hold.since, until)
