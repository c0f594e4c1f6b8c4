"""What health checks and the watchdog know of a service's progress."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Step(StrEnum):
    """The steps of a batch, in order; a process may die between any two."""

    LOADED = "loaded"
    SAVED = "saved"
    PUBLISHED = "published"
    COMMITTED = "committed"


Observe = Callable[[Step], None]


def unobserved(_: Step) -> None:
    """Observe nothing."""


@dataclass(slots=True)
class Vitals:
    """The runner writes, health and watchdog read.

    Args:
        handling_since: Since when the batch at hand is being handled; None between batches.
        progressed_at: When a batch was last committed.
        troubles: By part of the service, one sentence about the outage in which its work is being retried.
        failures: By loop, one sentence about a bug for which its last round failed.
        stopped_because: One sentence, once the consumer has stopped for good; None if it has not.
        stopping: Whether the service is stopping: work in progress is finished, and nothing new is begun.
    """

    handling_since: datetime | None = None
    progressed_at: datetime | None = None
    troubles: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    stopped_because: str | None = None
    stopping: bool = False
