"""``tindak dlq``: lists, shows and replays dead letters; safe to repeat, for services drop what they have applied."""

import base64
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from shared.process.settings import KafkaSettings
from shared.topics import dead_letter_topic
from tindak.client.kafka import Client
from tindak.console import Failure, Misuse, read_settings, say_json, wait_for
from tindak.ops.dead_letters import VALUES_HIDDEN, DeadLetter
from tindak.options import TIMEOUT_SECONDS, AsJson, DryRun, Timeout

app = typer.Typer(name="dlq", help="List, show and replay what a service could not handle.", no_args_is_help=True)


class Service(StrEnum):
    """Whose dead letters."""

    INTAKE = "intake"
    ROUTING = "routing"
    SLA = "sla"
    NOTIFY = "notify"


ServiceArgument = Annotated[Service, typer.Argument(metavar="SERVICE", help="Whose dead letters.")]
ByReason = Annotated[str | None, typer.Option("--reason", help="Only those with this reason code.")]


@app.command(name="list")
def list_(
    service: ServiceArgument, reason: ByReason = None, timeout: Timeout = TIMEOUT_SECONDS, as_json: AsJson = False
) -> None:
    """List them: where, when and why; never what they hold."""
    letters = wait_for(_letters_of(read_settings(timeout).kafka, service))
    found = [letter for letter in letters if reason in (None, letter.reason)]
    for letter in found:
        if as_json:
            say_json(letter.summary())
        else:
            typer.echo(letter.line())
    if not found and not as_json:
        typer.echo(f"No dead letters of {service}" + (f" with the reason {reason}." if reason else "."))


@app.command()
def show(
    service: ServiceArgument,
    id_: Annotated[str, typer.Argument(metavar="ID", help="topic/partition/offset, as `list` prints it.")],
    reveal: Annotated[bool, typer.Option("--reveal", help="Show intake's values, which may hold identities.")] = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Show one, with its headers and value."""
    letter = chosen(wait_for(_letters_of(read_settings(timeout).kafka, service)), service, [id_])[0]
    value = value_of(letter, reveal=reveal)
    if as_json:
        say_json(letter.summary() | value)
        return
    for name, content in letter.summary().items():
        typer.echo(f"{name:<14} {'-' if content is None else content}")
    typer.echo(next(iter(value.values())))


@app.command()
def replay(
    service: ServiceArgument,
    reason: ByReason = None,
    ids: Annotated[list[str] | None, typer.Option("--id", help="topic/partition/offset; may be repeated.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    dry_run: DryRun = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Give them to the service again, once what was wrong is mended."""
    if [bool(reason), bool(ids), everything].count(True) != 1:
        raise Misuse("Say which: --id ID (may be repeated), --reason CODE, or --all.")
    found = wait_for(_letters_of(read_settings(timeout).kafka, service))
    picked = chosen(found, service, ids) if ids else [letter for letter in found if reason in (None, letter.reason)]
    whole = [letter for letter in picked if letter.is_whole]
    if not dry_run:
        wait_for(publish(read_settings(timeout).kafka, whole))
    for letter in picked:
        if as_json:
            say_json({"id": letter.id, "reason": letter.reason, "replayed": letter.is_whole and not dry_run})
        elif dry_run and letter.is_whole:
            typer.echo(letter.line())
    if not as_json:
        verb = "would be replayed" if dry_run else "replayed"
        typer.echo(f"{len(whole)} of {len(found)} dead letters of {service} {verb}.")
        if left := len(picked) - len(whole):
            typer.echo(f"{left} hold only a part of what was sent, or could not be unpacked: it must be sent again.")


async def _letters_of(settings: KafkaSettings, service: str) -> list[DeadLetter]:
    async with Client(settings) as client:
        records = await client.read([dead_letter_topic(service)])
    letters = {letter.id: letter for letter in map(DeadLetter, records)}
    return list(letters.values())


async def publish(settings: KafkaSettings, letters: Sequence[DeadLetter]) -> None:
    """Write the letters to the replay topic, which their service alone reads."""
    async with Client(settings) as client:
        await client.publish([letter.replay() for letter in letters])


def chosen(letters: Sequence[DeadLetter], service: str, ids: Sequence[str]) -> list[DeadLetter]:
    """Return the letters with these ids; raise Failure for one that is not there."""
    by_id = {letter.id: letter for letter in letters}
    missing = next((each for each in ids if each not in by_id), None)
    if missing is not None:
        raise Failure(f"{service} has no dead letter {missing}; `tindak dlq list {service}` shows those that it has.")
    return [by_id[each] for each in ids]


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
        return {"value": json.dumps(json.loads(text), ensure_ascii=False, indent=1)}
    except (ValueError, RecursionError):  # many a dead letter is one because it is no JSON
        return {"value": text}
