"""Derives the rounds of the clocks from a ticket's history: when each began, was held and ended."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Literal, TypeAlias, assert_never

from services.sla.domain.history import (
    Answered,
    ClockEvent,
    Declined,
    Divided,
    Ended,
    Held,
    Reclassified,
    Reopened,
    Replied,
    Resumed,
    Routed,
    SentToTriage,
)
from shared.events import Classification, HoldReason, SlaClock
from shared.values import replace, value

VERIFY, RESPOND, RESOLVE = SlaClock.VERIFY, SlaClock.RESPOND, SlaClock.RESOLVE
COMPLETE, FEEDBACK = SlaClock.COMPLETE, SlaClock.FEEDBACK
CLOCKS = tuple(SlaClock)
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@value
class Met:
    """What the clock waited for has happened."""

    at: datetime
    kind: Literal["met"] = "met"


@value
class Stopped:
    """The clock no longer applies."""

    at: datetime
    why: str
    kind: Literal["stopped"] = "stopped"


End: TypeAlias = Met | Stopped


@value
class Hold:
    """A ticket waits; ``asked_until`` is what the agency asked for, ``ended_at`` is None while it lasts."""

    reason: HoldReason
    since: datetime
    asked_until: datetime | None = None
    ended_at: datetime | None = None


@value
class Round:
    """One run of one clock.

    Args:
        number: From 1, in the order of their starts.
        agency: Who has or last had the ticket in this round; None while nobody has.
        holds: In order, disjoint; only the last one may last still.
        end: None while it runs.
    """

    clock: SlaClock
    number: int
    started_at: datetime
    classification: Classification
    agency: str | None = None
    holds: tuple[Hold, ...] = ()
    end: End | None = None


def rounds_of(
    accepted_at: datetime | None, classification: Classification, history: Iterable[ClockEvent]
) -> tuple[Round, ...]:
    """Return every round of every clock.

    Args:
        accepted_at: When the report was accepted; None if that is not known yet.
        classification: What the report was taken for at first.
        history: In the order of versions.
    """
    timeline = ClockTimeline(classification)
    if accepted_at is not None:
        timeline.at = accepted_at
        timeline.start(VERIFY)
    for event in history:
        timeline.apply(event)
    return tuple(chain.from_iterable(timeline.rounds.values()))


class ClockTimeline:
    """The rounds of all clocks while the history is applied, one event after the other."""

    def __init__(self, classification: Classification) -> None:
        self.rounds: dict[SlaClock, list[Round]] = {clock: [] for clock in CLOCKS}
        self.classification = classification
        self.agency: str | None = None
        self.at = BEFORE_ALL

    def apply(self, event: ClockEvent) -> None:
        """Start, hold and end rounds as one event demands."""
        # Clocks of machines differ a little; a history never runs backwards.
        self.at = max(self.at, event.at)
        match event:
            case Routed():
                self.route(event)
            case SentToTriage():
                self.leave("returned")
                self.classify(event.classification)
                if not self.runs(VERIFY):
                    self.start(VERIFY)
            case Answered():
                self.answer(event)
            case Declined():
                self.leave("declined")
            case Held():
                self.hold(event)
            case Resumed():
                self.release()
            case Replied():
                if self.runs(COMPLETE):
                    self.release()
            case Reclassified():
                self.classify(event.classification)
            case Reopened():
                self.reopen(event)
            case Divided():
                self.leave("split")
                self.meet(VERIFY)
                self.stop("split", RESOLVE)
            case Ended():
                if event.by_reporter:
                    self.meet(FEEDBACK)
                self.stop(event.why, *CLOCKS)
                self.agency = None
            case _:
                assert_never(event)

    def route(self, event: Routed) -> None:
        """An agency gets the ticket: respond starts anew unless it had it already, resolve runs on through all."""
        had_it_already = event.agency == self.agency and self.runs(RESOLVE)
        self.agency = event.agency
        self.release()
        self.classify(event.classification)
        self.meet(VERIFY)
        self.stop("reassigned", FEEDBACK)
        if self.runs(RESOLVE):
            self.change(RESOLVE, agency=event.agency)
        else:
            self.start(RESOLVE)
        if not had_it_already:
            self.stop("reassigned", RESPOND)
            self.start(RESPOND)

    def answer(self, event: Answered) -> None:
        """The first answer meets respond; a final one meets resolve too, and then it is the reporter's turn."""
        self.meet(RESPOND)
        if event.final:
            self.release()
            self.meet(RESOLVE)
            self.stop("answered_again", FEEDBACK)
            self.start(FEEDBACK)

    def hold(self, event: Held) -> None:
        """Work waits; for the reporter the complete clock runs instead."""
        self.release()
        for clock in (RESPOND, RESOLVE):
            if self.runs(clock):
                holds = self.rounds[clock][-1].holds
                self.change(clock, holds=(*holds, Hold(event.reason, self.at, event.until)))
        if event.reason is HoldReason.NEEDS_REPORTER:
            self.start(COMPLETE)

    def release(self) -> None:
        """The hold ends, if there is one; what the reporter was asked for is no longer needed."""
        for clock in (RESPOND, RESOLVE):
            if self.runs(clock) and (holds := self.rounds[clock][-1].holds) and holds[-1].ended_at is None:
                self.change(clock, holds=(*holds[:-1], replace(holds[-1], ended_at=self.at)))
        self.meet(COMPLETE)

    def reopen(self, event: Reopened) -> None:
        """The agency goes on: its answer did not end the matter, so that both its clocks start a new round."""
        self.meet(FEEDBACK)
        self.stop("reopened", RESPOND, RESOLVE)
        self.agency = event.agency
        self.start(RESPOND)
        self.start(RESOLVE)

    def leave(self, why: str) -> None:
        """No agency has the ticket: resolve runs on, for the citizen waits all the same."""
        self.release()
        self.stop(why, RESPOND, FEEDBACK)
        self.agency = None
        self.change(RESOLVE, agency=None)

    def classify(self, classification: Classification) -> None:
        """It counts as that kind of report from now on, in all that still runs."""
        if classification is not self.classification:
            self.classification = classification
            for clock in CLOCKS:
                self.change(clock, classification=classification)

    def runs(self, clock: SlaClock) -> bool:
        """Return whether a round of *clock* runs."""
        rounds = self.rounds[clock]
        return bool(rounds) and rounds[-1].end is None

    def start(self, clock: SlaClock) -> None:
        """Start the next round of *clock*."""
        rounds = self.rounds[clock]
        rounds.append(Round(clock, len(rounds) + 1, self.at, self.classification, self.agency))

    def meet(self, *clocks: SlaClock) -> None:
        """End the running rounds of *clocks*: it is done."""
        for clock in clocks:
            if self.runs(clock):
                self.change(clock, end=Met(self.at))

    def stop(self, why: str, *clocks: SlaClock) -> None:
        """End the running rounds of *clocks*: it need not be done any more."""
        for clock in clocks:
            if self.runs(clock):
                self.change(clock, end=Stopped(self.at, why))

    def change(self, clock: SlaClock, **changes: Any) -> None:
        """Change the running round of *clock*, if one runs."""
        rounds = self.rounds[clock]
        if rounds and rounds[-1].end is None:
            rounds[-1] = replace(rounds[-1], **changes)
