"""``tindak sla add``, ``subtract`` and ``between``: one count on one calendar, step by step; reads the policy alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer

from services.sla.tooling import DEFAULT_CALENDAR, Allowance, CalendarExhausted, Unit
from tindak.console import Failure, say, say_json
from tindak.formatting import hours
from tindak.options import AsJson
from tindak.sla.days import as_objects, day_lines, days_of, shown
from tindak.sla.input import HERE, At, Calendar, City, Office, PolicyDir, amount_of, instant_of, refusal

Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="`7h30m`, `90m`, or as in sla.yaml: `5 working_days`.")]

UNITS_BACK = {Unit.WORKING_HOURS: timedelta(hours=1), Unit.WORKING_MINUTES: timedelta(minutes=1)}


@dataclass(frozen=True, slots=True)
class Counted:
    """A count: from where, what, and where it leads."""

    what: str
    since: datetime
    until: datetime


def add_command(
    at: At, amount: Amount, calendar: Calendar = DEFAULT_CALENDAR, policy: PolicyDir = HERE, as_json: AsJson = False
) -> None:
    """Show when an amount of time that begins at an instant is used up, and how it is counted."""
    office = City.of(policy).office(calendar)
    since, within = instant_of(at, office.zone), amount_of(amount)
    with_end = Counted(f"add {amount}", since, _ending(office, since, within))
    _print(with_end, office, as_json=as_json, result=with_end.until)


def subtract_command(
    at: At, amount: Amount, calendar: Calendar = DEFAULT_CALENDAR, policy: PolicyDir = HERE, as_json: AsJson = False
) -> None:
    """Show from when on an amount of working time passes until an instant, and how it is counted."""
    office = City.of(policy).office(calendar)
    until, within = instant_of(at, office.zone), amount_of(amount)
    if isinstance(within, Allowance):
        within = back(within)
    try:
        since = office.work.subtract(until, within)
    except CalendarExhausted as error:
        raise beyond(office) from error
    _print(Counted(f"subtract {amount}", since, until), office, as_json=as_json, result=since)


def between_command(
    since: At,
    until: Annotated[str, typer.Argument(metavar="UNTIL", help="As AT.")],
    calendar: Calendar = DEFAULT_CALENDAR,
    policy: PolicyDir = HERE,
    as_json: AsJson = False,
) -> None:
    """Show how much working time lies between two instants, and on which days; negative if the second is earlier."""
    office = City.of(policy).office(calendar)
    first, last = instant_of(since, office.zone), instant_of(until, office.zone)
    try:
        worked = office.work.between(first, last)
    except CalendarExhausted as error:
        raise beyond(office) from error
    _print(Counted("between", min(first, last), max(first, last)), office, as_json=as_json, result=worked)


def _ending(office: Office, since: datetime, within: timedelta | Allowance) -> datetime:
    """Return when an amount of time is used up; raise Failure if that is beyond the calendar."""
    try:
        if isinstance(within, Allowance):
            return within.deadline(since, office.work)
        return office.work.add(since, within)
    except (CalendarExhausted, OverflowError) as error:
        raise beyond(office) from error


def back(within: Allowance) -> timedelta:
    """Return an allowance as working time; raise Misuse if its unit ends at closing time, which has no way back."""
    if within.unit not in UNITS_BACK:
        raise refusal(
            f"`{within}` tidak dapat dikurangkan; pakai jam atau menit kerja, misalnya `7h30m`",
            f"`{within}` cannot be subtracted; use working hours or minutes, such as `7h30m`",
        )
    return within.amount * UNITS_BACK[within.unit]


def beyond(office: Office) -> Failure:
    """Return the refusal of a count that leads out of the calendar."""
    code = office.work.calendar.code
    return Failure(
        f"Hasilnya lebih dari satu abad jauhnya pada kalender `{code}`. / It lies more than a century away on calendar"
        f" `{code}`."
    )


def _print(counted: Counted, office: Office, *, as_json: bool, result: datetime | timedelta) -> None:
    calendar, days = office.work.calendar, days_of(office, counted.since, counted.until)
    if as_json:
        is_time = isinstance(result, timedelta)
        said = {"working_seconds": result.total_seconds()} if is_time else {"at": result.isoformat()}  # type: ignore[union-attr]
        ends = {"since": counted.since.isoformat(), "until": counted.until.isoformat()}
        about = {"calendar": calendar.code, "calendar_version": calendar.version, "zone": calendar.zone}
        say_json({"count": counted.what, "result": said, **ends, **about, "days": as_objects(days, office)})
        return
    say(f"{counted.what} on calendar {calendar.code} ({calendar.zone}), version {calendar.version}")
    say(f"from   {shown(counted.since, office)}")
    say("\n".join(day_lines(days, office)))
    say(f"until  {shown(counted.until, office)}")
    if isinstance(result, timedelta):
        sign = "-" if result < timedelta() else ""
        say(f"       {sign}{hours(abs(result).total_seconds())} of working time")
    else:
        say(f"=      {shown(result, office)}")
