from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.notify.domain.contact_audit import openings_to_send
from shared import topics
from shared.delivery.outgoing import Cause, outgoing
from shared.delivery.ports import Record
from shared.events import CHAIN_START, link_hash
from tests.builders import TICKET, ticket_id
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import correspondence, delivery
from tindak.audit.chain import Chains, Head, faults

pytestmark = pytest.mark.unit

OTHER = ticket_id("web", "2")
LONG_AGO = NOON - timedelta(days=400)
MS = timedelta(milliseconds=1)


def said(ticket: str = TICKET, count: int = 4) -> tuple[list[Record], Head]:
    """Return the facts about *count* openings as they lie on the topic, and the head that notify keeps of them."""
    state = correspondence(ticket_id=ticket)
    claims = [delivery(id=f"{ticket}-{number}") for number in range(count)]
    state, facts = openings_to_send(state, claims, NOON)
    events = outgoing("notify", ticket, Cause(ticket, None), facts, NOON)
    return [Record(topics.AUDIT, 0, 0, ticket.encode(), event.value, event.headers, NOON) for event in events], Head(
        state.audit.hash, state.audit.opened_at
    )


def placed(records: Sequence[Record]) -> list[Record]:
    """Return *records* one behind the other."""
    return [replace(record, offset=offset) for offset, record in enumerate(records)]


def found(records: Sequence[Record], before: dict[str, Head], after: dict[str, Head] | None = None) -> list[str]:
    chains = Chains.of(placed(records))
    return list(faults(chains, before, before if after is None else after, LONG_AGO))


def changed(record: Record, *, rehash: bool = False, **fields: Any) -> Record:
    body = orjson.loads(record.value or b"")
    body["data"] |= fields
    if rehash:
        body["data"]["hash"] = link_hash(body["data"])
    return replace(record, value=orjson.dumps(body))


def number(records: Sequence[Record], sequence: int) -> str:
    body = orjson.loads(records[sequence - 1].value or b"")
    return f"fact {sequence} of ticket {TICKET} at security.audit/0/{{}} ({body['id']})"


FACTS, HEAD = said()
HEADS = {TICKET: HEAD}


def test_a_whole_chain_has_no_fault() -> None:
    assert found(FACTS, HEADS) == []


def test_repeats_of_a_fact_are_no_fault() -> None:
    assert found([FACTS[0], FACTS[1], FACTS[0], FACTS[2], FACTS[3], FACTS[1], FACTS[3]], HEADS) == []


@pytest.mark.parametrize("gone", [1, 2, 3, 4], ids=["first", "second", "third", "last"])
def test_a_removed_fact_is_named(gone: int) -> None:
    left = [fact for sequence, fact in enumerate(FACTS, 1) if sequence != gone]

    assert found(left, HEADS) == [f"fact {gone} of ticket {TICKET} was removed; it was said at {NOON.isoformat()}"]


def test_a_whole_chain_that_was_removed_is_named_beside_one_that_stands() -> None:
    others, head = said(OTHER, 2)

    assert found(FACTS, HEADS | {OTHER: head}) == [
        f"fact {gone} of ticket {OTHER} was removed; it was said at {NOON.isoformat()}" for gone in (1, 2)
    ]
    assert found([*FACTS, *others], HEADS | {OTHER: head}) == []


@pytest.mark.parametrize("rehash", [False, True], ids=["as it is", "with a hash that fits"])
@pytest.mark.parametrize("which", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "fields",
    [
        {"by": {"role": "officer", "code": "somebody"}},
        {"at": (NOON + MS).isoformat().replace("+00:00", "Z")},
        {"delivery_id": "another"},
        {"previous": "0" * 63 + "1"},
        {"more": "than there was"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_an_altered_fact_is_named(which: int, rehash: bool, fields: dict[str, Any]) -> None:
    facts = [*FACTS]
    facts[which - 1] = changed(facts[which - 1], rehash=rehash, **fields)

    assert found(facts, HEADS) == [f"{number(FACTS, which).format(which - 1)} was altered"]


def test_a_fact_with_another_hash_than_its_own_is_named() -> None:
    facts = [*FACTS[:3], changed(FACTS[3], hash="0" * 64)]

    assert found(facts, HEADS) == [f"{number(FACTS, 4).format(3)} was altered"]


@pytest.mark.parametrize("attribute", ["id", "source", "subject", "partitionkey", "time"])
def test_an_altered_envelope_is_named(attribute: str) -> None:
    body = orjson.loads(FACTS[1].value or b"")
    body[attribute] = {"time": "2026-03-02T05:00:01Z"}.get(attribute, OTHER)
    facts = [FACTS[0], replace(FACTS[1], value=orjson.dumps(body)), *FACTS[2:]]

    assert [sentence.endswith("was altered") for sentence in found(facts, HEADS)] == [True]


@pytest.mark.parametrize("at", [0, 2, 4])
def test_an_inserted_fact_is_named_wherever_it_lies(at: int) -> None:
    forged = changed(FACTS[1], rehash=True, by={"role": "officer", "code": "somebody"})
    facts = [*FACTS[:at], forged, *FACTS[at:]]

    assert found(facts, HEADS) == [f"{number(FACTS, 2).format(at)} was inserted"]


def test_a_fact_behind_the_end_of_the_chain_is_inserted() -> None:
    longer, _ = said(count=5)

    assert found(longer, HEADS) == [f"{number(longer, 5).format(4)} was inserted: the chain has 4"]


def test_a_chain_that_notify_does_not_know_is_inserted() -> None:
    others, _ = said(OTHER, 1)

    [sentence] = found([*FACTS, *others], HEADS)

    assert OTHER in sentence
    assert sentence.endswith("was inserted: notify knows no such chain")


def test_two_facts_that_changed_places_are_found() -> None:
    swapped = [FACTS[0], FACTS[2], FACTS[1], FACTS[3]]

    assert found(swapped, HEADS) == [f"{number(FACTS, 2).format(2)} changed places: it stands behind fact 3"]


def test_two_facts_that_changed_their_numbers_are_found() -> None:
    facts = [FACTS[0], changed(FACTS[1], sequence=3), changed(FACTS[2], sequence=2), FACTS[3]]

    assert [sentence.split(" (")[0] for sentence in found(facts, HEADS)] == [
        f"fact 3 of ticket {TICKET} at security.audit/0/1",
        f"fact 2 of ticket {TICKET} at security.audit/0/2",
    ]


@pytest.mark.parametrize(
    "value", [b"no JSON", b"{}", None, b'{"type":"tindak.ticket.routed.v1","data":{}}', b'{"data":[]}', b"[]"]
)
def test_what_is_no_such_fact_is_named(value: bytes | None) -> None:
    stranger = Record(topics.AUDIT, 0, 0, None, value, (), NOON)

    assert found([*FACTS, stranger], HEADS) == ["security.audit/0/4 is no fact about a contact that was opened"]


def test_what_waits_to_be_published_is_not_missing() -> None:
    assert found(FACTS[:3], {TICKET: replace(HEAD, waiting=frozenset({4}))}) == []
    assert len(found(FACTS[:2], {TICKET: replace(HEAD, waiting=frozenset({4}))})) == 1


def test_of_a_document_that_cannot_be_read_nothing_is_called_removed() -> None:
    spoiled = replace(HEAD, unreadable="ValueError")

    others, head = said(OTHER)
    found_there = found([*FACTS[:2], *others[1:]], {TICKET: spoiled, OTHER: head})

    assert f"what waits to be said of ticket {TICKET} cannot be read: ValueError" in found_there
    assert [fault.split(";")[0] for fault in found_there if "removed" in fault] == [
        f"fact 1 of ticket {OTHER} was removed"
    ]


def test_what_is_said_while_it_is_asked_is_no_fault() -> None:
    _, earlier = said(count=2)

    assert found(FACTS[:3], {TICKET: earlier}, HEADS) == []
    assert found(FACTS, {}, HEADS) == []
    assert found(FACTS[:3], {}, HEADS) == []


@pytest.mark.parametrize(("age", "is_missed"), [(timedelta(0), True), (MS, False)])
def test_what_the_topic_no_longer_keeps_is_not_missed(age: timedelta, is_missed: bool) -> None:
    head = replace(HEAD, opened_at=(LONG_AGO - age, *HEAD.opened_at[1:]))

    assert bool(found(FACTS[1:], {TICKET: head})) is is_missed


@pytest.mark.parametrize(("age", "is_forged"), [(timedelta(0), True), (MS, False)])
def test_a_chain_that_outlived_its_ticket_is_no_fault(age: timedelta, is_forged: bool) -> None:
    assert bool(found([replace(fact, timestamp=LONG_AGO - age) for fact in FACTS], {})) is is_forged


def test_a_chain_rewritten_to_its_end_is_held_against_the_head() -> None:
    facts, previous = [], CHAIN_START
    for fact in FACTS:
        facts.append(changed(fact, rehash=True, previous=previous, delivery_id="another"))
        previous = orjson.loads(facts[-1].value or b"")["data"]["hash"]

    assert f"{number(FACTS, 4).format(3)} was altered" in found(facts, HEADS)
