"""The handler interface: what a service tells the runner about its topics, documents and rules."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from shared.delivery.ports import Record
from shared.events.decision import Applied, Arrival, Decision, Ignored, Refused
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
        """Return the topics that it reads."""
        ...

    @property
    def keeps_answers(self) -> bool:
        """Return whether answers stay in the document, because they are given again on request."""
        ...

    @property
    def repeats_within(self) -> timedelta | None:
        """Return after which time no event is repeated that was applied; None if never."""
        ...

    def hears(self, kind: str) -> bool:
        """Return whether an event of that type may be of any consequence; any other is passed over without a trace."""
        ...

    def key_of(self, event: Event) -> str:
        """Return the id of the document that *event* concerns."""
        ...

    def decide(self, state: S | None, event: Event, arrival: Arrival) -> Decision[S]:
        """Return what follows from *event*."""
        ...

    def refuse(self, record: Record, arrival: Arrival, fault: UnreadableEvent) -> Refused:
        """Return the facts about a record that is no event."""
        ...

    def due_at(self, state: S) -> datetime | None:
        """Return when *state* is next due for `tick`; None if never."""
        ...

    def expires_at(self, state: S) -> datetime | None:
        """Return from when on nobody needs the document any more, and the database may drop it; None if never."""
        ...


class PrefetchingHandler(Handler[S], Protocol[S]):
    """Rules that need more than state and event: a model's predictions for a text, the open tickets nearby."""

    async def prefetch(self, waiting: Sequence[tuple[S | None, Event]]) -> Handler[S]:
        """Return the same rules with what they need to decide about *waiting*.

        Called after loading, for all events of a batch that are new to their documents; what takes long is done in a
        thread, so that the consumer's heartbeats go on.

        Args:
            waiting: Each event with the state as it was loaded.

        Raises:
            TransientError: Something could not be looked up now; the batch is tried again.
        """
        ...


class TimedHandler(Handler[S], Protocol[S]):
    """Rules that also move with time."""

    def tick(self, state: S, now: datetime) -> Applied[S] | Ignored[S]:
        """Return what has followed from the passing of time up to *now*."""
        ...
