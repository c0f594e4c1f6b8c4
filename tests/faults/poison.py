"""Fifty records of different kinds that nobody can handle, for topics that outsiders write and for our own."""

import json
from typing import Any

from tests.builders import FROM_DISHUB, FROM_WEB, TICKET

ID = "6f0d6a52-0b5c-4a55-9f0e-0d5f2a1c7b11"


def envelope(**changes: Any) -> dict[str, Any]:
    plain = {
        "specversion": "1.0",
        "id": ID,
        "source": "/agencies/dishub",
        "type": "tindak.ticket.acknowledge.v1",
        "time": "2026-11-24T05:00:00Z",
        "data": {"ticket_id": TICKET},
    }
    return {name: value for name, value in (plain | changes).items() if value is not None}


def written(**changes: Any) -> bytes:
    return json.dumps(envelope(**changes)).encode()


BROKEN: tuple[bytes | None, ...] = (
    b"",
    None,
    b"not json",
    b"{",
    b"[]",
    b"null",
    b"42",
    b'"text"',
    b"\xff\xfe\x00",
    b"[" * 5_000 + b"]" * 5_000,
    json.dumps({"data": "x" * 300_000}).encode(),
    written(specversion="0.3"),
    written(specversion=None),
    written(id=None),
    written(id="7"),
    written(source=None),
    written(source=""),
    written(type=None),
    written(type="tindak.unknown.v1"),
    written(type="tindak.ticket.routed.v1"),
    written(time="yesterday"),
    written(time="2026-11-24T05:00:00"),
    written(data=None),
    written(data=[]),
    written(data="text"),
)
FOR_UPDATES: tuple[bytes, ...] = (
    b'{"specversion": "1.0", "specversion": "1.0"}',
    b'{"specversion": NaN}',
    written(data={}),
    written(data={"ticket_id": "no uuid"}),
    written(data={"ticket_id": {"$where": "1"}}),
    written(data={"ticket_id": TICKET, "$set": {}}),
    written(data={"ticket_id": TICKET, "note": "nul \x00"}),
    written(data={"ticket_id": TICKET, "note": "bidi \u202e"}),
    written(data={"ticket_id": TICKET, "note": "x" * 9_000}),
    written(type="tindak.ticket.progress.v1"),
    written(type="tindak.ticket.answer.v1", data={"ticket_id": TICKET, "answer": "", "final": True}),
    written(type="tindak.ticket.answer.v1", data={"ticket_id": TICKET, "answer": "ya", "final": "maybe"}),
    written(type="tindak.ticket.hold.v1", data={"ticket_id": TICKET, "reason": "tired"}),
    written(type="tindak.ticket.confirm.v1", data={"ticket_id": TICKET, "rating": 6}),
    written(type="tindak.ticket.assign.v1", data={"ticket_id": TICKET, "agency": "Dinas Hebat!", "reason": "x"}),
)
FOR_SUBMITTED: tuple[bytes, ...] = tuple(
    written(type="tindak.complaint.submitted.v1", source="/channels/web", data=data)
    for data in (
        {},
        {"channel": "web"},
        {"channel": "web", "source_id": "p1", "submitted_at": "soon", "body": "x"},
        {"channel": "web", "source_id": "", "submitted_at": "2026-11-24T05:00:00Z", "body": "x"},
        {"channel": "web", "source_id": "p3", "submitted_at": "2026-11-24T05:00:00Z", "body": 7},
        {"channel": "web", "source_id": "p4", "submitted_at": "2026-11-24T05:00:00Z", "body": "x" * 9_000},
        {"channel": "telepathy", "source_id": "p5", "submitted_at": "2026-11-24T05:00:00Z", "body": "Jalan rusak"},
        {"channel": "web", "source_id": "p6", "submitted_at": "2001-01-01T00:00:00Z", "body": "Jalan rusak parah"},
        {"channel": "web", "source_id": "p7", "submitted_at": "2099-01-01T00:00:00Z", "body": "Jalan rusak parah"},
        {"channel": "web", "source_id": "p8", "submitted_at": "2026-11-24T05:00:00Z", "body": " \n "},
    )
)

# On our own topics what is broken reaches several services, and each of them keeps its own dead letter.
POISON: tuple[tuple[str, bytes | None], ...] = (
    *((FROM_DISHUB, value) for value in (*BROKEN, *FOR_UPDATES)),
    *((FROM_WEB, value) for value in FOR_SUBMITTED),
)
