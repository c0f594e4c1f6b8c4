"""``tindak submit``: publishes complaints as their channel would; never decides whether they are taken."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from shared import topics
from shared.events import ComplaintAccepted, ComplaintRejected
from shared.mail_addresses import UnusableAddress, recipient_address
from tindak.client.answers import Answer, answer_to_submission, first
from tindak.client.envelopes import submission
from tindak.client.kafka import Client, Start, Written
from tindak.console import Failure, Misuse, read_settings, say_json, wait_for

Complaint = Mapping[str, Any]


def submit(
    file: Annotated[str | None, typer.Option(help="JSON or JSONL of `data`; - reads standard input.")] = None,
    channel: Annotated[str | None, typer.Option(help="Code of the channel, for one complaint.")] = None,
    title: Annotated[str | None, typer.Option(help="Its title.")] = None,
    body: Annotated[str | None, typer.Option(help="Its text.")] = None,
    source_id: Annotated[str | None, typer.Option(help="The channel's own id; drawn if absent.")] = None,
    category: Annotated[str | None, typer.Option(help="Code or LAPOR! name of the category.")] = None,
    place: Annotated[str | None, typer.Option(help="Where it happened, in words.")] = None,
    email: Annotated[str | None, typer.Option(help="Where the reporter is told; leaves intake only sealed.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Print the answer: tracking id or refusal.")] = False,
    timeout_seconds: Annotated[float, typer.Option(min=0.1, help="How long --wait waits for each answer.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per complaint.")] = False,
) -> None:
    """Publish complaints: one from options, or any number from a file.

    Exit code 1 if --wait was given and one was refused.
    """
    if (file is None) == (body is None):
        raise Misuse("Give either --file, or --channel and --body.")
    if file is None and channel is None:
        raise Misuse("A complaint comes from a channel: give --channel.")
    if email is not None:
        _check_email(email)
    if file is not None:
        complaints = list(complaints_of(sys.stdin.read() if file == "-" else _text_of(Path(file)), file))
    else:
        given = {
            "channel": channel, "title": title, "body": body, "source_id": source_id, "category": category,
            "location": {"text": place} if place else None, "reporter": {"email": email} if email else None,
        }  # fmt: skip
        complaints = [{name: value for name, value in given.items() if value is not None}]
    refused = wait_for(_publish(complaints, timeout_seconds if wait else None, as_json=as_json))
    raise typer.Exit(1 if refused else 0)


def _check_email(address: str) -> None:
    """Raise Misuse if nobody could be written to at this address."""
    try:
        recipient_address(address.strip())
    except UnusableAddress as fault:
        raise Misuse(f"--email must be an address such as name@example.org ({fault}).") from fault


def _text_of(path: Path) -> str:
    """Return the content of a file; raise Failure if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {getattr(error, 'strerror', 'it is not UTF-8')}.") from error


def complaints_of(text: str, file: str) -> Iterator[Complaint]:
    """Yield the complaints in one JSON object, an array of them, or one object per line.

    Raises:
        Failure: Something in it is no JSON object; the sentence names the line.
    """
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
        yield from (_complaint_of(line, f"{file}:{number}") for number, line in lines)
        return
    for each in whole if isinstance(whole, list) else [whole]:
        if not isinstance(each, dict):
            raise Failure(f"{file} holds a JSON {type(each).__name__} where a complaint, an object, should stand.")
        yield each


def _complaint_of(line: str, where: str) -> Complaint:
    """Return the complaint on one line; raise Failure if it is none."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise Failure(f"{where} is not JSON: {error.msg}.") from error
    if not isinstance(found, dict):
        raise Failure(f"{where} holds no JSON object.")
    return found


async def _publish(complaints: Sequence[Complaint], wait_seconds: float | None, *, as_json: bool) -> int:
    """Publish the complaints in order and tell about each; return how many were refused, as far as was waited for."""
    refused = 0
    async with Client(read_settings().kafka) as client:
        for complaint in complaints:
            event = submission(complaint, datetime.now(UTC))
            whole = json.loads(event.value or b"{}")["data"]
            if wait_seconds is None:
                lies = (await client.publish([event]))[0]
                _tell_published(whole, event.id, lies, as_json=as_json)
                continue
            async with client.follow([topics.ACCEPTED, topics.REJECTED], Start.LATEST) as records:
                lies = (await client.publish([event]))[0]
                hint = "is intake running (`tindak run intake`)?"
                answer: Answer = await first(records, answer_to_submission(whole, lies), wait_seconds, hint)
            _tell_answer(answer, as_json=as_json)
            refused += isinstance(answer, ComplaintRejected)
    return refused


def _tell_published(complaint: Complaint, event_id: str, lies: Written, *, as_json: bool) -> None:
    if as_json:
        place = {"partition": lies.partition, "offset": lies.offset}
        say_json({"source_id": complaint["source_id"], "event_id": event_id, **place})
    else:
        where = f"{topics.SUBMITTED}, partition {lies.partition}, offset {lies.offset}"
        typer.echo(f"Published {complaint.get('channel')}/{complaint['source_id']} to {where}.")


def _tell_answer(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        say_json({"type": answer.TYPE, **answer.model_dump(mode="json", exclude_none=True)})
    elif isinstance(answer, ComplaintAccepted):
        missing = f"; still missing: {', '.join(answer.missing)}" if answer.missing else ""
        typer.echo(f"Diterima / accepted: {answer.tracking_id} (ticket {answer.ticket_id}){missing}")
    else:
        for reason in answer.reasons:
            typer.echo(f"Ditolak / refused ({reason.code}): {reason.message_id} / {reason.message_en}")
