"""What `tindak submit` takes from people and gives to Kafka."""

import json
from dataclasses import replace

import pytest

from shared.delivery.ports import Record
from shared.events import ComplaintAccepted, ComplaintRejected, ComplaintSubmitted, Event
from shared.events.envelope import decode
from tests.builders import NOON, accepted, event
from tests.sealing import OPENER, SEALER
from tindak.cli import main
from tindak.client.answers import PendingAnswers
from tindak.client.envelopes import submission
from tindak.client.kafka import Position
from tindak.client.records import as_json, event_of
from tindak.client.sealing import with_sealed_reporter
from tindak.console import Failure
from tindak.options import Reply
from tindak.tickets.submit import by_channel, complaints_of

pytestmark = pytest.mark.unit

GIVEN = {"channel": "web", "source_id": "1", "body": "Jalan rusak"}


def rejected(partition: int, offset: int) -> Event:
    origin = {"partition": partition, "offset": offset, "sha256": "00"}
    reason = {"code": "empty", "message_id": "Kosong.", "message_en": "Empty."}
    return event(ComplaintRejected.model_validate({"channel": "web", "reasons": [reason], "origin": origin}))


def test_each_complaint_is_published_as_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINDAK_PROFILE", "local")
    for channel in ("WEB", "X"):
        monkeypatch.setenv(f"TINDAK_CHANNEL_{channel}_KAFKA_SASL_USERNAME", f"channel-{channel.lower()}")
    complaints = [{"channel": channel, "body": "Jalan rusak"} for channel in ("web", "x", "web", "email", "letter")]

    groups = by_channel(complaints, Reply(wait=False, timeout_seconds=1, as_json=False))

    assert [(kafka.sasl_username, [one["channel"] for one in some]) for kafka, some in groups.items()] == [
        ("channel-web", ["web", "web"]), ("channel-x", ["x"]), (None, ["email", "letter"]),
    ]  # fmt: skip


def test_submission_is_an_event_of_its_channel_keyed_by_source() -> None:
    out = submission(GIVEN, NOON)

    read = decode(out.value, dict(out.headers), from_outside=True)
    assert (out.topic, out.key, read.source, read.time) == ("complaints.submitted.web", "1", "/channels/web", NOON)
    assert read.data == ComplaintSubmitted.model_validate(GIVEN | {"submitted_at": NOON})


def test_submission_without_source_id_gets_one_of_its_own() -> None:
    keys = {submission({"channel": "web", "body": "x"}, NOON).key for _ in range(3)}

    assert len(keys) == 3


@pytest.mark.parametrize("wrong", [{"channel": 7}, {"body": None}, {"body": "\ud800"}, {"big": 10**40}, {}])
def test_wrong_data_are_published_as_they_are(wrong: dict[str, object]) -> None:
    out = submission(GIVEN | wrong, NOON)

    assert json.loads(out.value or b"")["data"] == GIVEN | wrong | {"submitted_at": "2026-03-02T05:00:00Z"}


@pytest.mark.parametrize(
    "text", ['{"a": 1}\n\n{"a": 2}\n', '[{"a": 1}, {"a": 2}]', '{"a": 1}\n{"a": 2}'], ids=["lines", "array", "no end"]
)
def test_file_holds_lines_or_an_array(text: str) -> None:
    assert list(complaints_of(text, "f")) == [{"a": 1}, {"a": 2}]


def test_file_may_hold_one_object_over_several_lines() -> None:
    assert list(complaints_of('{\n "a": 1\n}', "f")) == [{"a": 1}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}\n{"a": \n', r"f:2 is not JSON"),
        ('{"a": 1}\n[2]\n', r"f:2 holds no JSON object"),
        ("[1]", r"f holds a JSON int where a complaint"),
    ],
)
def test_file_that_cannot_be_read_is_refused_by_its_line(text: str, said: str) -> None:
    with pytest.raises(Failure, match=said):
        list(complaints_of(text, "f"))


def test_record_of_another_kind_is_shown_without_its_value() -> None:
    record = Record("tickets.events", 0, 7, None, b"not ours", (), NOON)

    assert event_of(record) is None
    assert as_json(record) == {"topic": "tickets.events", "partition": 0, "offset": 7, "event": None}


def pending(*given: dict[str, object]) -> PendingAnswers:
    """Submissions that lie at offsets 0, 1, 2 ... of one partition."""
    events = [submission(one, NOON) for one in given]
    return PendingAnswers(events, [Position(0, offset) for offset in range(len(given))])


def taken(source_id: str) -> Event:
    return event(accepted(source_id=source_id))


def test_answers_come_in_the_order_of_the_submissions() -> None:
    waiting = pending(GIVEN, GIVEN | {"source_id": "2"}, GIVEN | {"source_id": "3"})

    told = [(waiting.handle(each), waiting.ready()) for each in (taken("2"), rejected(0, 2), taken("1"))]

    first, second, third = taken("1").data, taken("2").data, rejected(0, 2).data
    assert told == [(True, []), (True, []), (True, [first, second, third])]
    assert (waiting.unanswered, waiting.refused) == (0, 1)


def test_repeat_in_the_same_file_shares_the_answer() -> None:
    waiting = pending(GIVEN, GIVEN)

    waiting.handle(taken("1"))

    assert (len(waiting.ready()), waiting.unanswered) == (2, 0)


def test_other_text_under_the_same_source_id_waits_for_its_own_answer() -> None:
    waiting = pending(GIVEN, GIVEN | {"body": "Lampu mati"})

    waiting.handle(taken("1"))
    assert [type(answer) for answer in waiting.ready()] == [ComplaintAccepted]
    waiting.handle(rejected(0, 1))

    assert [type(answer) for answer in waiting.ready()] == [ComplaintRejected]


def test_answer_to_somebody_else_or_twice_is_no_answer() -> None:
    waiting = pending(GIVEN)

    heard = [waiting.handle(each) for each in (taken("9"), rejected(1, 0), taken("1"), taken("1"), rejected(0, 0))]

    assert (heard, waiting.refused) == ([False, False, True, False, False], 0)


def test_an_answer_counts_though_it_masks_the_source_id() -> None:
    given = submission(GIVEN | {"source_id": "6281234567890-1"}, NOON)
    waiting = PendingAnswers([given], [Position(0, 0)])

    heard = waiting.handle(replace(taken("[telepon]-1"), cause_id=given.id))

    assert (heard, waiting.unanswered) == (True, 0)


def test_a_reporter_is_sealed_before_anything_is_published() -> None:
    given = GIVEN | {"reporter": {"name": "Siti"}}

    made = with_sealed_reporter(given, SEALER)

    sealed = made["reporter_sealed"]
    assert OPENER.open_contact("", sealed["sealed"], sealed["key_id"], info="web|1").name == "Siti"
    assert "reporter" not in made
    assert b"Siti" not in (submission(made, NOON).value or b"")


def test_a_complaint_that_gets_its_source_id_is_sealed_for_that_one() -> None:
    made = with_sealed_reporter({"channel": "web", "body": "x", "reporter": {"name": "Siti"}}, SEALER)

    sealed = made["reporter_sealed"]
    assert OPENER.open_contact("", sealed["sealed"], "k1", info=f"web|{made['source_id']}").name == "Siti"


def test_without_anybody_who_reports_nothing_is_sealed() -> None:
    assert with_sealed_reporter(GIVEN, SEALER) == GIVEN


@pytest.mark.parametrize(("keys", "code"), [("", 2), ("a:c2hvcnQ=", 1)])
def test_sealing_without_usable_keys_publishes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], keys: str, code: int
) -> None:
    monkeypatch.setenv("TINDAK_CONTACT_PUBLIC_KEYS", keys)

    assert main(["submit", "--channel", "web", "--body", "x", "--email", "a@b.example", "--seal"]) == code

    assert "TINDAK_CONTACT_PUBLIC_KEYS" in capsys.readouterr().err
