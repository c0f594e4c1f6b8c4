"""A dead letter as people and scripts see it, and how it goes back; never shows a value by itself."""

from dataclasses import dataclass
from typing import Any

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.topics import SERVICES, dead_letter_topic, replay_topic
from tindak.records import header

TOPICS = frozenset(map(dead_letter_topic, SERVICES))
REPLAYED_FROM = "replayed-from"
VALUES_HIDDEN = "intake"  # what it could not handle may hold a name, an address or an identity number


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What a service could not handle, as its dead-letter topic holds it."""

    record: Record

    @staticmethod
    def is_one(record: Record) -> bool:
        """Return whether *record* lies on a dead-letter topic."""
        return record.topic in TOPICS

    @property
    def service(self) -> str:
        """Who could not handle it."""
        return self.record.topic.rpartition(".")[0]

    @property
    def id(self) -> str:
        """Where it lay when it could not be handled, ``topic/partition/offset``; the same for every copy of it."""
        return "/".join(header(self.record, f"dlq-{part}") or "?" for part in ("topic", "partition", "offset"))

    @property
    def reason(self) -> str:
        """Machine code."""
        return header(self.record, "dlq-reason") or "unknown"

    def summary(self) -> dict[str, Any]:
        """Return everything but the value, for scripts."""
        about = {name[4:]: content.decode(errors="replace") for name, content in self.record.headers if is_dlq(name)}
        size = None if self.record.value is None else len(self.record.value)
        return {"id": self.id, **about, "key": self.key, "value_bytes": size, REPLAYED_FROM: self.replayed_from}

    @property
    def key(self) -> str | None:
        """The original key as text."""
        return None if self.record.key is None else self.record.key.decode(errors="replace")

    @property
    def replayed_from(self) -> str | None:
        """Where it lay at first, if it is the remainder of a replay that failed again."""
        return header(self.record, REPLAYED_FROM)

    def line(self) -> str:
        """Return it on one line: where, when, why."""
        error = " ".join((header(self.record, "dlq-error") or "").split())
        again = f" (replayed from {self.replayed_from})" if self.replayed_from else ""
        return f"{header(self.record, 'dlq-at') or '?'}  {self.service}  {self.id}{again}  {self.reason}: {error}"

    def replay(self) -> Outgoing:
        """Return it for the service that could not handle it: key, value and headers as they are.

        What has been replayed before is read as on the topic where it lay at first, which the service's own headers
        no longer name.
        """
        headers = [(name, content) for name, content in self.record.headers if name != REPLAYED_FROM]
        first = self.replayed_from or self.id
        origin = first.rsplit("/", 2)[0].encode()
        headers = [(name, origin if name == "dlq-topic" else content) for name, content in headers]
        return Outgoing(
            id=self.id,
            topic=replay_topic(self.service),
            key=None if self.record.key is None else self.record.key.decode(errors="surrogateescape"),
            value=self.record.value,
            headers=(*headers, (REPLAYED_FROM, first.encode())),
        )


def is_dlq(name: str) -> bool:
    """Return whether a header tells about the dead letter rather than being the writer's."""
    return name.startswith("dlq-")
