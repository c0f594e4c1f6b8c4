"""Whatever happens to a ticket, in whatever order, with crashes and repetitions: its clocks are those that a clerk
keeps by hand, who knows nothing of how sla does it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.sla.domain.snapshot import ClockSnapshot, Expired, Standing
from shared import topics
from shared.delivery.relay import Relay
from shared.delivery.vitals import Step
from shared.events import (
    Classification,
    ClockBreached,
    ComplaintAccepted,
    Event,
    HoldReason,
    SlaClock,
    TicketArchived,
    TicketFact,
    TicketWithdrawn,
)
from tests.builders import TICKET, event
from tests.component.sla.harness import SlaHarness
from tests.component.sla.plain import Clerk, Run
from tests.component.sla.small_city import rules_with
from tests.fakes.handler_harness import Crashed, dies_after
from tests.unit.sla.cases import (
    accepted,
    answered,
    closed,
    declined,
    fact,
    held,
    reclassified,
    reopened,
    replied,
    resumed,
    routed,
    triaged,
)
from tests.unit.working_time.calendars import ALWAYS, at, calendar, wib
from tests.unit.working_time.slow import WallClock

pytestmark = pytest.mark.laws

FIRST, LAST = date(2026, 4, 5), date(2026, 7, 10)
START = at("2026-04-06 08:00")
WATCHERS = "rescue"
WATCH = WallClock(calendar(week=ALWAYS), FIRST, LAST)
OFFICE = WallClock(calendar(), FIRST, LAST)
AGENCIES = st.sampled_from(["dishub", "dlh", WATCHERS])
KINDS = st.sampled_from(Classification)
MOMENTS = st.sampled_from([0, 1, 9, 61, 180, 450, 600, 24 * 60, 1443, 3 * 24 * 60])
WINDOWS = (SlaClock.COMPLETE, SlaClock.FEEDBACK)


class Clocks(RuleBasedStateMachine):
    """A ticket between channel, coordinator, agencies and reporter; every fact is heard as soon as it happens."""

    @initialize()
    def submit(self) -> None:
        self.loop = asyncio.Runner()
        self.holidays: frozenset[date] = frozenset()
        self.harness = SlaHarness(rules_with(self.holidays, "c0"))
        self.clerk = Clerk(OFFICE, WATCH, WATCHERS)
        self.phase, self.version = "new", 0
        self.said: list[Event] = []
        self.dies_at: Step | None = None
        self.clerk.start(START, SlaClock.VERIFY)
        self.receive(accepted("2026-04-06 08:00"))

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()

    @property
    def now(self) -> datetime:
        return self.harness.clock.at

    def receive(self, data: ComplaintAccepted | TicketFact) -> None:
        told = event(data, at=self.now)
        self.said.append(told)
        self.deliver(told)

    def deliver(self, told: Event) -> None:
        """Let sla handle an event; where it dies at some step, once more after it has been started again."""
        topic = topics.ACCEPTED if isinstance(told.data, ComplaintAccepted) else topics.TICKETS
        self.harness.publish(topic, told)
        self.survive(self.harness.work)
        self.loop.run(self.harness.work())

    def survive(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self.dies_at is not None:
            self.harness.restart(observe=dies_after(self.dies_at))
            self.dies_at = None
        try:
            self.loop.run(work())
            self.harness.restart()
        except Crashed:
            self.harness.restart()
            relay = Relay(self.harness.store, self.harness.broker, self.harness.clock, after=timedelta())
            self.loop.run(relay.relay())

    def next(self) -> tuple[int, str]:
        self.version += 1
        return self.version, wib(self.now)

    # What others do.

    @precondition(lambda self: self.phase in ("new", "triage", "at_work", "held"))
    @rule(agency=AGENCIES, kind=KINDS)
    def route(self, agency: str, kind: Classification) -> None:
        self.clerk.classify(kind)
        self.clerk.give(self.now, agency)
        self.phase = "at_work"
        self.receive(routed(*self.next(), agency, classification=kind))

    @precondition(lambda self: self.phase == "new")
    @rule()
    def ask_an_officer(self) -> None:
        self.clerk.to_triage(self.now)
        self.phase = "triage"
        self.receive(triaged(*self.next(), classification=self.clerk.kind))

    @precondition(lambda self: self.phase in ("at_work", "held"))
    @rule()
    def decline(self) -> None:
        self.clerk.to_triage(self.now)
        self.phase = "triage"
        self.receive(declined(*self.next()))
        self.receive(triaged(*self.next(), classification=self.clerk.kind))

    @precondition(lambda self: self.phase in ("at_work", "held"))
    @rule(reason=st.sampled_from(HoldReason), asked=st.none() | MOMENTS)
    def hold(self, reason: HoldReason, asked: int | None) -> None:
        until = None if asked is None else self.now + timedelta(minutes=asked)
        self.clerk.wait(self.now, reason, until)
        self.phase = "held"
        self.receive(held(*self.next(), reason, wib(until) if until else ""))

    @precondition(lambda self: self.phase == "at_work" and self.now < at("2026-06-01 00:00"))
    @rule(reason=st.sampled_from(HoldReason), asked=st.none() | MOMENTS, minutes=MOMENTS)
    def hold_for_a_while(self, reason: HoldReason, asked: int | None, minutes: int) -> None:
        """Limits and repeated holds matter only where time passes while work waits."""
        self.hold(reason, asked)
        self.let_time_pass(minutes)
        self.resume()

    @precondition(lambda self: self.phase == "held")
    @rule()
    def resume(self) -> None:
        self.clerk.go_on(self.now)
        self.phase = "at_work"
        self.receive(resumed(*self.next()))

    @precondition(lambda self: self.phase in ("at_work", "held", "answered"))
    @rule()
    def reply(self) -> None:
        if self.clerk.running(SlaClock.COMPLETE):
            self.clerk.go_on(self.now)
        self.receive(replied(*self.next()))

    @precondition(lambda self: self.phase in ("at_work", "held", "answered"))
    @rule(final=st.booleans())
    def answer(self, final: bool) -> None:
        self.clerk.answer(self.now, final=final)
        self.phase = "answered" if final else self.phase
        self.receive(answered(*self.next(), final=final))

    @precondition(lambda self: self.phase != "ended")
    @rule(kind=KINDS)
    def reclassify(self, kind: Classification) -> None:
        self.clerk.classify(kind)
        self.receive(reclassified(*self.next(), kind))

    @precondition(lambda self: self.phase in ("answered", "ended"))
    @rule()
    def reopen(self) -> None:
        self.clerk.reopen(self.now, "dishub")
        self.phase = "at_work"
        self.receive(reopened(*self.next()))

    @precondition(lambda self: self.phase == "answered")
    @rule(by=st.sampled_from(["reporter", "system", "agency"]))
    def close(self, by: str) -> None:
        self.clerk.finish(self.now, by_reporter=by == "reporter")
        self.phase = "ended"
        self.receive(closed(*self.next(), by))

    @precondition(lambda self: self.phase in ("new", "triage", "held"))
    @rule(kind=st.sampled_from([TicketArchived, TicketWithdrawn]))
    def end_otherwise(self, kind: type[TicketFact]) -> None:
        self.clerk.finish(self.now, by_reporter=False)
        self.phase = "ended"
        extra = {"by": "officer", "reason": "unclear"} if kind is TicketArchived else {}
        self.receive(fact(kind, *self.next(), **extra))

    # What the world does.

    @precondition(lambda self: self.now < at("2026-06-01 00:00"))
    @rule(minutes=MOMENTS)
    def let_time_pass(self, minutes: int) -> None:
        until = wib(self.now + timedelta(minutes=minutes))
        self.survive(lambda: self.harness.wait_until(until))
        self.loop.run(self.harness.wait_until(until))
        self.clerk.close_windows(self.now)

    @precondition(lambda self: self.said)
    @rule(which=st.integers(0, 40), anew=st.booleans())
    def deliver_again(self, which: int, anew: bool) -> None:
        """Repeat the history from some place on, under the ids it had or under others."""
        for told in self.said[which % len(self.said) :]:
            self.deliver(replace(told, id=f"{told.id[:-4]}{which:04}") if anew else told)

    @rule(step=st.sampled_from(Step))
    def crash_next(self, step: Step) -> None:
        self.dies_at = step

    @rule(day=st.integers(-3, 6))
    def decree_a_holiday(self, day: int) -> None:
        """Another calendar holds, and every running clock is looked at by it."""
        self.holidays ^= {(self.now + timedelta(days=day)).date()}
        self.harness.handler.use_policy(rules_with(self.holidays, "c" + "-".join(sorted(map(str, self.holidays)))))
        self.clerk.office = WallClock(calendar(holidays=self.holidays), FIRST, LAST)
        self.recompute()

    def recompute(self) -> None:
        """Look at the ticket once, as a recomputation does; that of sla itself may take the place of this."""
        document = self.harness.store.documents[TICKET]
        self.harness.store.documents[TICKET] = replace(document, due_at=self.now)
        self.survive(self.harness.sweep)
        self.loop.run(self.harness.sweep())
        self.clerk.close_windows(self.now)

    # What must hold.

    @invariant()
    def the_clocks_are_those_of_the_clerk(self) -> None:
        if not hasattr(self, "clerk"):
            return
        told = {(one.clock, one.round): one for one in self.harness.state.told}
        assert told.keys() == {(run.clock, run.number) for run in self.clerk.runs}
        for run in self.clerk.runs:
            assert self.as_sla(told[run.clock, run.number], run) == self.as_clerk(run), run

    def as_clerk(self, run: Run) -> dict[str, object]:
        late, paused = self.clerk.late(run, self.now), run.end is None and self.clerk.stands_still(run, self.now)
        window = run.clock in WINDOWS
        return {
            "start": run.start,
            "ended": (run.end, run.met) if run.end else None,
            "due": None if paused else run.due_then or self.clerk.due(run),
            "paused": paused,
            "late": late and not window,
            "expired": late and window and run.end is None,
        }

    def as_sla(self, told: ClockSnapshot, run: Run) -> dict[str, object]:
        expired = isinstance(told.ending, Expired)
        ended = told.ending and not expired
        return {
            "start": told.basis.started_at,
            "ended": (told.ending.at, told.ending.kind == "met") if ended and told.ending else None,
            "due": None if told.paused else told.due_at,
            "paused": told.paused,
            "late": told.breach.standing in (Standing.OPEN, Standing.CLEARED),
            "expired": expired,
        }

    @invariant()
    def each_breach_was_said_once(self) -> None:
        if not hasattr(self, "clerk"):
            return
        heard = {one.id: one.data for one in self.harness.published(topics.BREACHES)}
        breached = Counter((one.clock, one.round) for one in heard.values() if isinstance(one, ClockBreached))
        late = {(run.clock, run.number) for run in self.clerk.runs if self.clerk.late(run, self.now)}
        assert set(breached.values()) <= {1}
        assert {key for key in late if key[0] not in WINDOWS} <= breached.keys()


Clocks.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestClocks = Clocks.TestCase
