"""``tindak submit``: publishes complaints as their channel would."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.events import ComplaintAccepted
from shared.mail_addresses import is_usable
from shared.process.settings import KafkaSettings
from shared.senders import Role, Sender
from tindak.client.answers import Answer, Complaint, PendingAnswers, answered
from tindak.client.envelopes import submission
from tindak.client.kafka import Client, Position, Start
from tindak.client.sealing import sealer_at_hand, with_sealed_reporter
from tindak.console import Failure, Misuse, read_settings, say, say_json, wait_for
from tindak.options import Reply, with_reply
from tindak.waiting import progress

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
    seal: Annotated[
        bool, typer.Option("--seal", help="Seal who reports with TINDAK_CONTACT_PUBLIC_KEYS before it is published.")
    ] = False,
    *,
    reply: Reply,
) -> None:
    """Publish complaints: one from options, or any number from a file.

    Exit code 1 if --wait was given and one was refused.
    """
    if (file is None) == (body is None):
        raise Misuse("Give either --file, or --channel and --body.")
    if file is not None and any((channel, title, source_id, category, place, email)):
        raise Misuse("With --file everything comes from the file; give no other option of a complaint.")
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
    if seal:
        sealer = sealer_at_hand()
        complaints = [with_sealed_reporter(complaint, sealer) for complaint in complaints]
    refused = sum(wait_for(_publish(kafka, some, reply)) for kafka, some in by_channel(complaints, reply).items())
    raise typer.Exit(1 if refused else 0)


def by_channel(complaints: Sequence[Complaint], reply: Reply) -> Mapping[KafkaSettings, Sequence[Complaint]]:
    """Return which complaints are published as whom: each as its channel, if channels have credentials of their own."""
    channels = {str(complaint.get("channel")) for complaint in complaints}
    known_as = {channel: Sender(Role.CHANNEL, channel).principal for channel in channels}
    kafka = {channel: read_settings(reply.timeout_seconds, name).kafka for channel, name in known_as.items()}
    found: dict[KafkaSettings, list[Complaint]] = defaultdict(list)
    for complaint in complaints:
        found[kafka[str(complaint.get("channel"))]].append(complaint)
    return found


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


async def _publish(kafka: KafkaSettings, complaints: Sequence[Complaint], reply: Reply) -> int:
    """Publish the complaints in order and print what became of each; return how many answers were refusals."""
    events = [submission(complaint, datetime.now(UTC)) for complaint in complaints]
    async with Client(kafka) as client:
        if not reply.wait:
            for event, position in zip(events, await client.publish(events), strict=True):
                _print_published(event, position, as_json=reply.as_json)
            return 0
        answers_topics = sorted({topics.answers_topic(str(topics.member_of(event.topic))) for event in events})
        async with client.follow(answers_topics, Start.LATEST) as records:
            pending = PendingAnswers(events, await client.publish(events))
            with progress("Waiting for answers", len(events)) as advance:
                async for answers in answered(records, pending, reply.timeout_seconds, UNANSWERED):
                    for answer in answers:
                        _print_answer(answer, as_json=reply.as_json)
                    advance(len(answers))
    return pending.refused


def _print_published(event: Outgoing, position: Position, *, as_json: bool) -> None:
    complaint = json.loads(event.value or b"{}")["data"]
    if as_json:
        place = {"partition": position.partition, "offset": position.offset}
        say_json({"source_id": complaint["source_id"], "event_id": event.id, **place})
    else:
        topic = topics.submitted_topic(str(complaint.get("channel")))
        where = f"{topic}, partition {position.partition}, offset {position.offset}"
        say(f"Published {complaint.get('channel')}/{complaint['source_id']} to {where}.")


def _print_answer(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        say_json({"type": answer.TYPE, **answer.model_dump(mode="json", exclude_none=True)})
    elif isinstance(answer, ComplaintAccepted):
        missing = f"; still missing: {', '.join(answer.missing)}" if answer.missing else ""
        say(f"Diterima / accepted: {answer.tracking_id} (ticket {answer.ticket_id}){missing}")
    else:
        for reason in answer.reasons:
            say(f"Ditolak / refused ({reason.code}): {reason.message_id} / {reason.message_en}")
