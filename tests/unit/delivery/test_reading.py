import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.ports import Record
from shared.delivery.reading import Reading, Unreadable, applied_id, read
from shared.events import AcknowledgeTicket, Arrival
from shared.events.envelope import HEADERS, encode
from tests.builders import TICKET, accepted, event
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

LATER = NOON + timedelta(hours=1)
UPDATE = event(AcknowledgeTicket(ticket_id=TICKET))
RECORD = Record(topics.UPDATES, 1, 7, TICKET.encode(), encode(UPDATE), HEADERS, NOON)
SHA256 = hashlib.sha256(RECORD.value or b"").hexdigest()


def test_a_record_from_outside_is_read_with_its_hash() -> None:
    arrival = Arrival(topics.UPDATES, 1, 7, arrived_at=NOON, now=LATER, sha256=SHA256)

    assert read(3, RECORD, LATER) == Reading(3, RECORD, arrival, UPDATE)


def test_a_record_of_our_own_is_not_hashed() -> None:
    record = replace(RECORD, topic=topics.ACCEPTED, value=encode(event(accepted())))

    assert read(0, record, LATER).arrival.sha256 == ""


def test_a_replayed_record_is_read_as_it_first_lay() -> None:
    letter = dead_letter("routing", RECORD, "bug", "ZeroDivisionError", LATER)
    record = Record(topics.replay_topic("routing"), 0, 0, RECORD.key, letter.value, letter.headers, LATER)

    reading = read(0, record, LATER)

    arrival = Arrival(topics.UPDATES, 1, 7, arrived_at=NOON, now=LATER, sha256=SHA256)
    assert reading == Reading(0, record, arrival, UPDATE)
    assert reading.is_replayed


@pytest.mark.parametrize("elsewhere", [{"topic": topics.TICKETS}, {"partition": 0}, {"offset": 8}])
def test_a_record_that_lies_where_it_first_lay_is_not_replayed(elsewhere: dict[str, Any]) -> None:
    reading = read(0, RECORD, LATER)

    assert isinstance(reading, Reading)
    assert not reading.is_replayed
    assert replace(reading, record=replace(RECORD, **elsewhere)).is_replayed


def test_an_event_of_another_topic_is_unreadable() -> None:
    reading = read(0, replace(RECORD, topic=topics.ACCEPTED), LATER)

    assert isinstance(reading, Unreadable)
    assert [reason.code for reason in reading.fault.reasons] == ["schema_violation"]


@pytest.mark.parametrize("topic", ["routing.replays", "made.up"])
def test_events_on_a_foreign_topic_are_refused(topic: str) -> None:
    assert isinstance(read(0, replace(RECORD, topic=topic), LATER), Unreadable)


def test_events_of_outsiders_are_applied_under_ids_by_ticket() -> None:
    causes = [applied_id(UPDATE.id, topics.UPDATES, ticket) for ticket in (TICKET, TICKET, UPDATE.id)]

    assert causes[0] == causes[1] != causes[2]
    assert UPDATE.id not in causes


def test_our_events_are_applied_under_their_own_id() -> None:
    assert applied_id(UPDATE.id, topics.TICKETS, TICKET) == UPDATE.id
