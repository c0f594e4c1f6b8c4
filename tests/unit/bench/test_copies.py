"""Copies of stored tickets are documents that services can read, and differ in what tells tickets apart."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest

from bench.grown.copies import DUE_WITHIN, Copier, Ticket
from services.routing.domain.duplicates.similarity import Fingerprint
from services.routing.domain.ticket.state import Filed
from services.routing.store import STATE
from shared.delivery.documents.codec import DocumentCodec
from shared.delivery.documents.document import Document
from shared.ids import tracking_id
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import filed

pytestmark = pytest.mark.unit

CODEC = DocumentCodec(STATE)
NOW = datetime(2026, 3, 9, 5, 0, 0, 1, tzinfo=UTC)
# Keys whose bytes look like the type, the place and the end of another one.
KEYS = (0x00331032, 0x10310010, 3, 2**31 - 1)


def stored(kind: str) -> Ticket:
    """Return a ticket as routing stores it, in the place of every service's document."""
    made: Any = filed(kind, sketch=Fingerprint(frozenset({1}), {}, KEYS), accepted_at=NOON + timedelta(microseconds=1))
    ticket = made.ticket.id
    raw = CODEC.encode(Document(ticket, 1, made, due_at=NOON))
    return Ticket(ticket, {"routing": raw | {"slot": 1}})


def copied(ticket: Ticket) -> dict[str, Any]:
    copies = Copier(ticket, pool=[7]).copy(1, random.Random(1), NOW)
    return bson.decode(copies["routing"].raw, bson.CodecOptions(tz_aware=True))


def test_a_copy_is_the_same_ticket_under_other_ids() -> None:
    original = stored("routed")

    raw = copied(original)

    document = CODEC.decode({name: value for name, value in raw.items() if name != "slot"})
    assert isinstance(document, Document)
    assert isinstance(document.state, Filed)
    ticket = document.state.ticket
    assert document.id == ticket.id != original.id
    assert ticket.tracking_id == tracking_id(ticket.id)
    assert ticket.accepted_at < NOW
    assert document.due_at is not None
    assert NOW - timedelta(milliseconds=1) <= document.due_at < NOW + DUE_WITHIN


def test_a_copy_has_one_key_of_its_kelurahan_and_others_of_its_own() -> None:
    ticket = stored("routed")

    shared, *own = copied(ticket)["state"]["ticket"]["sketch"]["bands"]

    assert shared == 7
    assert len(own) == len(KEYS) - 1
    assert not set(KEYS).intersection(own)


def test_what_has_ended_waits_for_nothing() -> None:
    assert "due_at" not in copied(stored("closed_by_reporter"))
