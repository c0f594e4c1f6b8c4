"""What a rule returns: the next state and the facts that follow; never carries them out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from shared.events.base import EventData

S = TypeVar("S", covariant=True)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that has happened, and the topic and key under which it is told.

    Args:
        data: What happened.
        topic: Where it is told.
        key: Kafka key; the ticket id except on the two topics that channels read and write.
        at: When it happened, aware, UTC; None for the moment of deciding.
        occasion: For what time brings about at most once in a ticket's life: a name of the occasion, from which the
            event id follows. None: the id follows from the causing event.
    """

    data: EventData
    topic: str
    key: str
    at: datetime | None = None
    occasion: str | None = None


@dataclass(frozen=True, slots=True)
class Decision(Generic[S]):
    """What follows from one event, or from the passing of time.

    Args:
        state: The state from now on; None while there is none.
        facts: What is told, in order.
        ignored_because: Why nothing follows, for the log; None if something does.
        recorded: False if the answer follows from the record alone and leaves no trace in the document: nothing is
            saved, and the facts must come out the same if the record is handled again.
        repeats: Id of an already applied event whose stored answer is given again, byte for byte.
    """

    state: S | None
    facts: tuple[Fact, ...] = ()
    ignored_because: str | None = None
    recorded: bool = True
    repeats: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """What is said about a record that is no event.

    Args:
        facts: The answer to its sender, as far as it is known who that is.
        keep: Whether the record goes among the dead letters, too.
    """

    facts: tuple[Fact, ...] = ()
    keep: bool = True


@dataclass(frozen=True, slots=True)
class Arrival:
    """How an event came: what a rule may know beyond the event itself.

    Args:
        topic, partition, offset: Where the record lies.
        arrived_at: The record's timestamp: on topics that outsiders write, the broker's own clock.
        now: The moment of deciding.
        attempt: 0, or how often saving this document for the first time has failed because another held a unique
            value of it.
        sha256: Hash of the record's bytes, hexadecimal.
    """

    topic: str
    partition: int
    offset: int
    arrived_at: datetime
    now: datetime
    attempt: int = 0
    sha256: str = ""
