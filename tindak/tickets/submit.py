"""``tindak submit``: publishes complaints as their channel would; never decides whether they are taken."""

import json
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from shared import topics
from shared.delivery.ports import Record
from shared.events import ComplaintAccepted, ComplaintRejected, Event
from shared.ids import ticket_id
from shared.mail_addresses import is_usable
from tindak.client.answers import Answer
from tindak.client.envelopes import submission
from tindak.client.kafka import Client, Start, Written
from tindak.client.records import event_of
from tindak.console import Failure, Misuse, read_settings, say_json, wait_for
from tindak.options import Reply, with_reply
from tindak.waiting import progress, within

Complaint = Mapping[str, Any]

UNANSWERED = "is intake running (`tindak run intake`)?"


@with_reply
def submit(
    file: Annotated[str | None, typer.Option(help="JSON or JSONL of `data`; - reads standard input.")] = None,
    channel: Annotated[str | None, typer.Option(help="Code of the channel, for one complaint.")] = None,
    title: Annotated[str | None, typer.Option(help="Its title.")] = None,
    body: Annotated[str | None, typer.Option(help="Its text.")] = None,
    source_id: Annotated[str | None, typer.Option(help="The channel's own id; drawn if absent.")] = None,
    category: Annotated[str | None, typer.Option(help="Code or LAPOR! name of the category.")] = None,
    place: Annotated[str | None, typer.Option(help="Where it happened, in words.")] = None,
    email: Annotated[str | None, typer.Option(help="Where the reporter is told; leaves intake only sealed.")] = None,
    *,
    reply: Reply,
) -> None:
    """Publish complaints: one from options, or any number from a file.

    Exit code 1 if --wait was given and one was refused.
    """
    if (file is None) == (body is None):
        raise Misuse("Give either --file, or --channel and --body.")
    if file is None and channel is None:
        raise Misuse("A complaint comes from a channel: give --channel.")
    if email is not None and not is_usable(email.strip()):
        raise Misuse("--email must be an address that can be written to, such as name@example.org.")
    if file is not None:
        complaints = list(complaints_of(sys.stdin.read() if file == "-" else _text_of(Path(file)), file))
    else:
        given = {
            "channel": channel, "title": title, "body": body, "source_id": source_id, "category": category,
            "location": {"text": place} if place else None, "reporter": {"email": email} if email else None,
        }  # fmt: skip
        complaints = [{name: value for name, value in given.items() if value is not None}]
    refused = wait_for(_publish(complaints, reply))
    raise typer.Exit(1 if refused else 0)


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


async def _publish(complaints: Sequence[Complaint], reply: Reply) -> int:
    """Publish the complaints in order and tell about each; return how many were refused, as far as was waited for."""
    events = [submission(complaint, datetime.now(UTC)) for complaint in complaints]
    given: list[Complaint] = [json.loads(event.value or b"{}")["data"] for event in events]
    async with Client(read_settings(reply.timeout_seconds).kafka) as client:
        if not reply.wait:
            for whole, event, lies in zip(given, events, await client.publish(events), strict=True):
                _tell_published(whole, event.id, lies, as_json=reply.as_json)
            return 0
        async with client.follow([topics.ACCEPTED, topics.REJECTED], Start.LATEST) as records:
            pending = Pending(given, await client.publish(events))
            with progress("Waiting for answers", len(given)) as advance:
                async for answers in answered(records, pending, reply.timeout_seconds):
                    for answer in answers:
                        _tell_answer(answer, as_json=reply.as_json)
                    advance(len(answers))
    return pending.refused


class Pending:
    """Submissions that were published, and the answers to them as they come in.

    A refusal names the record that it answers. An acceptance names channel and source id: it answers the first such
    submission that waits, and those that repeat it.
    """

    def __init__(self, given: Sequence[Complaint], lies: Sequence[Written]) -> None:
        self.given = given
        self.refused = 0
        self._by_place = {place: index for index, place in enumerate(lies)}
        self._by_ticket: dict[str, list[int]] = defaultdict(list)
        for index, whole in enumerate(given):
            self._by_ticket[_ticket_of(whole)].append(index)
        self._answers: dict[int, Answer] = {}
        self._told = 0

    def hear(self, event: Event) -> bool:
        """Take an event; return whether it answers anything that waits."""
        match event.data:
            case ComplaintRejected(origin=origin):
                place = self._by_place.get(Written(origin.partition, origin.offset))
                found = [] if place is None or place in self._answers else [place]
                self.refused += len(found)
            case ComplaintAccepted(ticket_id=ticket):
                waiting = [index for index in self._by_ticket.get(ticket, ()) if index not in self._answers]
                found = [index for index in waiting if _text_in(self.given[index]) == _text_in(self.given[waiting[0]])]
            case _:
                return False
        self._answers.update(dict.fromkeys(found, event.data))
        return bool(found)

    def ready(self) -> list[Answer]:
        """Return the answers not returned yet, in the order of the submissions, as far as there is no gap."""
        found = []
        while self._told in self._answers:
            found.append(self._answers[self._told])
            self._told += 1
        return found

    @property
    def unanswered(self) -> int:
        """How many wait."""
        return len(self.given) - len(self._answers)


def _ticket_of(complaint: Complaint) -> str:
    return ticket_id(str(complaint.get("channel")), str(complaint["source_id"]))


def _text_in(complaint: Complaint) -> tuple[object, object]:
    return complaint.get("title"), complaint.get("body")


async def answered(
    records: AsyncIterator[Record], pending: Pending, within_seconds: float
) -> AsyncIterator[list[Answer]]:
    """Yield the answers as they come, in the order of the submissions.

    Raises:
        Failure: No further answer came within that time.
    """
    async with within(within_seconds, f"No answer within {within_seconds:g} s; {UNANSWERED}") as alive:
        while pending.unanswered:
            event = event_of(await anext(records))
            if event is not None and pending.hear(event):
                alive()
                yield pending.ready()


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
