"""What the command line uses of sla: its policy, counts of working time, the clocks of a ticket, recompute."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from services.sla.domain.allowances import Allowance, Unit
from services.sla.domain.clocks import Clock, timed
from services.sla.domain.rounds import Hold, Met, Round
from services.sla.domain.rules import WINDOWS, SlaRules
from services.sla.domain.snapshot import Standing
from services.sla.domain.ticket import Ticket, decide, ended_at, rounds
from services.sla.policy import SLA_FILE, LevelEntry, SlaFile, allowance_of, load_sla
from services.sla.recompute import PAUSE_MAX, SHARE, Report, Throttle
from shared.events import Arrival, ComplaintAccepted, Event, TicketFact, state_after
from shared.events.envelope import stamp
from shared.policy.calendars import CALENDARS_FILE, HOLIDAY_YEARS, CalendarFile, names_of
from shared.policy.loading import load
from shared.process.settings import CommonSettings, MongoSettings
from shared.working_time.counting import CalendarExhausted, WorkingTime, instant, spans_of
from shared.working_time.hours import DEFAULT_CALENDAR

if TYPE_CHECKING:
    from services.sla.store import SlaStore

__all__ = [
    "CALENDARS_FILE", "DEFAULT_CALENDAR", "HOLIDAY_YEARS", "PAUSE_MAX", "SHARE", "SLA_FILE", "WINDOWS", "Allowance",
    "CalendarExhausted", "CalendarFile", "Clock", "Hold", "LevelEntry", "Met", "Report", "Round", "SlaFile",
    "SlaRules", "Throttle", "Unit", "WorkingTime", "allowance_of", "archived_clocks", "archived_history", "day_names",
    "ended_at", "load_sla", "recompute", "rounds_of_ticket", "sla_store", "spans_on", "timed",
]  # fmt: skip


def day_names(policy_dir: Path) -> Mapping[str, Mapping[date, str]]:
    """Return by calendar why a date is not an ordinary one of its weekday; raise PolicyInvalid if it is unreadable."""
    return {entry.code: names_of(entry) for entry in load(policy_dir / CALENDARS_FILE, CalendarFile).calendars}


def spans_on(day: date, work: WorkingTime) -> Iterator[tuple[datetime, datetime]]:
    """Yield from when to when there is work on a local date of the calendar."""
    for opens, closes in spans_of(day, work.calendar.hours_on(day), ZoneInfo(work.calendar.zone)):
        if opens < closes:
            yield instant(opens), instant(closes)


def rounds_of_ticket(heard: Iterable[Event], ticket_id: str, rules: SlaRules, now: datetime) -> tuple[Round, ...]:
    """Return the rounds of a ticket's clocks as the service keeps them; empty if nothing heard started one."""
    state: Ticket | None = None
    for event in heard:
        if isinstance(event.data, ComplaintAccepted | TicketFact) and event.data.ticket_id == ticket_id:
            state = state_after(state, decide(state, event, Arrival("", 0, 0, now, now), rules))
    return rounds(state) if state else ()


def archived_history(ticket: Ticket) -> list[dict[str, Any]]:
    """Return what happened to a ticket, in its order, as JSON: what moved its clocks, and nothing that was written."""
    return [_step(asdict(step)) for step in ticket.history]


def _step(step: dict[str, Any]) -> dict[str, Any]:
    instants = {name: stamp(value) for name, value in step.items() if isinstance(value, datetime)}
    return {name: value for name, value in (step | instants).items() if value is not None}


def archived_clocks(ticket: Ticket) -> list[dict[str, Any]]:
    """Return each round of each clock: when it was due, when it ended, and whether it was breached, as JSON."""
    return [
        {
            "clock": told.clock.value,
            "round": told.round,
            "due_at": stamp(told.due_at),
            "breached": told.breach.standing in (Standing.OPEN, Standing.CLEARED),
        }
        | ({"ended_at": stamp(told.ending.at)} if told.ending else {})
        for told in ticket.told
    ]


async def recompute(
    settings: CommonSettings,
    policy_dir: Path,
    throttle: Throttle,
    report_progress: Callable[[Report], None],
    *,
    dry_run: bool,
) -> Report:
    """Time all running clocks by the policy in *policy_dir* and return what that changes, waiting out every outage.

    Args:
        report_progress: Called after each batch.
        dry_run: Save and publish nothing.
    """
    # Database and broker are loaded by the one command that needs them.
    from services.sla.job import run

    return await run(settings, load_sla(policy_dir), throttle, report_progress, dry_run=dry_run)


def sla_store(settings: MongoSettings) -> "SlaStore":
    """Return sla's collection, in which nothing is marked."""
    from services.sla.store import STATE, SlaStore
    from shared.adapters.mongo.client import collection

    return SlaStore(collection(settings, "sla"), STATE, marks=False)
