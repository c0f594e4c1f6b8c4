"""What was last published about a clock; comparing it with the rounds keeps every fact from being published twice."""

from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from services.sla.domain.rounds import Met, Stopped
from shared.events import Classification, SlaClock
from shared.values import value


class Standing(StrEnum):
    """What was last published about a breach."""

    UNSAID = "unsaid"
    OPEN = "open"
    CLEARED = "cleared"
    CORRECTED = "corrected"


@value
class Breach:
    """The breach of a round; ``levels`` are published since it was opened, ``reopened`` counts later openings."""

    standing: Standing = Standing.UNSAID
    levels: tuple[int, ...] = ()
    reopened: int = 0


@value
class Expired:
    """The reporter's window has closed."""

    at: datetime
    kind: Literal["expired"] = "expired"


Ending: TypeAlias = Met | Stopped | Expired


@value
class Basis:
    """What a due time follows from, beside holds."""

    started_at: datetime
    agency: str | None
    classification: Classification
    policy_version: str
    calendar_version: str

    def change_reason(self, other: "Basis") -> str | None:
        """Return why a clock may be due at another time on the *other* basis; None if they are the same."""
        if self == other:
            return None
        reasons = {
            "reclassified": self.classification is not other.classification,
            "reassigned": self.agency != other.agency,
            "policy_changed": self.policy_version != other.policy_version,
            "calendar_changed": self.calendar_version != other.calendar_version,
            "started_otherwise": self.started_at != other.started_at,
        }
        return next((why for why, differs in reasons.items() if differs), None)


NO_BREACH = Breach()


@value
class ClockSnapshot:
    """What was last published about one round of a clock.

    Args:
        warned: Percentages that were warned of and are still used up.
        ending: None while it runs.
    """

    clock: SlaClock
    round: int
    due_at: datetime
    basis: Basis
    paused: bool = False
    warned: tuple[int, ...] = ()
    breach: Breach = NO_BREACH
    ending: Ending | None = None
