"""How long each agency has had a ticket."""

from datetime import datetime

from shared.events import Tenure
from shared.values import value

LAST_MAX = 20  # as many as an officer is shown
BECAUSE_SYMBOLS_MAX = 200

Tenures = tuple[Tenure, ...]


def moved_on(tenures: Tenures, before: str | None, after: str | None, at: datetime) -> Tenures:
    """Return the tenures once the ticket has gone from one agency to another at *at*; None stands for nobody."""
    if before == after:
        return tenures
    ended = tuple(_end(tenure, at) for tenure in tenures)
    return ended if after is None else (*ended, Tenure(agency=after, since=at))


def _end(tenure: Tenure, at: datetime) -> Tenure:
    return tenure if tenure.until is not None else tenure.model_copy(update={"until": at})


def with_reason(tenures: Tenures, because: str) -> Tenures:
    """Return the tenures once the agency that has the ticket has said why it is not responsible."""
    if not tenures or tenures[-1].until is not None:
        return tenures
    last = tenures[-1].model_copy(update={"declined_because": because[:BECAUSE_SYMBOLS_MAX]})
    return (*tenures[:-1], last)


def spent(tenures: Tenures, now: datetime) -> str:
    """Return how long each agency has had the ticket, in their order: ``dishub 2 d 3 h, dlh 15 min``."""
    return ", ".join(
        f"{tenure.agency} {Span.between(tenure.since, tenure.until or now)}" for tenure in tenures[-LAST_MAX:]
    )


@value
class Span:
    """A duration in whole minutes, as people read it: its largest two units."""

    minutes: int

    @classmethod
    def between(cls, since: datetime, until: datetime) -> "Span":
        """Return the span from one instant to another."""
        return cls(int((until - since).total_seconds()) // 60)

    def __str__(self) -> str:
        hours, minutes = divmod(self.minutes, 60)
        days, hours = divmod(hours, 24)
        parts = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if count]
        return " ".join(parts[:2]) or "0 min"
