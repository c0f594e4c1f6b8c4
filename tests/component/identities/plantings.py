"""A person in every place where somebody outside can write something: fields, attributes, names, headers, keys."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.events.catalogue import Entry
from shared.events.envelope import STRUCTURED
from tests.contract.golden import example, unwrapped
from tests.journey.people import PEOPLE, Search

PERSON = PEOPLE[0]
ACCOUNT = "8730612245"
SEARCH = Search([PERSON])
SEARCH.clear.add(ACCOUNT)

SENTENCE = (
    f"Nama saya {PERSON.name}, NIK {PERSON.national_id}, telepon {PERSON.phone}, "
    f"email {PERSON.email}, rekening BCA {ACCOUNT}."
)
ALONE = (
    f"Nama saya {PERSON.name}", PERSON.national_id, PERSON.niks[1], PERSON.phone, f"62{PERSON.number}", PERSON.email,
    f"rek. BCA {ACCOUNT}",
)  # fmt: skip
WITHOUT_WORDS = (PERSON.national_id, f"62{PERSON.number}", PERSON.email)
ATTRIBUTES = (
    "id", "source", "specversion", "type", "time", "subject", "datacontenttype", "partitionkey", "causationid",
    "traceparent", "dataschema", "anextension",
)  # fmt: skip
STRUCTURED_MODE = {"content-type": STRUCTURED.encode()}


@dataclass(frozen=True)
class Planting:
    """A record of an outsider in which the person stands in one place.

    Attributes:
        where: In what place, and what stands there.
        field: Name of the field of the data in which the sentence stands; None for any other place and text.
    """

    where: str
    value: bytes
    key: str | None = None
    headers: Mapping[str, bytes] = field(default_factory=lambda: STRUCTURED_MODE)
    field: str | None = None


def plantings(entry: Entry, given: Mapping[str, Any], envelope: Mapping[str, Any]) -> Iterator[Planting]:
    """Yield a record for each place in an event of that type; *given* are data, *envelope* are its attributes."""
    data = {**smallest(entry), **given}
    yield from _in_fields(entry, data, envelope)
    yield from _in_attributes(data, envelope)
    for text in (SENTENCE, *WITHOUT_WORDS):
        yield from _around_the_data(data, envelope, text)


def smallest(entry: Entry) -> dict[str, Any]:
    """Return the data of a type as small as it may be."""
    schema = entry.data.model_json_schema(mode="validation")
    defs = schema.get("$defs", {})
    return {name: example(name, schema["properties"][name], defs) for name in schema.get("required", ())}


def _in_fields(entry: Entry, data: dict[str, Any], envelope: Mapping[str, Any]) -> Iterator[Planting]:
    schema = entry.data.model_json_schema(mode="validation")
    for path in _texts_of(schema, schema.get("$defs", {})):
        name = ".".join(map(str, path))
        for text in (SENTENCE, *ALONE):
            value = _line(_with_text(data, path, text, schema), envelope)
            yield Planting(f"{name}: {text}", value, field=name if text is SENTENCE else None)


def _texts_of(schema: Mapping[str, Any], defs: Mapping[str, Any], *above: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of each text in data of a type; the items of an array stand under 0."""
    for name, plain in schema.get("properties", {}).items():
        inner, suffix = unwrapped(plain, dict(defs))
        here = (*above, name, *((0,) if suffix else ()))
        if "properties" in inner:
            yield from _texts_of(inner, defs, *here)
        elif inner.get("type") == "string":
            yield here


def _with_text(data: dict[str, Any], path: tuple[str | int, ...], text: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return *data* with *text* at *path*; what has to stand around it is made."""
    first, defs, whole = str(path[0]), schema.get("$defs", {}), copy.deepcopy(data)
    if len(path) == 1:
        return whole | {first: text}
    at = whole[first] = whole.get(first) or example(first, schema["properties"][first], defs)
    for name in path[1:-1]:
        at = at[name]
    at[path[-1]] = text
    return whole


def _in_attributes(data: dict[str, Any], envelope: Mapping[str, Any]) -> Iterator[Planting]:
    for number, attribute in enumerate(ATTRIBUTES):
        for text in (SENTENCE, WITHOUT_WORDS[number % len(WITHOUT_WORDS)]):
            changed = {**envelope, attribute: text}
            yield Planting(f"attribute {attribute}: {text}", _line(data, changed))
            yield Planting(f"ce_{attribute}: {text}", json.dumps(data).encode(), headers=_binary(changed))


def _around_the_data(data: dict[str, Any], envelope: Mapping[str, Any], text: str) -> Iterator[Planting]:
    plain, twice = _line(data, envelope), json.dumps(text)
    yield Planting(f"unknown field: {text}", _line({**data, "unknown": text}, envelope))
    yield Planting(f"name of a field: {text}", _line({**data, text: 1}, envelope))
    yield Planting(f"forbidden name: {text}", _line({**data, f"${text}": 1}, envelope))
    yield Planting(f"name twice: {text}", plain.replace(b"{", f"{{{twice}: 1, {twice}: 2, ".encode(), 1))
    yield Planting(f"no object: {text}", json.dumps([text]).encode())
    yield Planting(f"no JSON: {text}", text.encode())
    yield Planting(f"key: {text}", plain, key=text)
    yield Planting(f"header: {text}", plain, headers=STRUCTURED_MODE | {"who": text.encode()})
    yield Planting(f"name of a header: {text}", plain, headers=STRUCTURED_MODE | {text.lower(): b"1"})
    yield Planting(f"content type: {text}", plain, headers={"content-type": text.encode()})


def _line(data: Mapping[str, Any], envelope: Mapping[str, Any]) -> bytes:
    return json.dumps({**envelope, "data": data}).encode()


def _binary(attributes: Mapping[str, Any]) -> dict[str, bytes]:
    return {f"ce_{name}": str(value).encode() for name, value in attributes.items()}
