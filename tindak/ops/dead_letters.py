"""A dead letter as people and scripts see it, and how it goes back; never shows a value by itself."""

from dataclasses import dataclass
from typing import Any

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.topics import SERVICES, dead_letter_topic, replay_topic
from tindak.client.records import header

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
        """Where it first lay, ``topic/partition/offset``; the same for every copy of it, a failed replay included."""
        return "/".join(header(self.record, f"dlq-{part}") or "?" for part in ("topic", "partition", "offset"))

    @property
    def reason(self) -> str:
        """Machine code."""
        return header(self.record, "dlq-reason") or "unknown"

    @property
    def is_whole(self) -> bool:
        """Whether it holds all that was sent, as one record; otherwise giving it back cannot help."""
        parts = ("dlq-value-bytes", "dlq-key-bytes", "dlq-headers-bytes", "dlq-last-offset")
        return self.reason != "unreadable_batch" and not any(header(self.record, part) for part in parts)

    @property
    def document(self) -> str | None:
        """Id of the document that is quarantined and for which it waits; None if it waits for none."""
        return header(self.record, "dlq-document")

    @property
    def attempts(self) -> int:
        """How often handling it has failed."""
        said = header(self.record, "dlq-attempts") or ""
        return int(said) if said.isascii() and said.isdigit() else 1

    def summary(self) -> dict[str, Any]:
        """Return everything but the value, for scripts."""
        about = {name[4:]: content.decode(errors="replace") for name, content in self.record.headers if _is_dlq(name)}
        size = None if self.record.value is None else len(self.record.value)
        return {"id": self.id, **about, "key": self.key, "value_bytes": size}

    @property
    def key(self) -> str | None:
        """The original key as text."""
        return None if self.record.key is None else self.record.key.decode(errors="replace")

    def line(self) -> str:
        """Return it on one line: where, when, why."""
        error = " ".join((header(self.record, "dlq-error") or "").split())
        attempts = header(self.record, "dlq-attempts") or "1"
        again = f" (attempt {attempts})" if attempts != "1" else ""
        return f"{header(self.record, 'dlq-at') or '?'}  {self.service}  {self.id}  {self.reason}{again}: {error}"

    def replay(self) -> Outgoing:
        """Return it for the service that could not handle it: key, value and headers as they are."""
        headers = tuple(header for header in self.record.headers if header[0] != REPLAYED_FROM)
        return Outgoing(
            id=self.id,
            topic=replay_topic(self.service),
            key=None if self.record.key is None else self.record.key.decode(errors="surrogateescape"),
            value=self.record.value,
            headers=(*headers, (REPLAYED_FROM, self.id.encode())),
        )


def _is_dlq(name: str) -> bool:
    return name.startswith("dlq-")
