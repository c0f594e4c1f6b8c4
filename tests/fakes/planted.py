"""Identities in every place of a record that outsiders fill, and where they come out again."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.delivery.ports import Record

TELEPHONE, NIK, EMAIL, ACCOUNT = "081234567890", "3674015203910007", "siti.aminah@warga.example", "BCA 1234567890"
PLANTED = {
    "telephone": TELEPHONE,
    "nik": NIK,
    "email": EMAIL,
    "account": f"rekening {ACCOUNT}",
    "link": "wa.me/6281234567890",
}
SIGNS = (TELEPHONE, TELEPHONE[1:], NIK, EMAIL, "1234567890")
ATTRIBUTES = (
    "specversion", "id", "source", "type", "time", "subject", "datacontenttype", "partitionkey", "causationid",
    "traceparent", "tracestate", "dataschema", "extension",
)  # fmt: skip

Sent = tuple[bytes | None, bytes, tuple[tuple[str, bytes], ...]]


def planted_records(envelope: Mapping[str, Any], what: str) -> Iterator[tuple[str, Sent]]:
    """Yield by name of the place key, value and headers of a record that holds *what* in that place alone."""
    plain: tuple[tuple[str, bytes], ...] = ()
    for name in ATTRIBUTES:
        yield f"attribute {name}", (None, _line({**envelope, name: what}), plain)
        yield f"header ce_{name}", (None, _line(envelope), ((f"ce_{name}", what.encode()),))
    data = envelope["data"]
    for name in data:
        yield f"data.{name}", (None, _line({**envelope, "data": {**data, name: what}}), plain)
        yield f"data.{name} as a list", (None, _line({**envelope, "data": {**data, name: [what]}}), plain)
        yield f"data.{name} as a key", (None, _line({**envelope, "data": {**data, name: {what: what}}}), plain)
    yield "an unknown field", (None, _line({**envelope, "data": {**data, what: what}}), plain)
    yield "an unknown attribute", (None, _line({**envelope, what: what}), plain)
    yield "an operator's name", (None, _line({**envelope, "data": {**data, f"${what}": 1}}), plain)
    yield "a key that stands twice", (None, _line(envelope)[:-1] + f', "{what}": 1, "{what}": 2}}'.encode(), plain)
    yield "no JSON", (None, what.encode(), plain)
    yield "escaped, and no event", (None, json.dumps({"x": what}).replace("0", "\\u0030").encode(), plain)
    yield "key", (what.encode(), _line(envelope), plain)
    yield "key of what is no event", (what.encode(), b"{", plain)
    yield "header", (None, _line(envelope), (("x-reporter", what.encode()),))
    yield "header of what is no event", (None, b"{", (("x-reporter", what.encode()),))
    yield "name of a header", (None, b"{", ((what, b"1"),))


def found_in(records: Iterable[Record]) -> set[str]:
    """Return topic and sign for each planted identity that a record holds."""
    return {
        f"{record.topic}: {sign}"
        for record in records
        for sign in SIGNS
        if sign.encode() in b" ".join([record.key or b"", record.value or b"", str(record.headers).encode()])
    }


def _line(whole: Mapping[str, Any]) -> bytes:
    return json.dumps(whole).encode()
