"""``tindak watch``: prints the events of a stream as they come; keeps no offsets."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from services.sla.tooling import SlaRules, load_sla
from shared import topics
from shared.delivery.ports import Record
from shared.events import DeliveryFact, EventData, NotificationFailed, TicketRouted, TriageRequested
from shared.policy.loading import PolicyInvalid
from shared.process.settings import KafkaSettings
from tindak.client.kafka import Client, Start
from tindak.client.records import as_json as record_as_json
from tindak.client.records import event_of
from tindak.console import OPS, Misuse, local, read_settings, say, say_json, wait_for
from tindak.formatting import sentence
from tindak.notify import rows
from tindak.ops.dead_letters import DeadLetter
from tindak.options import TIMEOUT_SECONDS, AsJson, Timeout
from tindak.sla.breaches import Breaches
from tindak.tickets.updates import known_agency


class Stream(StrEnum):
    """What can be watched."""

    ACCEPTED = "accepted"
    ANSWERS = "answers"
    STATUS = "status"
    ROUTED = "routed"
    TRIAGE = "triage"
    WARNINGS = "warnings"
    BREACHES = "breaches"
    DELIVERIES = "deliveries"
    DEAD_LETTERS = "dead-letters"


@dataclass(frozen=True, slots=True)
class Watched:
    """Which topics a stream is read from, and which types of event count (None: all); as whom they are read."""

    topics: Sequence[str]
    types: tuple[type[EventData], ...] | None = None
    reader: str = OPS


STREAMS = {
    Stream.ACCEPTED: Watched([topics.ACCEPTED]),
    Stream.ROUTED: Watched([topics.TICKETS], (TicketRouted,)),
    Stream.TRIAGE: Watched([topics.TRIAGE], (TriageRequested, TicketRouted), topics.OFFICERS),
    Stream.WARNINGS: Watched([topics.WARNINGS]),
    Stream.BREACHES: Watched([topics.BREACHES]),
    Stream.DELIVERIES: Watched([topics.DELIVERIES]),
    Stream.DEAD_LETTERS: Watched([topics.dead_letter_topic(service) for service in topics.SERVICES]),
}
OF_CHANNELS = {Stream.ANSWERS: topics.answers_topic, Stream.STATUS: topics.status_topic}
OF_AGENCIES = (Stream.ROUTED, Stream.WARNINGS, Stream.BREACHES, Stream.DELIVERIES)
FAILED = Watched([topics.DELIVERIES], (NotificationFailed,))


def watch(
    stream: Annotated[Stream, typer.Argument(help="What to follow.")],
    agency: Annotated[str | None, typer.Option(help="Only this agency's; with `routed` its whole topic.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Of `deliveries`: only what failed for good.")] = False,
    channel: Annotated[str | None, typer.Option(help="The channel whose `answers` or `status` are followed.")] = None,
    start: Annotated[Start, typer.Option("--from", help="Where to begin.")] = Start.LATEST,
    until_end: Annotated[bool, typer.Option("--until-end", help="Stop at the present end of the stream.")] = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Follow a stream until Ctrl-C."""
    if agency is not None:
        if stream not in OF_AGENCIES:
            raise Misuse(f"--agency goes with {', '.join(OF_AGENCIES)}, not with {stream}.")
        known_agency(agency)
    if failed and stream is not Stream.DELIVERIES:
        raise Misuse(f"--failed goes with {Stream.DELIVERIES}, not with {stream}.")
    if (stream in OF_CHANNELS) != (channel is not None):
        raise Misuse("--channel goes with answers and status, and these with --channel: each channel has its own.")
    if until_end and start is Start.LATEST:
        raise Misuse("--until-end goes with --from earliest; between now and the end lies nothing.")
    show: Callable[[Record], None] = _print_json if as_json else _print_line
    if stream is Stream.BREACHES:
        show = partial(_print_breach, Breaches(_rules_at_hand()), as_json=as_json)
    what = FAILED if failed else _watched(stream, agency, channel)
    kafka = read_settings(timeout, what.reader).kafka
    wait_for(_watch(kafka, what, agency, start, show, until_end=until_end))


def _watched(stream: Stream, agency: str | None, channel: str | None) -> Watched:
    """Return what to read; an agency has a topic of its own, and so has a channel."""
    if channel is not None:
        return Watched([OF_CHANNELS[stream](channel)], reader=f"channel-{channel}")
    if stream is Stream.ROUTED and agency is not None:
        return Watched([topics.agency_topic(agency)], reader=f"agency-{agency}")
    return STREAMS[stream]


async def _watch(
    kafka: KafkaSettings,
    what: Watched,
    agency: str | None,
    start: Start,
    show: Callable[[Record], None],
    *,
    until_end: bool,
) -> None:
    async with Client(kafka) as client:
        if until_end:
            for record in await client.read(what.topics):
                if _concerns(record, what, agency):
                    show(record)
            return
        async with client.follow(what.topics, start) as records:
            if sys.stderr.isatty():
                say(f"Following {', '.join(what.topics)} from the {start}; Ctrl-C ends.", err=True)
            async for record in records:
                if _concerns(record, what, agency):
                    show(record)


def _concerns(record: Record, what: Watched, agency: str | None) -> bool:
    if what.types is None and agency is None:
        return True
    event = event_of(record)
    if event is None or (what.types is not None and not isinstance(event.data, what.types)):
        return False
    if topics.TRIAGE in what.topics and isinstance(event.data, TicketRouted) and event.data.officer is None:
        return False  # what an officer has assigned is no question any more
    return agency is None or getattr(event.data, "agency", agency) == agency


def _rules_at_hand() -> SlaRules | None:
    """Return the rules of the clocks, on whose calendars overdue time is counted; None without a policy at hand."""
    try:
        return load_sla(read_settings().policy_dir)
    except PolicyInvalid:
        return None


def _print_breach(breaches: Breaches, record: Record, *, as_json: bool) -> None:
    event = event_of(record)
    if event is None or breaches.apply(event) is None:
        (_print_json if as_json else _print_line)(record)
    elif as_json:
        say_json(record_as_json(record) | {"overdue_working_seconds": breaches.overdue_seconds(event)})
    else:
        say(breaches.line(event))


def _print_json(record: Record) -> None:
    """Print a record for scripts; a dead letter without its value, which may hold an identity."""
    say_json(DeadLetter(record).summary() if DeadLetter.is_one(record) else record_as_json(record))


def _print_line(record: Record) -> None:
    if DeadLetter.is_one(record):
        say(DeadLetter(record).line())
        return
    event = event_of(record)
    if event is None:
        say(f"{local(record.timestamp)}  {record.topic}/{record.partition}/{record.offset} cannot be read")
        return
    name = getattr(event.data, "tracking_id", None) or getattr(event.data, "source_id", None) or event.subject or "-"
    if isinstance(event.data, DeliveryFact):
        say(f"{local(event.time)}  {name}  {rows.fact_sentence(event.data)}", colour=rows.colour_of(event.data))
        return
    say(f"{local(event.time)}  {name}  {sentence(event.data)}")
