"""Records are counted by topic family and type."""

import pytest

from bench.meters.records import Found, type_in

pytestmark = pytest.mark.unit


def found() -> Found:
    those = Found()
    those.note("tickets.routed.dlh", "ticket.routed", 100, 5_000)
    those.note("tickets.routed.dishub", "ticket.routed", 300, 4_000)
    those.note("tickets.routed.dishub", "ticket.closed", 50, 9_000)
    return those


def test_topics_of_a_family_count_together() -> None:
    whole = found().families()["tickets.routed"]

    assert (whole.records, whole.bytes, whole.last_ms) == (3, 450, 9_000)
    assert found().topics["tickets.routed"] == {"tickets.routed.dlh": 1, "tickets.routed.dishub": 2}


def test_types_count_apart() -> None:
    assert found().count("tickets.routed", "ticket.routed") == 2
    assert found().last_ms("tickets.routed", "ticket.routed") == 5_000
    assert found().last_ms("tickets.triage") == 0


def test_a_type_is_told_without_what_all_types_share() -> None:
    assert type_in(b'{"type": "tindak.ticket.routed.v1"}') == "ticket.routed"
    assert type_in(b'{"type": "org.example.note"}') == "org.example.note"
    assert type_in(b"") == ""
