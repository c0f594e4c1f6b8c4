"""A plain submission as any Kafka client writes it, and what is read of it."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.events import Event
from shared.events.envelope import decode
from tests.builders import submitted
from tests.fakes.handler_harness import NOON

ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DATA = {"channel": "web", "source_id": "1", "submitted_at": "2026-03-02T05:00:00Z", "body": "Jalan berlubang."}
ENVELOPE = {
    "specversion": "1.0", "id": ID, "source": "/channels/web", "type": "tindak.complaint.submitted.v1",
    "time": "2026-03-02T05:00:00Z", "data": DATA,
}  # fmt: skip
PLAIN = Event(ID, "/channels/web", NOON, submitted(title=None, body="Jalan berlubang."))


def read(value: bytes | None, headers: Mapping[str, bytes] | None = None, *, from_outside: bool = True) -> Event:
    return decode(value, headers or {}, from_outside=from_outside, arrived_at=NOON + timedelta(seconds=1))


def line(changes: Mapping[str, Any] | None = None, **data: Any) -> bytes:
    """Return the plain envelope as one JSON line, with other attributes or data; None leaves one out."""
    whole = {**ENVELOPE, "data": {**DATA, **data}, **(changes or {})}
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()
