"""Whatever an agency writes on the topic of updates is answered where that agency reads, and the stream goes on."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.ports import Cut, Record
from shared.events import UpdateRefused
from tests.builders import FROM_DISHUB, TICKET, updates_topic_of
from tests.component.routing.harness import CHANNEL, DEAD, DISHUB, DISHUB_TOPIC, OFFICER, ServiceHarness
from tests.fakes.handler_harness import NOON, Crashed, Step, dies_after
from tests.unit.routing.commands import COMMANDS

pytestmark = pytest.mark.component

ID = "0c4b7b9e-55b5-5d5f-8a51-3d2f3f3a7c11"
NAME = "Siti Rahma 081234567890"


def line(changes: Mapping[str, Any] | None = None, **data: Any) -> bytes:
    """Return an update of an agency as one JSON line, with other attributes or data; None leaves an attribute out."""
    whole = {
        "specversion": "1.0", "id": ID, "source": DISHUB, "type": "tindak.ticket.progress.v1",
        "data": {"ticket_id": TICKET, "note": "Dikerjakan."} | data,
    } | dict(changes or {})  # fmt: skip
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


GARBAGE: Mapping[str, tuple[bytes, str, str]] = {
    "wrong type": (line(note=[NAME]), "schema_violation", "note must be text"),
    "long note": (line(note=NAME * 1000), "too_long", "note is longer than 8000"),
    "empty note": (line(note=""), "schema_violation", "note must not be empty"),
    "hidden": (line(note="a\u202eb"), "schema_violation", "U+202E"),
    "unknown type": (line({"type": "tindak.ticket.progres.v1"}), "schema_violation", "is not known"),
    "a report": (line({"type": "tindak.complaint.submitted.v1"}), "schema_violation", "source_id is required"),
    "our own type": (line({"type": "tindak.ticket.unmerged.v1"}, tracking_id="x", state="routed", version=1,
                          at="2026-03-02T05:00:00Z"), "schema_violation", "is not taken on the topic"),
    "no version": (line({"specversion": None}), "schema_violation", "specversion is missing"),
    "no time zone": (line({"time": "2026-03-02T05:00:00"}), "schema_violation", "RFC 3339"),
    "$where": (line(actor={"$where": NAME}), "schema_violation", "'$where' is not allowed"),
    "key twice": (line()[:-1] + b',"time":1,"time":2}', "malformed", "'time' stands twice"),
    "half a character": (line().replace(b"Dikerjakan", b"\\ud83d"), "malformed", "surrogate"),
    "deep": (line(actor=json.loads("[" * 40 + "]" * 40)), "malformed", "deeper than 32"),
}  # fmt: skip


def refusals(harness: ServiceHarness, topic: str = DISHUB_TOPIC) -> list[UpdateRefused]:
    return [data for data in harness.data(topic) if isinstance(data, UpdateRefused)]


@pytest.mark.parametrize("kind", GARBAGE)
async def test_a_malformed_update_is_refused_by_name_and_kept_and_the_next_is_taken(kind: str) -> None:
    value, code, said = GARBAGE[kind]
    harness = ServiceHarness()
    harness.complain()
    harness.write(FROM_DISHUB, value)
    harness.ask(COMMANDS["acknowledge"])

    await harness.work()

    (refused,) = refusals(harness)
    assert (refused.code, refused.ticket_id, refused.update_id, refused.version) == (code, TICKET, ID, 0)
    assert said in refused.message_en
    assert refused.message_id
    assert NAME not in refused.model_dump_json()
    assert refusals(harness, topics.TICKETS) == []
    kept = None if NAME.encode() in value else value  # what names somebody stays on the topic of its sender
    assert [record.value for record in harness.broker.topic(DEAD)] == [kept]
    assert harness.names() == ["routed", "acknowledged"]


async def test_every_piece_of_garbage_gets_an_answer_of_its_own() -> None:
    harness = ServiceHarness()
    for value, _, _ in GARBAGE.values():
        harness.write(FROM_DISHUB, value)

    await harness.work()

    assert len({heard.id for heard in harness.published(DISHUB_TOPIC)}) == len(GARBAGE) == len(refusals(harness))
    assert len(harness.broker.topic(DEAD)) == len(GARBAGE)
    assert harness.store.documents == {}


async def test_a_malformed_update_in_binary_mode_is_refused_to_its_agency() -> None:
    harness = ServiceHarness()
    headers = {"ce_specversion": b"1.0", "ce_id": ID.encode(), "ce_source": DISHUB.encode(), "ce_subject": b"no UUID"}
    harness.write(FROM_DISHUB, b"Dikerjakan.", headers=headers)

    await harness.work()

    (refused,) = refusals(harness)
    assert (refused.code, refused.ticket_id, refused.update_id) == ("malformed", "", ID)
    assert harness.broker.topic(topics.TICKETS) == []


async def test_an_update_too_large_to_be_read_is_refused() -> None:
    harness = ServiceHarness()
    cut = Cut("value", 17_000_000, "0" * 64)
    harness.broker.logs[FROM_DISHUB, 0].append(Record(FROM_DISHUB, 0, 0, None, b"{", (), NOON, (cut,)))

    await harness.work()

    (refused,) = refusals(harness)
    assert (refused.code, refused.message_en) == (
        "too_long",
        "The record has 17000000 bytes; at most 262144 are taken.",
    )


@pytest.mark.parametrize(
    ("source", "heard_on"),
    [(CHANNEL, topics.status_topic("web")), (OFFICER, topics.TRIAGE), ("/agencies/dlh", topics.agency_topic("dlh"))],
)
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"{", "malformed"),
        (line({"source": None}), "schema_violation"),
        (line({"source": "nobody"}, note=5), "schema_violation"),
        (line(ticket_id="4711"), "schema_violation"),
        (line({"source": "nobody"}), "forged_source"),
        (line({"source": "/agencies/dinkes"}), "forged_source"),
    ],
)
async def test_whatever_lies_on_a_topic_is_refused_to_its_owner_and_nowhere_else(
    source: str, heard_on: str, value: bytes, code: str
) -> None:
    harness = ServiceHarness()
    harness.write(updates_topic_of(source), value)

    await harness.work()

    assert [data.code for data in refusals(harness, heard_on)] == [code]
    assert [record.value for record in harness.broker.topic(DEAD)] == [value]
    assert {topic for topic, _ in harness.broker.logs} == {updates_topic_of(source), heard_on, DEAD}


async def test_malformed_events_of_our_services_are_dead_letters_only() -> None:
    harness = ServiceHarness()
    harness.write(topics.ACCEPTED, line(note=5))

    await harness.work()

    assert {record.topic for log in harness.broker.logs.values() for record in log} == {topics.ACCEPTED, DEAD}


@pytest.mark.parametrize("last", [Step.SAVED, Step.PUBLISHED])
async def test_a_refusal_of_what_cannot_be_read_comes_out_the_same_after_a_crash(last: Step) -> None:
    whole, harness = ServiceHarness(), ServiceHarness()
    for one in (whole, harness):
        one.write(FROM_DISHUB, GARBAGE["wrong type"][0])
    await whole.work()
    harness.restart(dies_after(last))
    with pytest.raises(Crashed):
        await harness.work()
    harness.restart()
    harness.clock.at += timedelta(hours=7)

    await harness.work()

    for topic in (topics.TICKETS, DISHUB_TOPIC):
        assert {record.value for record in harness.broker.topic(topic)} == {
            record.value for record in whole.broker.topic(topic)
        }


async def test_a_replayed_unreadable_update_gets_the_same_refusal() -> None:
    harness = ServiceHarness()
    harness.write(FROM_DISHUB, GARBAGE["wrong type"][0])
    (record,) = harness.broker.topic(FROM_DISHUB)
    letter = dead_letter("routing", record, "schema_violation", "note", NOON)
    harness.broker.append(topics.replay_topic("routing"), None, letter.value, letter.headers)

    await harness.work()
    harness.broker.append(topics.replay_topic("routing"), None, letter.value, letter.headers)
    await harness.work()

    first, second = harness.broker.topic(DISHUB_TOPIC)
    assert first.value == second.value
