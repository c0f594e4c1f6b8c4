from dataclasses import replace
from datetime import timedelta

import pytest

from shared import topics
from shared.delivery.dead_letters import Place, dead_letter, origin
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

LATER = NOON + timedelta(hours=1)
RECORD = Record("tickets.updates", 2, 7, b"\xff\x00", b"no JSON", (("x", b"1"), ("dlq-topic", b"forged")), NOON)


def replayed(letter: Outgoing, **changed: bytes) -> Record:
    """Return a dead letter as it is replayed, with some of its headers changed."""
    headers = dict(letter.headers) | {name.replace("_", "-"): value for name, value in changed.items()}
    key = None if letter.key is None else letter.key.encode(errors="surrogateescape")
    return Record(topics.replay_topic("routing"), 0, 3, key, letter.value, tuple(headers.items()), LATER)


def test_a_dead_letter_keeps_key_value_and_headers_with_origin_and_reason() -> None:
    letter = dead_letter("routing", RECORD, "malformed", "Not JSON \ud800" + "x" * 2000, LATER)

    headers = dict(letter.headers)
    assert letter.topic == "routing.dead-letters"
    assert (letter.key or "").encode(errors="surrogateescape") == b"\xff\x00"
    assert letter.value == b"no JSON"
    assert len(headers.pop("dlq-error")) < 1100
    assert headers == {
        "x": b"1",
        "dlq-service": b"routing",
        "dlq-topic": b"tickets.updates",
        "dlq-partition": b"2",
        "dlq-offset": b"7",
        "dlq-timestamp": NOON.isoformat().encode(),
        "dlq-reason": b"malformed",
        "dlq-attempts": b"1",
        "dlq-at": LATER.isoformat().encode(),
    }


@pytest.mark.parametrize(("key", "value", "kept"), [(None, b"x", None), (b"", None, ""), (None, None, "")])
def test_a_dead_letter_has_a_key_or_a_value_for_no_client_writes_neither(
    key: bytes | None, value: bytes | None, kept: str | None
) -> None:
    letter = dead_letter("routing", replace(RECORD, key=key, value=value), "malformed", "Not JSON", LATER)

    assert (letter.key, letter.value) == (kept, value)


def test_a_replay_that_fails_again_keeps_the_place_where_it_first_lay() -> None:
    first = dead_letter("routing", RECORD, "bug", "ZeroDivisionError", NOON)

    again = dead_letter("routing", replayed(first), "bug", "ZeroDivisionError", NOON)

    assert dict(again.headers) == dict(first.headers) | {"dlq-attempts": b"2"}


def test_a_record_that_is_no_replay_lies_where_it_lies_whatever_it_claims() -> None:
    assert origin(RECORD) == Place("tickets.updates", 2, 7, NOON)


def test_a_replay_lies_where_its_dead_letter_first_lay() -> None:
    letter = dead_letter("routing", RECORD, "bug", "ZeroDivisionError", LATER)

    assert origin(replayed(letter)) == Place("tickets.updates", 2, 7, NOON, attempts=1)


@pytest.mark.parametrize(
    "broken", [{"dlq_offset": b"seven"}, {"dlq_timestamp": b"yesterday"}, {"dlq_timestamp": b"0001-01-01T00:00+14:00"}]
)
def test_a_replay_whose_origin_is_unreadable_lies_where_it_lies(broken: dict[str, bytes]) -> None:
    letter = dead_letter("routing", RECORD, "bug", "ZeroDivisionError", LATER)

    assert origin(replayed(letter, **broken)) == Place("routing.replays", 0, 3, LATER)
