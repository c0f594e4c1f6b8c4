"""Every place of ours where an identity could come to lie, and what is found there."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared import topics
from shared.delivery.ports import Record
from tests.component.city import City
from tests.journey.people import Search

PRIVATE = frozenset({"intake", "notify"})
"""Whose collections hold identities: what a channel handed over, and the sealed contact."""


def leaks(city: City, logged: Iterable[Mapping[str, Any]], search: Search) -> dict[str, set[str]]:
    """Return what is found of those who are searched for, by place; the topics that outsiders write are not ours."""
    found = {name: search.traces(content) for name, content in places(city, logged)}
    return {name: traces for name, traces in found.items() if traces}


def places(city: City, logged: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every place."""
    for (topic, partition), log in city.broker.logs.items():
        if not topics.is_from_outside(topic):
            yield f"{topic} {partition}", b"\n".join(part for record in log for part in _parts(record))
    for harness in city.harnesses:
        if harness.handler.service not in PRIVATE:
            yield f"collection of {harness.handler.service}", repr(harness.store.documents).encode()
    yield "log", "\n".join(json.dumps(line, default=str, ensure_ascii=False) for line in logged).encode()
    mails = [message for message in city.notify.email.given if message.role != "reporter"]
    yield "mail to others than the reporter", repr(mails).encode()


def _parts(record: Record) -> Iterator[bytes]:
    yield from (part for part in (record.key, record.value) if part is not None)
    for name, value in record.headers:
        yield from (name.encode(), value)
