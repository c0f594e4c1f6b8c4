"""``tindak sla explain``: why a clock is due when it is, by the code that runs live; publishes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from services.sla.tooling import CalendarExhausted, Clock, Hold, Met, Round, rounds_of_ticket, timed
from shared import topics
from shared.events import Classification, HoldReason, SlaClock
from tindak.client.kafka import Client
from tindak.client.records import events_in
from tindak.console import Failure, read_settings, say, say_json, wait_for
from tindak.formatting import words
from tindak.options import TIMEOUT_SECONDS, AsJson, Timeout
from tindak.sla.count import beyond
from tindak.sla.days import as_objects, day_lines, days_of, shown
from tindak.sla.input import HERE, City, Office, PolicyDir, instant_of, refusal
from tindak.tickets.lookup import find_ticket


@dataclass(frozen=True, slots=True)
class Explained:
    """A clock, the office whose time it counts, and who is responsible for its breach, when, at which level."""

    clock: Clock
    office: Office
    warnings: Sequence[tuple[int, datetime]]
    levels: Sequence[tuple[int, str, datetime]]


def explain_command(
    ticket: Annotated[str | None, typer.Argument(metavar="[ID]", help="Tracking id or ticket id.")] = None,
    clock: Annotated[SlaClock | None, typer.Option(help="Which clock.")] = None,
    start: Annotated[str | None, typer.Option(help="When it starts, as AT of `tindak sla add`.")] = None,
    agency: Annotated[str | None, typer.Option(help="Whose calendar and superiors.")] = None,
    classification: Annotated[Classification, typer.Option(help="What kind of report.")] = Classification.COMPLAINT,
    hold: Annotated[
        list[str] | None, typer.Option(metavar="REASON,SINCE,UNTIL", help="A pause; may be repeated, in order.")
    ] = None,
    policy: PolicyDir = HERE,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Show why clocks are due when they are: of a ticket, or one --clock that would --start at an instant."""
    city = City.of(policy)
    if ticket is not None and clock is None:
        found = wait_for(_rounds_of(ticket, city, timeout))
    elif ticket is None and clock is not None and start is not None:
        office = _office_of(city, clock, agency)
        holds = tuple(_hold_of(text, office) for text in hold or ())
        found = (Round(clock, 1, instant_of(start, office.zone), classification, agency, holds),)
    else:
        raise refusal("sebutkan ID, atau --clock dan --start", "give either an ID, or --clock and --start")
    shown_clocks = [_explained(round_, city) for round_ in found]
    if as_json:
        say_json({"policy_version": city.rules.version, "clocks": [_as_object(one) for one in shown_clocks]})
    else:
        say("\n\n".join("\n".join(_lines(one)) for one in shown_clocks))


async def _rounds_of(typed: str, city: City, timeout_seconds: float) -> tuple[Round, ...]:
    async with Client(read_settings(timeout_seconds).kafka) as client:
        wanted = await find_ticket(client, typed)
        records = await client.read([topics.ACCEPTED, topics.TICKETS])
    found = rounds_of_ticket(events_in(records), wanted.id, city.rules, datetime.now(UTC))
    if not found:
        raise Failure(f"Belum ada jam untuk {typed}. / No clock of {typed} has started yet.")
    return found


def _office_of(city: City, clock: SlaClock, agency: str | None) -> Office:
    """Return the office whose time a clock counts; raise Misuse if there is no such agency."""
    if agency is not None and agency not in city.rules.calendar_of_agency:
        raise refusal(f"instansi `{agency}` tidak dikenal", f"agency `{agency}` is not in agencies.yaml")
    return city.office(city.rules.calendar(clock, agency).calendar.code)


def _hold_of(text: str, office: Office) -> Hold:
    """Return the hold that was typed as reason, beginning and end; raise Misuse if it is none."""
    reason, _, times = text.partition(",")
    since, _, until = times.partition(",")
    if reason not in list(HoldReason) or not until:
        raise refusal(
            f"`{text}` bukan penundaan seperti needs_reporter,2026-03-02T12:00,2026-03-04T12:00",
            f"`{text}` is no hold such as needs_reporter,2026-03-02T12:00,2026-03-04T12:00",
        )
    ends = instant_of(since, office.zone), instant_of(until, office.zone)
    if ends[1] < ends[0]:
        raise refusal(f"penundaan `{text}` berakhir sebelum mulai", f"the hold `{text}` ends before it begins")
    return Hold(HoldReason(reason), ends[0], ended_at=ends[1])


def _explained(round_: Round, city: City) -> Explained:
    """Return a round's clock with all that follows from its due time; raise Failure if that is out of the calendar."""
    office = city.office(city.rules.calendar(round_.clock, round_.agency).calendar.code)
    try:
        clock = timed(round_, city.rules)
        rule, escalation = city.rules.clocks[round_.clock], city.rules.escalation(round_.clock, round_.agency)
        warnings = [(percent, clock.warns_at(percent)) for percent in rule.warn_at_percent]
        levels = [(level.level, level.responsible, clock.escalates_at(level)) for level in escalation]
    except CalendarExhausted as error:
        raise beyond(office) from error
    return Explained(clock, office, warnings, levels)


def _lines(of_clock: Explained) -> Iterator[str]:
    clock, office = of_clock.clock, of_clock.office
    of, calendar = clock.round, office.work.calendar
    yield f"{of.clock} clock, round {of.number}: {words(of.classification)}, {of.agency or 'no agency'}"
    yield f"  allowed   {words(str(clock.allowance))} (policy {clock.policy_version})"
    yield f"  counted   on calendar {calendar.code} ({calendar.zone}), version {calendar.version}"
    yield f"  started   {shown(of.started_at, office)}"
    yield from map("  {}".format, day_lines(days_of(office, of.started_at, clock.due_at), office))
    for pause in clock.pauses:
        until = shown(pause.until, office) if pause.until else "without end yet"
        yield f"  paused    {shown(pause.since, office)} until {until}"
    yield f"  due       {shown(clock.due_at, office)}"
    if of.end is not None:
        how = "met" if isinstance(of.end, Met) else f"stopped ({words(of.end.why)})"
        yield f"  ended     {shown(of.end.at, office)}: {how}{', late' if clock.late_at(of.end.at) else ''}"
    yield from (f"  warned    {shown(at, office)}: {percent} % used" for percent, at in of_clock.warnings)
    yield from (f"  level {level}   {shown(at, office)}: {who}" for level, who, at in of_clock.levels)


def _as_object(of_clock: Explained) -> dict[str, Any]:
    clock, of = of_clock.clock, of_clock.clock.round
    calendar = of_clock.office.work.calendar
    ends = [(pause.since.isoformat(), pause.until and pause.until.isoformat()) for pause in clock.pauses]
    return {
        "clock": of.clock.value,
        "round": of.number,
        "classification": of.classification.value,
        "agency": of.agency,
        "allowance": str(clock.allowance),
        "calendar": calendar.code,
        "calendar_version": calendar.version,
        "started_at": of.started_at.isoformat(),
        "due_at": clock.due_at.isoformat(),
        "ended_at": of.end.at.isoformat() if of.end else None,
        "late": clock.late_at(of.end.at) if of.end else None,
        "pauses": [{"since": since, "until": until} for since, until in ends],
        "warnings": [{"percent": percent, "at": at.isoformat()} for percent, at in of_clock.warnings],
        "levels": [{"level": level, "responsible": who, "at": at.isoformat()} for level, who, at in of_clock.levels],
        "days": as_objects(days_of(of_clock.office, of.started_at, clock.due_at), of_clock.office),
    }
