"""The event catalogue as AsyncAPI 3 and as a page for people, both made from the code; `make docs` writes them."""

import re
from pathlib import Path
from typing import Any

import yaml

from shared import topics
from shared.events.base import EventData
from shared.events.catalogue import AGENCY_TOPICS, CATALOGUE, Entry

AGENCY_TOPIC = topics.Topic(AGENCY_TOPICS, ("routing",), ("the agency",), 3, 90)
SCHEMAS = "#/components/schemas/{model}"
ASYNCAPI = "asyncapi.yaml"
PAGE = "event-catalogue.md"


def _every_topic() -> tuple[topics.Topic, ...]:
    own = tuple(topic for service in topics.SERVICES for topic in topics.of_service(service))
    return (*topics.COMMON, AGENCY_TOPIC, *own)


def _said_on(topic: topics.Topic) -> tuple[Entry, ...]:
    return tuple(entry for entry in CATALOGUE if topic.name in entry.topics)


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
    made: dict[str, Any] = {"address": topic.name.replace("<agency>", "{agency}")}
    if topic is AGENCY_TOPIC:
        made["parameters"] = {"agency": {"description": "A code of policy/agencies.yaml."}}
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
    envelope = {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "format": "uuid"},
            "source": {"type": "string"},
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
    return {"name": entry.data.TYPE, "summary": _one_line(entry.data), "payload": envelope}


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in CATALOGUE:
        schema = entry.data.model_json_schema(ref_template=SCHEMAS)
        found |= schema.pop("$defs", {})
        found[entry.data.__name__] = schema
    return dict(sorted(found.items()))


def page() -> str:
    """Return the whole catalogue as a Markdown page."""
    lines = [
        "# Event catalogue",
        "",
        "Made from the code by `make docs`; a test keeps it in step. The machine-readable form is `asyncapi.yaml`.",
        "",
        "Every value is a CloudEvents 1.0 envelope in structured mode; `?` marks what may be absent. What outsiders",
        "write (`complaints.submitted`, `tickets.updates`) is taken in binary mode too. Unknown fields are ignored.",
        "",
    ]
    for topic in _every_topic():
        kept = "compacted" if topic.retention_days is None else f"{topic.retention_days} days"
        lines += [
            f"## `{topic.name}`",
            "",
            f"Written by {', '.join(topic.written_by)} · read by {', '.join(topic.read_by)} · "
            f"{topic.partitions} partitions · {kept}",
            "",
        ]
        for entry in _said_on(topic):
            lines += [f"- **`{entry.data.TYPE}`** — {_one_line(entry.data)}  ", f"  {_fields(entry.data)}"]
        lines += [""] if _said_on(topic) else ["Original key, value and headers, with `dlq-*` headers beside them.", ""]
    return "\n".join(lines)


def _fields(data: type[EventData]) -> str:
    return " ".join(f"`{name}{'' if field.is_required() else '?'}`" for name, field in data.model_fields.items())


def _write(folder: Path) -> None:
    (folder / ASYNCAPI).write_text(asyncapi(), encoding="utf-8")
    (folder / PAGE).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    _write(Path("docs"))
