"""What is to be said about the breach of one round: opened once, escalated, cleared, put right; never when that is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.sla.domain.clocks import Clock
from services.sla.domain.rounds import Met
from services.sla.domain.rules import Rung, SlaRules
from services.sla.domain.told import Breach, Standing
from services.sla.domain.voice import Voice
from shared.events import BreachCleared, BreachCorrected, BreachEscalated, ClockBreached


class BreachTelling:
    """The breach of one round being told about; ``breach`` is what has been said by now.

    A round's breach is said once. What was put right and stands after all is opened again by saying its first level
    once more: a breach stands unless the last word about it is that it is cleared, or was none.
    """

    def __init__(self, voice: Voice, clock: Clock, breach: Breach, rules: SlaRules) -> None:
        self.voice = voice
        self.clock = clock
        self.breach = breach
        self.rules = rules

    @property
    def ladder(self) -> tuple[Rung, ...]:
        """Return who is responsible, level by level."""
        return self.rules.ladder(self.clock.round.clock, self.clock.round.agency)

    @property
    def stands(self) -> bool:
        """Return whether somebody is responsible for it now."""
        return self.breach.standing is Standing.OPEN

    @property
    def late(self) -> bool:
        """Return whether the round was ended, or has lasted, past its due time; as far as was said."""
        return self.breach.standing in (Standing.OPEN, Standing.CLEARED)

    def judge(self, at: datetime, why_changed: str | None) -> None:
        """Say whether the due time has passed by *at*; if that is not what was said, put it right.

        Args:
            at: When the round ended, or how far time has come.
            why_changed: Why the due time is another than was said; None if it is not.
        """
        late = self.clock.late_at(at)
        if late and self.breach.standing is Standing.UNSAID:
            self.open()
        elif late and self.breach.standing is Standing.CORRECTED:
            self.open_again(at)
        elif not late and self.late:
            self.correct(why_changed)

    def open(self) -> None:
        """Say that the due time has passed."""
        now, rung = self.voice.about.now, self.ladder[0]
        self.voice.say(
            ClockBreached,
            now,
            once="breached",
            breach_id=self.voice.breach_id,
            agency=self.clock.round.agency,
            classification=self.clock.round.classification,
            due_at=self.clock.due_at,
            breached_at=now,
            level=rung.level,
            responsible=rung.responsible,
            instead_of=rung.instead_of,
        )
        self.breach = Breach(Standing.OPEN, (rung.level,))

    def open_again(self, at: datetime) -> None:
        """Say that what was put right is a breach after all."""
        self.breach = Breach(Standing.OPEN, (), self.breach.reopened + 1)
        self.escalate(self.ladder[0], at)

    def correct(self, why_changed: str | None) -> None:
        """Say that it was none."""
        end = self.clock.round.end
        in_time = end and ("met_in_time" if isinstance(end, Met) else "stopped_in_time")
        self.voice.say(
            BreachCorrected,
            breach_id=self.voice.breach_id,
            agency=self.clock.round.agency,
            why=why_changed or in_time or "held",
        )
        self.breach = replace(self.breach, standing=Standing.CORRECTED)

    def climb(self, as_of: datetime) -> Iterator[datetime]:
        """Say which rungs of the ladder are reached; yield when the others will be."""
        for rung in self.ladder:
            if rung.level in self.breach.levels:
                continue
            reached_at = self.clock.escalates_at(rung)
            if reached_at > as_of:
                yield reached_at
            else:
                self.escalate(rung, reached_at)

    def escalate(self, rung: Rung, at: datetime) -> None:
        """Say that somebody else is responsible from now on."""
        self.breach = replace(self.breach, levels=(*self.breach.levels, rung.level))
        self.voice.say(
            BreachEscalated,
            at,
            once=f"escalated|{rung.level}|{self.breach.reopened}",
            breach_id=self.voice.breach_id,
            agency=self.clock.round.agency,
            level=rung.level,
            responsible=rung.responsible,
            instead_of=rung.instead_of,
            at=at,
        )

    def clear(self, at: datetime) -> None:
        """Say that what was overdue has been done by *at*, or need not be done any more."""
        self.voice.say(
            BreachCleared,
            at,
            breach_id=self.voice.breach_id,
            agency=self.clock.round.agency,
            overdue_seconds=self.clock.overdue_for(at).total_seconds(),
        )
        self.breach = replace(self.breach, standing=Standing.CLEARED)
