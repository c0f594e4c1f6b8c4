"""What a rule returns: the next state and the facts that follow."""

from collections.abc import Callable
from dataclasses import field
from datetime import datetime
from typing import ClassVar, Generic, TypeAlias, TypeVar

from shared.events.base import EventData
from shared.values import value

S = TypeVar("S", covariant=True)
Mask: TypeAlias = Callable[[str], str]


@value
class Fact:
    """Something that has happened, and the topic and key under which it is told.

    Args:
        data: What happened.
        topic: Where it is told.
        key: Kafka key; the ticket id except on the two topics that channels read and write.
        at: When it happened, aware, UTC; None for the moment of deciding.
        occasion: For what time brings about at most once in a ticket's life: a name of the occasion, from which the
            event id follows. None: the id follows from the causing event.
        also_on: Further topics on which the same event is told, under the same id and with the same bytes.
    """

    data: EventData
    topic: str
    key: str
    at: datetime | None = None
    occasion: str | None = None
    also_on: tuple[str, ...] = ()


@value
class Applied(Generic[S]):
    """The event changes the ticket.

    Args:
        state: The state from now on.
        facts: What is published, in order.
        erases: Whether what the document keeps of earlier answers must go, as soon as it is published.
    """

    state: S
    facts: tuple[Fact, ...] = ()
    erases: bool = False


@value
class Ignored(Generic[S]):
    """The event is late, a repeat, or none of this service's business: nothing is published.

    Args:
        because: Why, for the log.
        state: Given, it is saved, and the event counts as applied: when it is delivered again it is not decided again.
            None: the event leaves no trace.
    """

    facts: ClassVar[tuple[Fact, ...]] = ()
    because: str
    state: S | None = None


@value
class Untracked:
    """The event is answered and leaves no trace: the facts must come out the same if it is delivered again."""

    facts: tuple[Fact, ...]


@value
class Replayed:
    """The event repeats one that was applied before: the stored answer to that one is published again, byte for byte.

    Args:
        event_id: Of the event that was applied.
    """

    facts: ClassVar[tuple[Fact, ...]] = ()
    event_id: str


Decision: TypeAlias = Applied[S] | Ignored[S] | Untracked | Replayed
"""What follows from one event. Time alone can only apply or be ignored."""


def state_after(before: S | None, decision: Decision[S]) -> S | None:
    """Return the state once *decision* is carried out on *before*."""
    match decision:
        case Applied(state=state):
            return state
        case Ignored(state=state) if state is not None:
            return state
        case _:
            return before


@value
class Refused:
    """What is said about a record that is no event.

    Args:
        facts: The answer to its sender, as far as it is known who that is.
        keep: Whether the record goes among the dead letters, too.
        mask: Covers identities in what outsiders wrote; None for a record of ours, which holds none.
    """

    facts: tuple[Fact, ...] = ()
    keep: bool = True
    mask: Mask | None = field(default=None, compare=False)


@value
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
