"""``tindak dlq``: lists, shows, replays and drops dead letters; safe to repeat, for services drop what they applied."""

import base64
import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from shared.delivery.outgoing import Outgoing
from shared.output import json_text
from shared.process.settings import KafkaSettings
from shared.topics import SERVICES, dead_letter_topic, replay_topic
from tindak.client.kafka import Client
from tindak.console import Failure, Misuse, local, read_settings, say, say_json, wait_for
from tindak.ops.dead_letters import DeadLetter, Letter, State, letters_in
from tindak.options import TIMEOUT_SECONDS, AsJson, DryRun, Timeout

app = typer.Typer(name="dlq", help="List, show, replay and drop what services could not handle.", no_args_is_help=True)

VALUES_HIDDEN = "intake"  # what it could not handle may hold a name, an address or an identity number


class Service(StrEnum):
    """Whose dead letters."""

    INTAKE = "intake"
    ROUTING = "routing"
    SLA = "sla"
    NOTIFY = "notify"


ServiceArgument = Annotated[Service | None, typer.Argument(metavar="[SERVICE]", help="Whose; all services' if absent.")]
ByReason = Annotated[str | None, typer.Option("--reason", help="Only those with this reason code.")]
Ids = Annotated[
    list[str] | None, typer.Option("--id", help="topic/partition/offset, as `list` prints it; may be repeated.")
]


@app.command(name="list")
def list_(
    service: ServiceArgument = None,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    reason: ByReason = None,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """List each once: state, when, where, from whom and why; never what they hold."""
    letters = wait_for(read_letters(read_settings(timeout).kafka, service))
    found = [each for each in letters if reason in (None, each.last.reason) and state in (None, each.state)]
    for letter in found:
        if as_json:
            say_json(letter.summary())
        else:
            say(letter.line())
    if not found and not as_json:
        which = f" {state}" if state else ""
        say(f"No{which} dead letters{_of(service)}" + (f" with the reason {reason}." if reason else "."))


@app.command()
def show(
    names: Annotated[list[str], typer.Argument(metavar="[SERVICE] ID", help="topic/partition/offset, as listed.")],
    reveal: Annotated[bool, typer.Option("--reveal", help="Show intake's values, which may hold identities.")] = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Show one, with its history, headers and value; for each service that has it."""
    service, id_ = _named(names)
    for letter in chosen(wait_for(read_letters(read_settings(timeout).kafka, service)), service, [id_]):
        value = value_of(letter.last, reveal=reveal)
        if as_json:
            say_json(letter.summary() | value)
            continue
        for name, content in (letter.summary() | {"history": ""}).items():
            say(f"{name:<14} {'-' if content is None else content}".rstrip())
        for each in letter.history:
            say(f"  {local(each.at)}  {each.what}")
        say(next(iter(value.values())))


@app.command()
def replay(
    service: ServiceArgument = None,
    reason: ByReason = None,
    ids: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
    dry_run: DryRun = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Give them to their services again, once what was wrong is mended; by --reason and --all, only open ones."""
    if [bool(reason), bool(ids), everything].count(True) != 1:
        raise Misuse("Say which: --id ID (may be repeated), --reason CODE, or --all.")
    kafka = read_settings(timeout).kafka
    found = wait_for(read_letters(kafka, service))
    is_open = [letter for letter in found if letter.state is State.OPEN]
    picked = chosen(found, service, ids) if ids else [each for each in is_open if reason in (None, each.last.reason)]
    whole = [letter for letter in picked if letter.last.is_whole]
    if not dry_run:
        wait_for(publish(kafka, [letter.last.replay() for letter in whole]))
    for letter in picked:
        if as_json:
            done = letter.last.is_whole and not dry_run
            say_json(
                {"id": letter.last.id, "service": letter.last.service, "reason": letter.last.reason}
                | {"replayed": done}
            )
        elif dry_run and letter.last.is_whole:
            say(letter.line())
    if not as_json:
        verb = "Would replay" if dry_run else "Replayed"
        say(f"{verb} dead letters{_of(service)}: {len(whole)} of {len(found)}.")
        if left := len(picked) - len(whole):
            say(f"{left} hold only a part of what was sent, or could not be unpacked: it must be sent again.")


@app.command()
def drop(
    because: Annotated[str, typer.Option("--reason", help="Why it is left alone; kept beside the dead letters.")],
    service: ServiceArgument = None,
    ids: Ids = None,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Note that open ones are left alone for good; nothing is deleted, and `replay --id` still takes them."""
    if not ids or not because.strip():
        raise Misuse("Say which and why: --id ID (may be repeated) and --reason TEXT.")
    kafka = read_settings(timeout).kafka
    picked = chosen(wait_for(read_letters(kafka, service)), service, ids)
    past = next((letter for letter in picked if letter.state is not State.OPEN), None)
    if past is not None:
        raise Failure(f"{past.last.id} is {past.state} already; `tindak dlq show {past.last.id}` tells its history.")
    wait_for(publish(kafka, [letter.last.drop(" ".join(because.split())) for letter in picked]))
    for letter in picked:
        if as_json:
            say_json({"id": letter.last.id, "service": letter.last.service, "state": State.DROPPED})
    if not as_json:
        say(f"Dropped dead letters{_of(service)}: {len(picked)}.")


async def read_letters(settings: KafkaSettings, service: str | None) -> list[Letter]:
    """Return the dead letters of one service, or of all."""
    own: Sequence[Callable[[str], str]] = (dead_letter_topic, replay_topic)
    async with Client(settings) as client:
        records = await client.read([topic(each) for each in ([service] if service else SERVICES) for topic in own])
    return letters_in(records)


async def publish(settings: KafkaSettings, events: Sequence[Outgoing]) -> None:
    """Write replays or notes."""
    async with Client(settings) as client:
        await client.publish(events)


def chosen(letters: Sequence[Letter], service: str | None, ids: Sequence[str]) -> list[Letter]:
    """Return the letters with these ids; raise Failure for one that is not there."""
    there = {letter.last.id for letter in letters}
    missing = next((each for each in ids if each not in there), None)
    if missing is not None:
        who, which = (f"{service} has no", f" {service}") if service else ("There is no", "")
        raise Failure(f"{who} dead letter {missing}; `tindak dlq list{which}` shows those that there are.")
    return [letter for each in dict.fromkeys(ids) for letter in letters if letter.last.id == each]


def _named(names: Sequence[str]) -> tuple[str | None, str]:
    """Return service and id of ``[SERVICE] ID``; raise Misuse if they are something else."""
    match names:
        case [id_]:
            return None, id_
        case [service, id_] if service in SERVICES:
            return service, id_
    raise Misuse(f"Say which: [SERVICE] ID, where SERVICE is one of {', '.join(SERVICES)}.")


def _of(service: str | None) -> str:
    return f" of {service}" if service else ""


def value_of(letter: DeadLetter, *, reveal: bool) -> dict[str, Any]:
    """Return the value as text, or in base64 where it is none; intake's only if *reveal*."""
    value = letter.record.value
    if value is None:
        return {"value": None}
    if letter.service == VALUES_HIDDEN and not reveal:
        return {"value_hidden": "The value may hold an identity; --reveal shows it."}
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return {"value_base64": base64.b64encode(value).decode()}
    try:
        return {"value": json_text(json.loads(text), indent=1)}
    except (ValueError, RecursionError):  # many a dead letter is one because it is no JSON
        return {"value": text}
