"""Dead letters as people and scripts see them: what a service could not handle, and what became of it since."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.events.parsing import hints_in
from shared.topics import SERVICES, dead_letter_topic, is_replay, replay_topic
from tindak.client.records import header
from tindak.console import local

TOPICS = frozenset(map(dead_letter_topic, SERVICES))
REPLAYED_FROM = "replayed-from"
# On a record beside the dead letters that holds no value: why an operator wants the letter to be left alone.
DROPPED = "dlq-dropped"


class State(StrEnum):
    """What has become of a dead letter."""

    OPEN = "open"
    REPLAYED = "replayed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One failure of a service, its replay, or the note that it is dropped, as a record on one of its own topics."""

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
    def sender(self) -> str | None:
        """Who sent it, as far as the envelope still says so: ``/channels/web``."""
        return hints_in(self.record.value, dict(self.record.headers)).get("source")

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
        count = header(self.record, "dlq-attempts") or ""
        return int(count) if count.isascii() and count.isdigit() else 1

    @property
    def state(self) -> State:
        """What has become of the letter by this record."""
        if is_replay(self.record.topic):
            return State.REPLAYED
        return State.OPEN if self.dropped_because is None else State.DROPPED

    @property
    def dropped_because(self) -> str | None:
        """Why it is dropped, if this record is the note that says so."""
        return header(self.record, DROPPED)

    @property
    def at(self) -> datetime:
        """When it happened, aware: by the service's clock for a failure, by the broker's for anything else."""
        written = header(self.record, "dlq-at") if self.state is State.OPEN else None
        try:
            at = datetime.fromisoformat(written or "")
        except ValueError:
            return self.record.timestamp
        return at if at.tzinfo else self.record.timestamp

    @property
    def key(self) -> str | None:
        """The original key as text."""
        return None if self.record.key is None else self.record.key.decode(errors="replace")

    @property
    def what(self) -> str:
        """What happened, in words."""
        match self.state:
            case State.REPLAYED:
                return "replayed"
            case State.DROPPED:
                return f"dropped: {self.dropped_because}"
        again = f" (attempt {self.attempts})" if self.attempts > 1 else ""
        return f"{self.reason}{again}: {' '.join((header(self.record, 'dlq-error') or '').split())}"

    def summary(self) -> dict[str, Any]:
        """Return everything but the value, for scripts."""
        about = {name[4:]: content.decode(errors="replace") for name, content in self.record.headers if _is_dlq(name)}
        size = None if self.record.value is None else len(self.record.value)
        return {"id": self.id, **about, "sender": self.sender, "key": self.key, "value_bytes": size}

    def line(self) -> str:
        """Return it on one line: when, where, from whom, why."""
        sender = f"from {self.sender}" if self.sender else "sender unknown"
        return f"{local(self.at)}  {self.service}  {self.id}  {sender}  {self.what}"

    def replay(self) -> Outgoing:
        """Return it for the service that could not handle it: key, value and headers as they are."""
        headers = tuple(header for header in self.record.headers if header[0] != REPLAYED_FROM)
        topic = replay_topic(self.service)
        return Outgoing(self.id, topic, self._key, self.record.value, (*headers, (REPLAYED_FROM, self.id.encode())))

    def drop(self, because: str) -> Outgoing:
        """Return the note that it is left alone: its ``dlq-*`` headers and why, without what it holds."""
        about = tuple(header for header in self.record.headers if _is_dlq(header[0]))
        note = (*about, (DROPPED, because.encode()))
        return Outgoing(self.id, dead_letter_topic(self.service), self._key or "", None, note)

    @property
    def _key(self) -> str | None:
        return None if self.record.key is None else self.record.key.decode(errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter with its history.

    Args:
        last: Its last failure.
        history: Failures, replays and notes, in the order in which they followed from each other.
    """

    last: DeadLetter
    history: Sequence[DeadLetter]

    @property
    def state(self) -> State:
        """What has become of it."""
        return self.history[-1].state

    def summary(self) -> dict[str, Any]:
        """Return everything but the value, for scripts."""
        history = [{"at": each.at.isoformat(), "what": each.what} for each in self.history]
        return self.last.summary() | {"state": self.state, "history": history}

    def line(self) -> str:
        """Return it on one line: state, when it failed last, where, from whom, why; and why it was dropped."""
        dropped = f"; {self.history[-1].what}" if self.state is State.DROPPED else ""
        return f"{self.state:<8}  {self.last.line()}{dropped}"


def letters_in(records: Iterable[Record]) -> list[Letter]:
    """Return each dead letter once, in the order in which they first came.

    A replay or a note says how often the letter had failed before, and a letter that comes back has failed once more:
    that puts them in order without comparing clocks.

    Args:
        records: The dead letters and replays of any services, in the order of their times.
    """
    found: dict[tuple[str, str], dict[tuple[int, bool, State], DeadLetter]] = defaultdict(dict)
    for each in map(DeadLetter, records):
        acted = each.state is not State.OPEN
        steps = found[each.service, each.id]
        steps.pop(place := (each.attempts, acted, each.state), None)  # a repeat counts where it is last
        steps[place] = each
    return [letter for steps in found.values() if (letter := _letter(steps)) is not None]


def _letter(steps: Mapping[tuple[int, bool, State], DeadLetter]) -> Letter | None:
    """Return the letter of these steps; None if the broker holds no failure of it any more."""
    history = [steps[place] for place in sorted(steps, key=lambda place: place[:2])]
    failures = [each for each in history if each.state is State.OPEN]
    return Letter(failures[-1], history) if failures else None


def by_document(letters: Iterable[Letter]) -> Mapping[str, list[DeadLetter]]:
    """Return the open letters that wait for a document that is set aside, by document, in their order."""
    waiting: dict[str, list[DeadLetter]] = defaultdict(list)
    for letter in letters:
        if letter.last.document is not None and letter.state is State.OPEN:
            waiting[letter.last.document].append(letter.last)
    return waiting


def _is_dlq(name: str) -> bool:
    return name.startswith("dlq-")
