"""Publishes breach and escalation of one round: opened once, escalated level by level, cleared, corrected."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from services.sla.domain.clocks import Clock
from services.sla.domain.emitter import FactEmitter
from services.sla.domain.rounds import Met
from services.sla.domain.rules import EscalationLevel, SlaRules
from services.sla.domain.snapshot import Breach, Standing
from shared.events import BreachCleared, BreachCorrected, BreachEscalated, ClockBreached, ClockFact
from shared.values import replace


class BreachReconciler:
    """Brings what was published about a round's breach in line with its clock; ``breach`` is what is published by now.

    A breach is published once. One that was corrected and stands after all is opened again by publishing its first
    level once more: a breach stands unless the last fact about it clears or corrects it.
    """

    def __init__(self, emitter: FactEmitter, clock: Clock, breach: Breach, rules: SlaRules) -> None:
        self.emitter = emitter
        self.clock = clock
        self.breach = breach
        self.rules = rules

    @property
    def escalation(self) -> tuple[EscalationLevel, ...]:
        """Return who is responsible, level by level."""
        return self.rules.escalation(self.clock.round.clock, self.clock.round.agency)

    @property
    def stands(self) -> bool:
        """Return whether somebody is responsible for it now."""
        return self.breach.standing is Standing.OPEN

    @property
    def late(self) -> bool:
        """Return whether the round was published as overdue, or as ended after its due time."""
        return self.breach.standing in (Standing.OPEN, Standing.CLEARED)

    def reconcile(self, at: datetime, change_reason: str | None) -> None:
        """Open or correct the breach if its due time has passed, or not, by *at*.

        Args:
            at: When the round ended, or up to when time counts.
            change_reason: Why the due time differs from the published one; None if it does not.
        """
        late = self.clock.late_at(at)
        if late and self.breach.standing is Standing.UNSAID:
            self.open()
        elif late and self.breach.standing is Standing.CORRECTED:
            self.open_again(at)
        elif not late and self.late:
            self.correct(change_reason)

    def open(self) -> None:
        """Publish that the due time has passed."""
        now, first = self.emitter.context.now, self.escalation[0]
        self._emit(
            ClockBreached,
            now,
            once="breached",
            classification=self.clock.round.classification,
            due_at=self.clock.due_at,
            breached_at=now,
            level=first.level,
            responsible=first.responsible,
            instead_of=first.instead_of,
        )
        self.breach = Breach(Standing.OPEN, (first.level,))

    def open_again(self, at: datetime) -> None:
        """Publish that what was corrected is a breach after all."""
        self.breach = Breach(Standing.OPEN, (), self.breach.reopened + 1)
        self.escalate(self.escalation[0], at)

    def correct(self, change_reason: str | None) -> None:
        """Publish that it was no breach."""
        end = self.clock.round.end
        in_time = end and ("met_in_time" if isinstance(end, Met) else "stopped_in_time")
        self._emit(BreachCorrected, why=change_reason or in_time or "held")
        self.breach = replace(self.breach, standing=Standing.CORRECTED)

    def escalate_until(self, as_of: datetime) -> Iterator[datetime]:
        """Publish each level that is reached by *as_of*; yield when the others will be."""
        for level in self.escalation:
            if level.level in self.breach.levels:
                continue
            reached_at = self.clock.escalates_at(level)
            if reached_at > as_of:
                yield reached_at
            else:
                self.escalate(level, reached_at)

    def escalate(self, level: EscalationLevel, at: datetime) -> None:
        """Publish that somebody else is responsible from now on."""
        self.breach = replace(self.breach, levels=(*self.breach.levels, level.level))
        self._emit(
            BreachEscalated,
            at,
            once=f"escalated|{level.level}|{self.breach.reopened}",
            level=level.level,
            responsible=level.responsible,
            instead_of=level.instead_of,
            at=at,
        )

    def clear(self, at: datetime) -> None:
        """Publish that what was overdue was done by *at*, or is no longer needed."""
        self._emit(BreachCleared, at, overdue_seconds=self.clock.overdue_for(at).total_seconds())
        self.breach = replace(self.breach, standing=Standing.CLEARED)

    def _emit(self, kind: type[ClockFact], at: datetime | None = None, /, **data: Any) -> None:
        self.emitter.emit(kind, at, breach_id=self.emitter.breach_id, agency=self.clock.round.agency, **data)
