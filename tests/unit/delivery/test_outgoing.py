from datetime import timedelta

import pytest

from shared import topics
from shared.delivery.outgoing import Cause, Outgoing, each_once, outgoing
from shared.events import Fact
from shared.events.envelope import HEADERS, decode
from shared.ids import event_id, occasion_id
from shared.values import replace
from tests.builders import TICKET
from tests.fakes.counter import progressed
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CAUSE = Cause("0b1a5d0e-0f43-5f2b-8d0c-000000000001", "0b1a5d0e-0f43-5f2b-8d0c-000000000002", TRACE)
DATA = progressed(TICKET, 1, NOON)


def test_a_fact_becomes_an_event_that_names_its_cause() -> None:
    (said,) = outgoing("routing", TICKET, CAUSE, (Fact(DATA, topics.TICKETS, TICKET),), NOON)

    event = decode(said.value, {}, from_outside=False)
    assert (said.id, said.topic, said.key, said.headers) == (event.id, topics.TICKETS, TICKET, HEADERS)
    assert event.id == event_id(CAUSE.id, DATA.TYPE, 0)
    assert (event.source, event.subject, event.key) == ("/tindak/routing", TICKET, TICKET)
    assert (event.cause_id, event.traceparent) == (CAUSE.event_id, TRACE)
    assert (event.time, event.data) == (NOON, DATA)


def test_facts_of_one_type_get_ids_of_their_own() -> None:
    facts = (Fact(DATA, topics.TICKETS, TICKET), Fact(DATA, topics.agency_topic("dishub"), TICKET))

    said = outgoing("routing", TICKET, CAUSE, facts, NOON)

    assert [event.id for event in said] == [event_id(CAUSE.id, DATA.TYPE, n) for n in (0, 1)]


def test_a_fact_is_one_event_on_all_its_topics() -> None:
    facts = (
        Fact(DATA, topics.SLA, TICKET, also_on=(topics.FOR_ROUTING, topics.WARNINGS)),
        Fact(DATA, topics.SLA, TICKET),
    )

    first, *copies, second = outgoing("sla", TICKET, CAUSE, facts, NOON)

    assert copies == [replace(first, topic=topic) for topic in (topics.FOR_ROUTING, topics.WARNINGS)]
    assert [first.id, second.id] == [event_id(CAUSE.id, DATA.TYPE, n) for n in (0, 1)]


def test_the_same_facts_of_the_same_cause_give_the_same_bytes() -> None:
    facts = (Fact(DATA, topics.TICKETS, TICKET, at=NOON),)

    again = outgoing("routing", TICKET, CAUSE, facts, NOON + timedelta(hours=1))

    assert again == outgoing("routing", TICKET, CAUSE, facts, NOON)


def test_the_id_of_an_occasion_does_not_depend_on_its_cause() -> None:
    (said,) = outgoing("sla", TICKET, CAUSE, (Fact(DATA, topics.SLA, TICKET, occasion="once"),), NOON)

    assert said.id == occasion_id(TICKET, f"{DATA.TYPE}|once")


def test_an_event_without_subject_and_key_has_neither() -> None:
    (said,) = outgoing("intake", None, CAUSE, (Fact(DATA, topics.answers_topic("web"), "", occasion="once"),), NOON)

    event = decode(said.value, {}, from_outside=False)
    assert (said.key, event.key, event.subject, said.id) == (None, None, None, event_id(CAUSE.id, DATA.TYPE, 0))


def test_an_event_is_published_once_per_topic_at_its_first_position() -> None:
    one, two, elsewhere = Outgoing("1", "t", None, b""), Outgoing("2", "t", None, b""), Outgoing("1", "u", None, b"")

    assert each_once([one, two, one, elsewhere, two]) == [one, two, elsewhere]
