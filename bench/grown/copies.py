"""Copies of stored tickets under other ids: bytes are exchanged in place, which is quicker than encoding anew."""

import random
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument

from shared.ids import NAMESPACE, named, tracking_id

Raw = dict[str, Any]

MILLISECONDS, NUMBER = struct.Struct("<q"), struct.Struct("<i")
INT32, KEYS, DUE = 0x10, b"\x04bands\x00", b"\x09due_at\x00"  # as BSON writes type and name of a field
KEYS_SHARED = 1
"""Of a copy's 20 keys so many are those of another ticket in its kelurahan, the rest are nobody's: so a report meets as
many candidates as texts of the training set do, 27 of 1,000 open reports in one kelurahan."""
STAYS = timedelta(days=520)  # as policy/retention.yaml
OPEN_FOR, DUE_WITHIN = timedelta(days=30), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket as each service has stored it."""

    id: str
    documents: Mapping[str, Raw]

    @property
    def is_open(self) -> bool:
        """Return whether somebody still has to do something about it."""
        return self.documents["routing"]["state"]["situation"]["kind"] in ("in_triage", "with_agency", "held")

    @property
    def agency(self) -> str | None:
        """Return who has to deal with it; None if nobody has."""
        situation = self.documents["routing"]["state"]["situation"]
        return situation["agency"] if situation["kind"] == "with_agency" else None

    @property
    def tracking_id(self) -> str:
        """Return the id that people read out."""
        return str(self.documents["routing"]["state"]["ticket"]["tracking_id"])

    @property
    def keys(self) -> Sequence[int]:
        """Return the keys under which it is compared; none if it stays alone."""
        sketch = self.documents["routing"]["state"]["ticket"]["sketch"]
        return sketch["bands"] if sketch else ()

    @property
    def kelurahan(self) -> str | None:
        """Return where it is."""
        place = self.documents["routing"]["state"]["ticket"]["report"]["location"]
        return place and place["kelurahan"]


@dataclass(frozen=True, slots=True)
class Form:
    """A document's bytes, and where in them stands what differs between copies."""

    encoded: bytes
    due_at: int | None
    keys: tuple[int, ...]


class Copier:
    """Makes copies of one ticket.

    Args:
        ticket: As the services have stored it.
        pool: Keys of tickets in the same kelurahan.
    """

    def __init__(self, ticket: Ticket, pool: Sequence[int]) -> None:
        self.id, self.tracking_id = ticket.id.encode(), ticket.tracking_id.encode()
        self.accepted_at = str(ticket.documents["routing"]["state"]["ticket"]["accepted_at"]).encode()
        self.is_open, self.pool = ticket.is_open, pool
        self.forms = {service: _form(raw, is_open=self.is_open) for service, raw in ticket.documents.items()}

    def copy(self, number: int, draw: random.Random, now: datetime) -> dict[str, RawBSONDocument]:
        """Return the *number*-th copy as each service stores it."""
        ticket = named(str(NAMESPACE), f"copy {number}")
        accepted_at = now - draw.random() * (OPEN_FOR if self.is_open else STAYS)
        due_at = MILLISECONDS.pack(int((now + draw.random() * DUE_WITHIN).timestamp() * 1000))
        exchanged = (
            (self.id, ticket.encode()),
            (self.tracking_id, tracking_id(ticket).encode()),
            (self.accepted_at, _stamp(accepted_at)),
        )
        found = {}
        for service, form in self.forms.items():
            encoded = form.encoded
            for before, after in exchanged:
                encoded = encoded.replace(before, after)
            found[service] = RawBSONDocument(self._drawn(encoded, form, due_at, draw))
        return found

    def _drawn(self, encoded: bytes, form: Form, due_at: bytes, draw: random.Random) -> bytes:
        """Return a document with another instant at which it is due, and with other keys."""
        if form.due_at is None and not form.keys:
            return encoded
        written = bytearray(encoded)
        if form.due_at is not None:
            written[form.due_at : form.due_at + MILLISECONDS.size] = due_at
        for at in form.keys:
            NUMBER.pack_into(written, at, draw.getrandbits(31))
        for at in form.keys[:KEYS_SHARED]:
            NUMBER.pack_into(written, at, draw.choice(self.pool))
        return bytes(written)


def _form(raw: Raw, *, is_open: bool) -> Form:
    """Return the bytes of a document of which all is said; what has ended is not due, either."""
    left_out = {"pending", "pending_at"} if is_open else {"pending", "pending_at", "due_at"}
    kept = {name: value for name, value in raw.items() if name not in left_out}
    encoded = bson.encode(kept)
    due_at = encoded.index(DUE) + len(DUE) if "due_at" in kept else None
    sketch = kept["state"].get("ticket", {}).get("sketch") if kept["state"]["kind"] == "filed" else None
    if not sketch or not sketch["bands"]:
        return Form(encoded, due_at, ())
    return Form(encoded, due_at, tuple(_numbers_in(encoded, encoded.index(KEYS) + len(KEYS))))


def _numbers_in(encoded: bytes, begin: int) -> Iterator[int]:
    """Yield where the numbers of a list stand: each behind its type and its place in the list."""
    at = begin + NUMBER.size  # the list's own length
    while encoded[at] == INT32:
        value_at = encoded.index(0, at) + 1
        yield value_at
        at = value_at + NUMBER.size


def _stamp(at: datetime) -> bytes:
    """Return an instant in as many bytes as any other."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z").encode()
