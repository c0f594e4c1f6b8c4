"""The event catalogue as AsyncAPI 3 and as a page for people, both made from the code; `make docs` writes them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from shared import topics
from shared.events.base import EventData, Model
from shared.events.catalogue import CATALOGUE, Entry
from tindak.catalogue_access import principals
from tindak.catalogue_codes import TABLES
from tindak.catalogue_examples import example, kinds_of, meaning
from tindak.catalogue_fields import FILED, OTHER_TICKET, UPDATE

PARAMETERS = {
    "channel": "A code of policy/channels.yaml.",
    "agency": "A code of policy/agencies.yaml.",
}
SCHEMAS = "#/components/schemas/{model}"
ASYNCAPI = "asyncapi.yaml"
PAGE = "event-catalogue.md"
SOURCES = {"channels": "/channels/<channel>", "agencies": "/agencies/<agency>", "officers": "/officers/<id>"}
ENVELOPE = {
    "specversion": "Version of CloudEvents.",
    "id": "Id of the event (UUID); whoever has seen it has seen the event.",
    "source": "Who says it.",
    "type": "Type of the event.",
    "time": "When it happened; for what outsiders write, when they wrote it.",
    "subject": "Id of the ticket, if the event concerns one.",
    "datacontenttype": "Always JSON.",
    "partitionkey": "The Kafka key.",
    "causationid": "Id of the event that led to this one.",
    "traceparent": "Trace context of W3C, if the sender gave one.",
}


def _every_topic() -> tuple[topics.Topic, ...]:
    own = tuple(topic for service in topics.SERVICES for topic in topics.of_service(service))
    return (*topics.of_channel("<channel>"), *topics.of_agency("<agency>"), *topics.COMMON, *own)


def _said_on(topic: topics.Topic) -> tuple[Entry, ...]:
    return tuple(entry for entry in CATALOGUE if topic.name in entry.topics)


def key_of(data: type[EventData]) -> str:
    """Return what the Kafka key of such an event is."""
    return "ticket_id" if "ticket_id" in data.model_fields else "source_id"


def key_on(topic: topics.Topic, data: type[EventData]) -> str:
    """Return what the Kafka key of such an event is on a topic; answers bear the key that the channel gave."""
    return "source_id" if topics.family_of(topic.name) == topics.ANSWERS else key_of(data)


def source_of(entry: Entry) -> str:
    """Return the CloudEvents source of such an event."""
    return SOURCES.get(entry.published_by, f"/tindak/{entry.published_by}")


def event_of(entry: Entry) -> dict[str, Any]:
    """Return an example of such an event as it travels."""
    data = example(entry.data)
    key = data[key_of(entry.data)]
    source = source_of(entry).replace("<channel>", "web").replace("<agency>", "dishub").replace("<id>", "triage")
    envelope = {
        "specversion": "1.0", "id": UPDATE, "source": source, "type": entry.data.TYPE, "time": FILED,
        "subject": data.get("ticket_id"), "datacontenttype": "application/json", "partitionkey": key,
        "causationid": OTHER_TICKET if source.startswith("/tindak/") else None, "data": data,
    }  # fmt: skip
    return {name: value for name, value in envelope.items() if value is not None}


def _one_line(data: type[EventData]) -> str:
    return (data.__doc__ or "").strip().splitlines()[0]


def _channel_name(topic: topics.Topic) -> str:
    """Return a topic's name as AsyncAPI takes it for a key."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", topic.name).strip("_")


def asyncapi() -> str:
    """Return the whole catalogue as an AsyncAPI 3 document."""
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tindak",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 on Kafka in structured mode; see event-catalogue.md for people.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {_channel_name(topic): channel(topic) for topic in _every_topic()},
        "operations": dict(_operation(service, topic) for service, topic in _operations()),
        "components": {
            "schemas": _schemas(),
            "messages": {entry.data.__name__: _message(entry) for entry in CATALOGUE},
        },
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def channel(topic: topics.Topic) -> dict[str, Any]:
    """Return a topic as an AsyncAPI channel."""
    said = {entry.data.__name__: {"$ref": f"#/components/messages/{entry.data.__name__}"} for entry in _said_on(topic)}
    kept = "compacted" if topic.retention_days is None else f"kept {topic.retention_days} days"
    made: dict[str, Any] = {"address": topic.name.replace("<", "{").replace(">", "}")}
    named = {name: said for name, said in PARAMETERS.items() if f"<{name}>" in topic.name}
    if named:
        made["parameters"] = {name: {"description": said} for name, said in named.items()}
    return made | {
        "description": f"Written by {', '.join(topic.written_by)}; read by {', '.join(topic.read_by)}; {kept}.",
        "messages": said,
        "bindings": {"kafka": {"partitions": topic.partitions}},
    }


def _operations() -> list[tuple[str, topics.Topic]]:
    return [(service, topic) for topic in _every_topic() for service in topic.written_by if service in topics.SERVICES]


def _operation(service: str, topic: topics.Topic) -> tuple[str, dict[str, Any]]:
    name = _channel_name(topic)
    return f"{service}_says_{name}", {"action": "send", "channel": {"$ref": f"#/channels/{name}"}}


def _message(entry: Entry) -> dict[str, Any]:
    envelope: dict[str, Any] = {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "format": "uuid"},
            "source": {"type": "string", "examples": [source_of(entry)]},
            "type": {"const": entry.data.TYPE},
            "time": {"type": "string", "format": "date-time"},
            "subject": {"type": "string"},
            "datacontenttype": {"const": "application/json"},
            "partitionkey": {"type": "string"},
            "causationid": {"type": "string", "format": "uuid"},
            "traceparent": {"type": "string"},
            "data": {"$ref": SCHEMAS.format(model=entry.data.__name__)},
        },
    }
    for name, said in ENVELOPE.items():
        envelope["properties"][name]["description"] = said
    key = {"type": "string", "description": f"`{key_of(entry.data)}` of the data."}
    return {
        "name": entry.data.TYPE,
        "summary": _one_line(entry.data),
        "payload": envelope,
        "bindings": {"kafka": {"key": key}},
        "examples": [{"name": entry.data.__name__, "payload": event_of(entry)}],
    }


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in CATALOGUE:
        schema = entry.data.model_json_schema(ref_template=SCHEMAS)
        found |= schema.pop("$defs", {})
        found[entry.data.__name__] = schema
    for model in models():
        for name, field in found[model.__name__]["properties"].items():
            found[model.__name__]["properties"][name] = _described(field, meaning(model, name))
    return dict(sorted(found.items()))


def models() -> list[type[Model]]:
    """Return the data of every type of event and every object within, by name."""
    found = {model for entry in CATALOGUE for model in _within(entry.data)}
    return sorted(found, key=lambda model: model.__name__)


def _within(model: type[Model]) -> Iterator[type[Model]]:
    yield model
    for field in model.model_fields.values():
        for kind in kinds_of(field.annotation):
            if isinstance(kind, type) and issubclass(kind, Model):
                yield from _within(kind)


def _described(field: dict[str, Any], said: str) -> dict[str, Any]:
    # Beside a reference nothing else is read.
    field = {"allOf": [field]} if "$ref" in field else field
    return {**field, "description": said}


def page() -> str:
    """Return the whole catalogue as a Markdown page."""
    lines = [
        "# Event catalogue",
        "",
        "Made from the code by `make docs`; a test keeps it in step. The machine-readable form is `asyncapi.yaml`.",
        "",
        "Every value is a CloudEvents 1.0 envelope in structured mode; `?` marks what may be absent. What outsiders",
        "write (`complaints.submitted.<channel>`, `tickets.updates.<sender>`) is taken in binary mode too; its source",
        "must be that of the one who owns the topic, or it is refused as `forged_source`. Unknown fields are ignored.",
        "",
    ]
    for topic in _every_topic():
        kept = "compacted" if topic.retention_days is None else f"{topic.retention_days} days"
        lines += [
            f"## `{topic.name}`",
            "",
            f"Written by {', '.join(topic.written_by)} · read by {', '.join(topic.read_by)} · "
            f"{_partitions(topic)} · {kept}",
            "",
        ]
        for entry in _said_on(topic):
            lines += [f"- **`{entry.data.TYPE}`** — {_one_line(entry.data)}  ", f"  {_fields(entry.data)}  "]
            lines += [f"  source `{source_of(entry)}` · key `{key_on(topic, entry.data)}`"]
        lines += [""] if _said_on(topic) else ["Original key, value and headers, with `dlq-*` headers beside them.", ""]
    return "\n".join([*lines, *principals(_every_topic()), *_codes(), *_meanings(), *_examples()])


def _partitions(topic: topics.Topic) -> str:
    said = f"{topic.partitions} partition{'s' if topic.partitions > 1 else ''}"
    is_theirs = "<" in topic.name and topics.family_of(topic.name) != topics.ROUTED
    return f"{said}, more where its registry says so" if is_theirs else said


def _codes() -> Iterator[str]:
    yield from ("## Codes", "")
    for title, codes in TABLES:
        yield from (f"### {title}", "", *(f"- `{code}`: {said}" for code, said in sorted(codes.items())), "")


def _meanings() -> Iterator[str]:
    """Yield what the fields mean: each once, and again where it means something else."""
    yield from ("## Fields", "", "Named with its object where it means something else there, or stands there only.", "")
    said: dict[str, dict[str, list[str]]] = {}
    for model in models():
        for name in model.model_fields:
            said.setdefault(name, {}).setdefault(meaning(model, name), []).append(model.__name__)
    for name, meanings in sorted(said.items()):
        usual = max(meanings, key=lambda text: len(meanings[text]))
        yield f"- `{name}`: {usual}"
        others = {text: owners for text, owners in meanings.items() if text != usual}
        yield from (f"  - in {', '.join(f'`{owner}`' for owner in owners)}: {text}" for text, owners in others.items())
    yield ""


def _examples() -> Iterator[str]:
    yield from ("## Examples", "", "The `data` of one event of each type; whole events stand in `asyncapi.yaml`.", "")
    for entry in CATALOGUE:
        data = json.dumps(example(entry.data), ensure_ascii=False)
        yield from (f"`{entry.data.TYPE}`", "", "```json", data, "```", "")


def _fields(data: type[EventData]) -> str:
    return " ".join(f"`{name}{'' if field.is_required() else '?'}`" for name, field in data.model_fields.items())


def _write(folder: Path) -> None:
    (folder / ASYNCAPI).write_text(asyncapi(), encoding="utf-8")
    (folder / PAGE).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    _write(Path("docs"))
