"""How something is said about one round of a clock: on which topic, under which id; never what is said."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.sla.domain.rounds import Round
from shared.events import ClockFact, Fact
from shared.events.catalogue import CATALOGUE
from shared.ids import occasion_id

TOPIC_OF = {entry.data: entry.topics[0] for entry in CATALOGUE if entry.said_by == "sla"}


@dataclass(frozen=True, slots=True)
class About:
    """Whose clock it is, up to when time has been taken note of (``as_of``), and the moment of deciding.

    ``parent`` and ``part`` say of which ticket it is a part.
    """

    ticket_id: str
    tracking_id: str
    as_of: datetime
    now: datetime
    parent: str | None = None
    part: int | None = None


@dataclass(slots=True)
class Voice:
    """Collects what is said about one round, in order."""

    about: About
    round: Round
    facts: list[Fact] = field(default_factory=list)

    @property
    def breach_id(self) -> str:
        """Return the id of the one breach that this round may have."""
        return occasion_id(self.about.ticket_id, f"breach|{self.round.clock}|{self.round.number}")

    def say(
        self, kind: type[ClockFact], at: datetime | None = None, /, *, once: str | None = None, **data: Any
    ) -> None:
        """Say something.

        Args:
            kind: Type of the fact.
            at: When it happened; None for the moment of deciding.
            once: Name of an occasion that a round has once in its life, from which the event's id follows.
            data: The rest of the fact.
        """
        clock, number, about = self.round.clock, self.round.number, self.about
        fact = kind(
            ticket_id=about.ticket_id, tracking_id=about.tracking_id, clock=clock, round=number, parent=about.parent,
            part=about.part, **data,
        )  # fmt: skip
        occasion = f"{clock}|{number}|{once}" if once else None
        self.facts.append(Fact(fact, TOPIC_OF[kind], about.ticket_id, at, occasion))
