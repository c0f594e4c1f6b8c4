"""What has been said about a clock so far, so that it is said once; never what is true of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from services.sla.domain.rounds import Met, Stopped
from shared.events import Classification, SlaClock


class Standing(StrEnum):
    """What the last word about a breach is."""

    UNSAID = "unsaid"
    OPEN = "open"
    CLEARED = "cleared"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Breach:
    """The breach of a round; ``levels`` are those said since it was opened, ``reopened`` how often it was once more."""

    standing: Standing = Standing.UNSAID
    levels: tuple[int, ...] = ()
    reopened: int = 0


@dataclass(frozen=True, slots=True)
class Expired:
    """The reporter's window has closed."""

    at: datetime
    kind: Literal["expired"] = "expired"


Ending: TypeAlias = Met | Stopped | Expired


@dataclass(frozen=True, slots=True)
class Basis:
    """From what a due time follows, beside holds."""

    started_at: datetime
    agency: str | None
    classification: Classification
    policy_version: str
    calendar_version: str

    def why_not(self, other: "Basis") -> str | None:
        """Return why a clock may be due at another time on the *other* basis; None if they are the same."""
        reasons = {
            "reclassified": self.classification is not other.classification,
            "reassigned": self.agency != other.agency,
            "policy_changed": self.policy_version != other.policy_version,
            "calendar_changed": self.calendar_version != other.calendar_version,
            "started_otherwise": self.started_at != other.started_at,
        }
        return next((why for why, differs in reasons.items() if differs), None)


@dataclass(frozen=True, slots=True)
class Told:
    """What was last said about one round of a clock.

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
    breach: Breach = Breach()
    ending: Ending | None = None
