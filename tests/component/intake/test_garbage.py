"""Whatever is written to the topic of submissions gets an answer that names the fault, and the stream goes on."""

import json
from collections.abc import Mapping

import pytest

from shared import topics
from tests.component.intake.harness import ANSWERS, DATA, ENVELOPE, ServiceHarness, line

pytestmark = pytest.mark.component

MEGABYTES_10 = b"x" * 10_000_000
DEEP = b'{"data":' * 100 + b"1" + b"}" * 100

GARBAGE: Mapping[str, tuple[bytes | None, str, str]] = {
    "not JSON": (b"Jalan rusak, tolong!", "malformed", "Not JSON"),
    "cut JSON": (line()[:-5], "malformed", "Not JSON"),
    "not UTF-8": (b"\xff\xfe\x00", "malformed", "Not UTF-8"),
    "nothing": (b"", "malformed", "Not JSON"),
    "tombstone": (None, "malformed", "no value"),
    "a list": (b"[" + line() + b"]", "malformed", "not a JSON object"),
    "a number": (b"42", "malformed", "not a JSON object"),
    "10 MB": (MEGABYTES_10, "too_long", "10000000 bytes"),
    "deep nesting": (DEEP, "malformed", "deeper than 32"),
    "bottomless nesting": (b"[" * 200_000, "malformed", "deeper than 32"),
    "NUL": (line(body="a\0b"), "schema_violation", "U+0000"),
    "bidi": (line(body="Rp1.000\u202e000"), "schema_violation", "U+202E"),
    "hidden id": (line(source_id="1\u200b2"), "schema_violation", "source_id holds the hidden character U+200B"),
    "id of two lines": (line(source_id="1\n2"), "schema_violation", "source_id holds the hidden character U+000A"),
    "hidden in a link": (line(attachments=[{"uri": "https://a.example/\x9b2J", "media_type": "image/png"}]),
                         "schema_violation", "attachments.0.uri holds a hidden character"),
    "hidden in a type": (line(attachments=[{"uri": "https://a.example/1", "media_type": "image/png\u2028"}]),
                         "schema_violation", "attachments.0.media_type holds a hidden character"),
    "$where": (line(location={"$where": "sleep(9e9)"}), "schema_violation", "'$where'"),
    "key twice": (line()[:-1] + b',"id":"x"}', "malformed", "'id' stands twice"),
    "half a character": (line().replace(b"Lampu", b"\\ud83d"), "malformed", "surrogate"),
    "NaN": (line(location={"latitude": float("nan")}), "malformed", "NaN"),
    "wrong types": (line(body=["Lampu"], anonymous="maybe"), "schema_violation", "body must be text"),
    "endless number": (line().replace(b'"web"', b"9" * 10_000), "malformed", "too many digits"),
    "future date": (line(submitted_at="2030-01-01T00:00:00Z"), "schema_violation", "more than 24 hours after"),
    "past date": (line(submitted_at="1990-01-01T00:00:00Z"), "outside_retention", "more than 30 days before"),
    "event of the future": (line(occurred_on="2026-03-03"), "schema_violation", "after today"),
    "no zone": (line(submitted_at="2026-03-02T05:00:00"), "schema_violation", "time zone"),
    "empty body": (line(body=""), "empty", "no text"),
    "blank body": (line(body=" \n\t"), "empty", "no text"),
    "long body": (line(body="Lampu " * 2000), "too_long", "longer than 8000"),
    "long title": (line(title="x" * 201), "too_long", "longer than 200"),
    "no body": (line(body=None).replace(b', "body": null', b""), "schema_violation", "body is required"),
    "no id": (line({"id": None}), "schema_violation", "id is missing"),
    "another type": (line({"type": "com.example.order"}), "schema_violation", "is not known"),
    "our own type": (line({"type": "tindak.complaint.rejected.v1", "data": {"reasons": [], "origin":
                     {"partition": 0, "offset": 0, "sha256": ""}}}), "schema_violation", "is not taken on the topic"),
    "another version": (line({"specversion": "0.3"}), "schema_violation", "1.0 is spoken"),
    "another channel": (line(channel="whatsapp"), "forged_source", "data.channel does not agree"),
    "another channel's source": (line({"source": "/channels/whatsapp"}), "forged_source", "source does not agree"),
    "an agency's source": (line({"source": "/agencies/dlh"}), "forged_source", "source does not agree"),
    "spam": (line(body="test test aaaaa"), "spam", "only test words"),
}  # fmt: skip


@pytest.mark.parametrize("kind", GARBAGE)
async def test_garbage_is_refused_by_name_and_the_next_report_is_accepted(kind: str) -> None:
    value, code, said = GARBAGE[kind]
    harness = ServiceHarness()
    harness.type_in(value)
    harness.submit(source_id="good")

    await harness.work()

    (refused,) = harness.rejected()
    assert (refused.reasons[0].code, said in refused.reasons[0].message_en) == (code, True), refused.reasons
    assert refused.reasons[0].message_id
    assert [report.source_id for report in harness.accepted()] == ["good"]
    assert harness.broker.topic(topics.dead_letter_topic("intake")) == []


async def test_all_garbage_at_once_is_answered_record_by_record() -> None:
    harness = ServiceHarness()
    for value, _, _ in GARBAGE.values():
        harness.type_in(value)
    harness.submit(source_id="good")

    await harness.work()

    places = {(refused.origin.partition, refused.origin.offset) for refused in harness.rejected()}
    assert len(places) == len(GARBAGE) >= 20
    assert len(harness.accepted()) == 1


async def test_refusals_are_small_whatever_was_refused() -> None:
    harness = ServiceHarness()
    for value in (b'{"$' + b"x" * 200_000 + b'":1}', line(attachments=[{}] * 11), line({"type": "t" * 200_000})):
        harness.type_in(value)

    await harness.work()

    assert [len(record.value or b"") < 10_000 for record in harness.broker.topic(ANSWERS)] == [True] * 3


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"time": None},
        {"id": "7C9E6679-7425-40DE-944B-E07FC1F90AE7", "time": "2026-03-02T12:00:00+07:00"},
        {"datacontenttype": "application/json", "comexampleshard": 7, "partitionkey": "anything"},
    ],
)
async def test_one_json_line_of_any_client_is_accepted(changes: Mapping[str, object]) -> None:
    harness = ServiceHarness()
    harness.type_in(line(changes, colour="blue") + b"\n")

    await harness.work()

    assert [(report.source_id, report.body) for report in harness.accepted()] == [("1", DATA["body"])]


async def test_binary_mode_is_accepted() -> None:
    harness = ServiceHarness()
    headers = {f"ce_{name}": str(value).encode() for name, value in ENVELOPE.items() if name not in {"data", "time"}}
    harness.type_in(json.dumps(DATA).encode(), headers | {"content-type": b"application/json"})

    await harness.work()

    assert [report.source_id for report in harness.accepted()] == ["1"]


async def test_identifiable_garbage_is_refused_under_its_key() -> None:
    harness = ServiceHarness()
    harness.type_in(line(body=5, channel="fax"))

    await harness.work()

    (said,) = harness.published(ANSWERS)
    assert said.key == "1"
    assert harness.refusals() == [["schema_violation"]]


READABLE = ("NUL", "bidi", "$where", "key twice", "half a character", "NaN", "wrong types", "no zone", "long title",
            "no body", "no id", "another type", "another version")  # fmt: skip


@pytest.mark.parametrize("kind", READABLE)
async def test_a_refusal_names_its_report_wherever_that_can_be_read(kind: str) -> None:
    harness = ServiceHarness()
    harness.type_in(GARBAGE[kind][0])

    await harness.work()

    (refused,) = harness.rejected()
    assert (refused.channel, refused.source_id) == ("web", "1")
    assert [record.key for record in harness.broker.topic(ANSWERS)] == [b"1"]


async def test_a_refusal_in_binary_mode_names_its_report() -> None:
    harness = ServiceHarness()
    harness.type_in(json.dumps(DATA | {"location": {"$where": 1}}).encode(), {"ce_specversion": b"1.0"})

    await harness.work()

    (refused,) = harness.rejected()
    assert (refused.channel, refused.source_id) == ("web", "1")
