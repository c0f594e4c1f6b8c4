"""Counts a month of clocks by agency from the events about them; reads nothing itself."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.sla.tooling import SlaRules
from shared import events as e
from tindak.console import WIB
from tindak.sla.breaches import Breaches, Standing

NOBODY = "-"
Key = tuple[str, e.SlaClock, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One agency's clock in a month; times are working time, shares are of the agency's closed tickets.

    ``met`` ended in time, ``late`` ended after the due time; ``breached`` passed it in the month, ended or not;
    ``overdue`` passed it before the month's end and has not ended by now. Median, p90 and the shares are None where
    there is nothing to take them of. What is said of the agency as a whole (shares, ``holds``, ``returns``) stands in
    each of its rows.
    """

    agency: str
    clock: str
    met: int
    late: int
    breached: int
    overdue: int
    median_hours: float | None
    p90_hours: float | None
    closed_by_reporter: float | None
    closed_by_system: float | None
    holds: int
    returns: int


@dataclass
class ClockRun:
    """One round of a clock as published: when it started, paused and was met, by whom."""

    started_at: datetime | None = None
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    met_at: datetime | None = None
    is_late: bool = False
    agency: str | None = None


class Month:
    """The month that begins at local midnight of its first day, ``YYYY-MM``; ValueError if there is no such month."""

    def __init__(self, text: str, rules: SlaRules) -> None:
        self.begins = datetime.strptime(text, "%Y-%m").replace(tzinfo=WIB)
        self.ends = (self.begins + timedelta(days=32)).replace(day=1)
        self.rules = rules
        self.runs: dict[Key, ClockRun] = defaultdict(ClockRun)
        self.holders: dict[str, str | None] = {}
        self.closed: dict[str, Counter[str]] = defaultdict(Counter)
        self.holds: Counter[str] = Counter()
        self.returns: Counter[str] = Counter()
        self.breaches = Breaches(rules)

    def rows(self, events: Iterable[e.Event]) -> list[Row]:
        """Return what *events*, of any order and with any repetition, come to, by agency and clock."""
        once = {event.id: event for event in events}
        for event in sorted(once.values(), key=_place):
            self.breaches.apply(event)
            if isinstance(event.data, e.TicketFact):
                self._apply_ticket(event.data)
            elif isinstance(event.data, e.ClockFact):
                self._apply_clock(event.data)
        return sorted(self._made(), key=lambda row: (row.agency, row.clock))

    def _within(self, at: datetime | None) -> bool:
        """Return whether an instant lies in the month."""
        return at is not None and self.begins <= at < self.ends

    def _apply_ticket(self, data: e.TicketFact) -> None:
        """Note who has a ticket, and what is counted of agencies."""
        if self._within(data.at):
            match data:
                case e.TicketClosed():
                    self.closed[data.agency or NOBODY][data.by.value] += 1
                case e.TicketHeld():
                    self.holds[data.agency] += 1
                case e.TicketDeclined():
                    self.returns[data.agency] += 1
        if not isinstance(data, e.UpdateRefused):
            self.holders[data.ticket_id] = data.agency

    def _apply_clock(self, data: e.ClockFact) -> None:
        """Note how a clock runs; the last fact about its end counts."""
        run = self.runs[data.ticket_id, data.clock, data.round]
        match data:
            case e.ClockStarted():
                run.started_at = data.started_at
            case e.ClockPaused():
                run.pauses.append((data.paused_at, None))
            case e.ClockResumed() if run.pauses:
                run.pauses[-1] = (run.pauses[-1][0], data.resumed_at)
            case e.ClockMet():
                run.met_at, run.is_late = data.met_at, data.lateness_seconds > 0
                run.agency = self.holders.get(data.ticket_id)

    def _made(self) -> Iterator[Row]:
        """Yield a row for each agency and clock of which the month has something to tell."""
        ended: dict[tuple[str, e.SlaClock], list[ClockRun]] = defaultdict(list)
        for (_, clock, _), run in self.runs.items():
            if self._within(run.met_at):
                ended[NOBODY if clock is e.SlaClock.VERIFY else run.agency or NOBODY, clock].append(run)
        breached: Counter[tuple[str, e.SlaClock]] = Counter()
        overdue: Counter[tuple[str, e.SlaClock]] = Counter()
        for breach in self.breaches.standing.values():
            whose = breach.agency or NOBODY, breach.clock
            if breach.breached_at is not None and breach.standing is not Standing.CORRECTED:
                breached[whose] += self._within(breach.breached_at)
                overdue[whose] += breach.standing is Standing.OPEN and breach.breached_at < self.ends
        for agency, clock in {*ended, *+breached, *+overdue}:
            runs = ended.get((agency, clock), [])
            hours = sorted(self._worked(clock, run).total_seconds() / 3600 for run in runs if run.started_at)
            closed = self.closed[agency]
            yield Row(
                agency, clock.value,
                met=sum(not one.is_late for one in runs), late=sum(one.is_late for one in runs),
                breached=breached[agency, clock], overdue=overdue[agency, clock],
                median_hours=quantile(hours, 0.5), p90_hours=quantile(hours, 0.9),
                closed_by_reporter=_share(closed, "reporter"), closed_by_system=_share(closed, "system"),
                holds=self.holds[agency], returns=self.returns[agency],
            )  # fmt: skip

    def _worked(self, clock: e.SlaClock, run: ClockRun) -> timedelta:
        """Return the working time that a run took, without its pauses."""
        if run.started_at is None or run.met_at is None:
            return timedelta()
        work, end = self.rules.calendar(clock, run.agency), run.met_at
        stood = (work.between(min(since, end), min(until or end, end)) for since, until in run.pauses)
        return work.between(run.started_at, end) - sum(stood, timedelta())


def _place(event: e.Event) -> tuple[datetime, bool, int]:
    return event.time, not isinstance(event.data, e.TicketFact), getattr(event.data, "version", 0)


def quantile(sorted_hours: list[float], share_below: float) -> float | None:
    """Return the smallest value that no smaller share lies at or below; None of nothing."""
    if not sorted_hours:
        return None
    needed = -(-len(sorted_hours) * share_below // 1)
    return round(sorted_hours[max(0, int(needed) - 1)], 2)


def _share(closed: Counter[str], by: str) -> float | None:
    """Return which share was closed by somebody; None if nothing was closed."""
    return round(closed[by] / closed.total(), 3) if closed else None
