"""What careless and hostile writers put on the topics that outsiders write, and what has to be said about it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from shared.events.envelope import stamp

NOW = datetime.now(UTC)
BODY = "Lampu jalan mati di Rempoa sudah tiga minggu, gelap sekali."


def line(changes: Mapping[str, Any] | None = None, **data: Any) -> bytes:
    """Return a complaint as one JSON line, as somebody types it; None leaves an attribute or a field out."""
    report = {"channel": "web", "source_id": str(uuid4()), "submitted_at": stamp(NOW), "body": BODY} | data
    whole = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": f"/channels/{report['channel']}",
        "type": "tindak.complaint.submitted.v1",
        "time": stamp(NOW),
        "data": {name: value for name, value in report.items() if value is not None},
    }
    return json.dumps(
        {name: value for name, value in (whole | dict(changes or {})).items() if value is not None}
    ).encode()


@dataclass(frozen=True)
class Garbage:
    """A value, the code under which it is refused, and words of the sentence that names its fault in both languages."""

    value: bytes | None
    code: str
    says_id: str
    says_en: str


def later(**ahead: int) -> str:
    """Return an instant so far from now."""
    return stamp(NOW + timedelta(**ahead))


SUBMISSIONS: Mapping[str, Garbage] = {
    "no JSON": Garbage(b"Jalan rusak, tolong!", "malformed", "Bukan JSON", "Not JSON"),
    "cut JSON": Garbage(line()[:-5], "malformed", "Bukan JSON", "Not JSON"),
    "no UTF-8": Garbage(b"\xff\xfe\x00", "malformed", "Bukan UTF-8", "Not UTF-8"),
    "no bytes": Garbage(b"", "malformed", "Bukan JSON", "Not JSON"),
    "a tombstone": Garbage(None, "malformed", "tombstone", "no value"),
    "a list": Garbage(b"[" + line() + b"]", "malformed", "bukan objek JSON", "not a JSON object"),
    "a number": Garbage(b"42", "malformed", "bukan objek JSON", "not a JSON object"),
    "300 kB": Garbage(line(body="x" * 300_000), "too_long", "paling besar 262144 byte", "at most 262144 are taken"),
    "deep": Garbage(b'{"data":' * 100 + b"1" + b"}" * 100, "malformed", "lebih dari 32 tingkat", "deeper than 32"),
    "bottomless": Garbage(b"[" * 200_000, "malformed", "lebih dari 32 tingkat", "deeper than 32"),
    "NUL": Garbage(line(body="Lampu\0mati"), "schema_violation", "karakter tersembunyi U+0000", "U+0000"),
    "bidi": Garbage(line(body="Rp1.\u202e000"), "schema_violation", "karakter tersembunyi U+202E", "U+202E"),
    "$where": Garbage(line(location={"$where": "sleep(9)"}), "schema_violation", "'$where' tidak", "'$where' is not"),
    "a key twice": Garbage(line()[:-1] + b',"id":"x"}', "malformed", "'id' muncul dua kali", "'id' stands twice"),
    "half a character": Garbage(line().replace(b"Lampu", b"\\ud83d"), "malformed", "surrogate", "surrogate"),
    "NaN": Garbage(line(location={"latitude": float("nan")}), "malformed", "NaN bukan JSON", "NaN is not JSON"),
    "long number": Garbage(line(body=0).replace(b": 0", b": " + b"9" * 9999), "malformed", "terlalu panjang", "digits"),
    "no text": Garbage(line(body=["Lampu"]), "schema_violation", "body harus berupa teks", "body must be text"),
    "no truth": Garbage(line(anonymous="maybe"), "schema_violation", "harus true atau false", "must be true or false"),
    "future": Garbage(line(submitted_at=later(days=2)), "schema_violation", "lebih dari 24 jam", "more than 24 hours"),
    "past": Garbage(line(submitted_at=later(days=-31)), "outside_retention", "lebih dari 30 hari", "more than 30 days"),
    "foretold": Garbage(line(occurred_on=later(days=3)[:10]), "schema_violation", "setelah hari ini", "after today"),
    "no zone": Garbage(line(submitted_at="2026-11-24T05:00:00"), "schema_violation", "zona waktu", "time zone"),
    "no body": Garbage(line(body=None), "schema_violation", "body wajib diisi", "body is required"),
    "empty body": Garbage(line(body=" \n"), "empty", "Isi laporan kosong", "The report has no text"),
    "long body": Garbage(line(body="Lampu " * 2000), "too_long", "lebih dari 8000 karakter", "longer than 8000"),
    "no id": Garbage(line({"id": None}), "schema_violation", "Atribut id tidak ada", "attribute id is missing"),
    "no UUID": Garbage(line({"id": "7"}), "schema_violation", "id bukan UUID", "id is not a UUID"),
    "a strange type": Garbage(line({"type": "order.v1"}), "schema_violation", "tidak dikenal", "is not known"),
    "an old version": Garbage(line({"specversion": "0.3"}), "schema_violation", "harus 1.0", "1.0 is spoken"),
    "another channel": Garbage(
        line({"source": "/channels/web"}, channel="ios"), "forged_source", "data.channel tidak sesuai",
        "does not agree with",
    ),
    "a strange source": Garbage(line({"source": "me"}), "forged_source", "source tidak sesuai", "does not agree with"),
    "test words": Garbage(line(body="test test aaaaa"), "spam", "hanya kata uji coba", "only test words"),
    "only a link": Garbage(line(body="https://example.org/x"), "spam", "hanya tautan", "only a link"),
}  # fmt: skip


def update(kind: str, **data: Any) -> bytes:
    """Return an agency's update as one JSON line."""
    return line({"type": f"tindak.ticket.{kind}.v1", "source": "/agencies/dishub", "data": data})


TICKET = str(uuid4())
UPDATES: Mapping[str, tuple[bytes | None, str]] = {
    "no JSON": (b"sudah selesai", "Not JSON"),
    "a tombstone": (None, "The record has no value"),
    "no ticket": (update("acknowledge"), "ticket_id is required"),
    "a strange ticket": (update("acknowledge", ticket_id="LAPOR-7"), "ticket_id is not valid"),
    "no note": (update("progress", ticket_id=TICKET), "note is required"),
    "bidi": (update("progress", ticket_id=TICKET, note="Rp1.\u202e000"), "note holds the hidden"),
    "six stars": (update("confirm", ticket_id=TICKET, rating=6), "rating must be at most 5"),
    "an operator": (update("acknowledge", ticket_id={"$ne": None}), "'$ne' is not allowed"),
    "our own word": (update("routed", ticket_id=TICKET), "tracking_id is required"),
    "a complaint": (line(), "tindak.complaint.submitted.v1 is not taken on the topic"),
}
