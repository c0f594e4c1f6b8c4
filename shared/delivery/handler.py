"""What a service gives the runner: which document, which rule; never delivery itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from shared.delivery.ports import Record
from shared.events.decision import Arrival, Decision, Fact
from shared.events.envelope import Event, UnreadableEvent

S = TypeVar("S")


class Handler(Protocol[S]):
    """One service's rules, as the runner calls them. All methods are pure."""

    @property
    def service(self) -> str:
        """Return the service's name."""
        ...

    @property
    def topics(self) -> tuple[str, ...]:
        """Return the topics that it hears."""
        ...

    @property
    def keeps_answers(self) -> bool:
        """Return whether answers stay in the document, because they are given again on request."""
        ...

    def key_of(self, event: Event) -> str:
        """Return the id of the document that *event* concerns."""
        ...

    def decide(self, state: S | None, event: Event, arrival: Arrival) -> Decision[S]:
        """Return what follows from *event*."""
        ...

    def refuse(self, record: Record, arrival: Arrival, fault: UnreadableEvent) -> Sequence[Fact] | None:
        """Return the answer to a record that is no event; None to put it among the dead letters."""
        ...

    def due_at(self, state: S) -> datetime | None:
        """Return when time must look at *state* again; None if never."""
        ...


class TimedHandler(Handler[S], Protocol[S]):
    """Rules that also move with time."""

    def tick(self, state: S, now: datetime) -> Decision[S]:
        """Return what has followed from the passing of time up to *now*."""
        ...
