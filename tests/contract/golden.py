"""The event catalogue as it was promised: one file per type with every field's kind and an example.

``python -m tests.contract.golden`` writes the files anew, and refuses to write one that breaks a promise.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.events import Event
from shared.events.catalogue import CATALOGUE, Entry
from shared.events.envelope import encode
from tests.fakes.handler_harness import NOON
from tindak.catalogue_fields import TICKET, TRACKING

FOLDER = Path(__file__).parent / "golden"
FROM_OUTSIDE = frozenset({"channels", "agencies", "officers"})
EXAMPLES: dict[str, Any] = {
    "ticket_id": TICKET, "into": TICKET, "tracking_id": TRACKING, "sha256": "ab" * 32, "rating": 5, "version": 1,
    "agency": "dishub", "suggested_agency": "dlh", "latitude": -6.3, "longitude": 106.7,
    "sealed": "gAAAAAB" * 10, "delivery_id": TICKET,
    "public_key": "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
}  # fmt: skip
BY_FORMAT = {"date-time": "2026-03-02T05:00:00Z", "date": "2026-03-02"}
BY_TYPE = {"string": "text", "integer": 1, "number": 0.5, "boolean": True}


@dataclass(frozen=True)
class Field:
    """What is promised about a field; written as ``string``, ``integer?`` if it may be absent, ``string of a|b``."""

    kind: str
    required: bool
    values: frozenset[str] = frozenset()

    def __str__(self) -> str:
        values = f" of {'|'.join(sorted(self.values))}" if self.values else ""
        return f"{self.kind}{'' if self.required else '?'}{values}"


def parse(text: str) -> Field:
    """Return the field that was written as *text*."""
    plain, _, values = text.partition(" of ")
    return Field(plain.removesuffix("?"), not plain.endswith("?"), frozenset(values.split("|") if values else ()))


def golden(entry: Entry) -> dict[str, Any]:
    """Return what is promised about one type of event."""
    schema = entry.data.model_json_schema(mode="validation")
    data = entry.data.model_validate(example("", schema, schema.get("$defs", {})))
    subject = getattr(data, "ticket_id", None)
    event = Event(
        id="0b1a5d0e-0f43-5f2b-8d0c-000000000001", source="/tindak/example", time=NOON, data=data, subject=subject,
        key=subject, cause_id="0b1a5d0e-0f43-5f2b-8d0c-000000000002",
    )  # fmt: skip
    return {
        "type": entry.data.TYPE,
        "said_by": entry.published_by,
        "topics": list(entry.topics),
        "fields": {path: str(field) for path, field in fields("", schema, schema.get("$defs", {}))},
        "example": json.loads(encode(event)),
    }


def fields(path: str, schema: dict[str, Any], defs: dict[str, Any]) -> Iterator[tuple[str, Field]]:
    """Yield each field by its path."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        plain, suffix = unwrapped(field, defs)
        yield here, Field(kind(plain) + suffix, name in required, frozenset(plain.get("enum", ())))
        yield from fields(here + suffix, plain, defs)


def unwrapped(field: dict[str, Any], defs: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return a field's own schema without null, references and arrays, and ``[]`` for each array around it."""
    if "$ref" in field:
        return unwrapped(defs[field["$ref"].removeprefix("#/$defs/")], defs)
    if "anyOf" in field:
        return unwrapped(next(option for option in field["anyOf"] if option.get("type") != "null"), defs)
    if field.get("type") == "array":
        plain, suffix = unwrapped(field["items"], defs)
        return plain, "[]" + suffix
    return field, ""


def kind(plain: dict[str, Any]) -> str:
    return str(plain.get("format") or plain["type"])


def example(name: str, field: dict[str, Any], defs: dict[str, Any]) -> Any:
    """Return a value that such a field may have."""
    plain, suffix = unwrapped(field, defs)
    if suffix:
        return [example(name, plain, defs)]
    if "properties" in plain:
        return {inner: example(inner, schema, defs) for inner, schema in plain["properties"].items()}
    return (
        EXAMPLES.get(name)
        or next(iter(plain.get("enum", ())), None)
        or BY_FORMAT.get(kind(plain), BY_TYPE.get(kind(plain)))
    )


def broken_promises(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what those who read (or, for what outsiders say, write) such events could no longer rely on."""
    from_outside = old["said_by"] in FROM_OUTSIDE
    before = {path: parse(text) for path, text in old["fields"].items()}
    after = {path: parse(text) for path, text in new["fields"].items()}
    faults = [f"{topic} no longer holds it" for topic in old["topics"] if topic not in new["topics"]]
    for path, was in before.items():
        now = after.get(path)
        if now is None:
            faults.append(f"{path} was removed or renamed")
        elif now.kind != was.kind:
            faults.append(f"{path} was {was.kind} and is {now.kind}")
        elif now.values and not was.values <= now.values:
            faults.append(f"{path} can no longer be {', '.join(sorted(was.values - now.values))}")
        elif now.values and not was.values and from_outside:
            faults.append(f"{path} may now only be {', '.join(sorted(now.values))}")
        elif was.required != now.required and now.required == from_outside:
            faults.append(f"{path} {'must now be given' if from_outside else 'may now be absent'}")
    # Inside a new object a required field asks nothing of those who do not know the object.
    parents = {parent(path) for path in before}
    asked = [path for path in after.keys() - before.keys() if after[path].required and parent(path) in parents]
    return faults + [f"{path} is new and must be given" for path in sorted(asked) if from_outside]


def parent(path: str) -> str:
    return path.rpartition(".")[0]


def read(type_: str) -> dict[str, Any] | None:
    """Return what was promised about a type, or None if nothing was."""
    path = FOLDER / f"{type_}.json"
    return json.loads(path.read_text()) if path.exists() else None


def write() -> list[str]:
    """Write the file of every type whose promise holds; return what would be broken."""
    faults = []
    for entry in CATALOGUE:
        new = golden(entry)
        broken = broken_promises(read(entry.data.TYPE) or new, new)
        faults += [f"{entry.data.TYPE}: {fault}" for fault in broken]
        if not broken:
            (FOLDER / f"{entry.data.TYPE}.json").write_text(json.dumps(new, indent=2, ensure_ascii=False) + "\n")
    return faults


if __name__ == "__main__":
    sys.exit("\n".join(write()) or None)
