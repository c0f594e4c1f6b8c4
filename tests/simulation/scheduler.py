"""Who goes on next: a seeded choice at every await, with no event loop and no thread.

A task is a coroutine that is driven by hand. What it awaits comes out of ``send(None)``: a `Step` before and after each
effect of a port, a `Sleep`, or a `Wait`. The scheduler keeps those that could go on, picks one by the seed, and lets it
run to its next await. So a seed is a schedule, and the same seed is the same schedule again.
"""

import heapq
import random
import types
from collections import defaultdict
from collections.abc import Callable, Coroutine, Generator, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.delivery.ports import TransientError
from tests.fakes.memory import MemoryClock

TICK = timedelta(milliseconds=1)
STEPS_MAX = 20_000
NEVER = datetime.min.replace(tzinfo=UTC)

Step = str  # what is about to happen or has just happened, as in "save" and "saved"


@dataclass(frozen=True, slots=True)
class Sleep:
    """Goes on at an instant."""

    until: datetime

    def __str__(self) -> str:
        return f"until {self.until.time()}"


@dataclass(frozen=True, slots=True)
class Wait:
    """Goes on when somebody calls `Scheduler.wake` with this reason."""

    reason: Hashable

    def __str__(self) -> str:
        return "idle"


Await = Step | Sleep | Wait


@types.coroutine
def give_way(why: Await) -> Generator[Await, None, None]:
    """Hand control back to the scheduler."""
    yield why


@dataclass(slots=True, eq=False)
class Task:
    """A coroutine and what it awaits; ``process`` is whose crash ends it."""

    name: str
    process: "Process"
    work: Coroutine[Await, None, None]
    at: Await = "start"


@dataclass(slots=True, eq=False)
class Process:
    """Tasks that live and die together. A frozen one stands still, and does not know it; ``life`` counts its deaths."""

    name: str
    tasks: list[Task] = field(default_factory=list)
    frozen: bool = False
    life: int = 0


class SimClock(MemoryClock):
    """The true time, which brokers know; it moves by a tick a step, and to the next alarm when nobody can go on."""

    async def sleep(self, sleep_for: timedelta) -> None:
        await give_way(Sleep(self.at + max(sleep_for // TICK, 1) * TICK))


@dataclass(slots=True)
class ProcessClock:
    """What one process takes for the time: it is off by something; ``latest`` is the latest time it has shown."""

    clock: SimClock
    off_by: timedelta = timedelta()
    latest: datetime = NEVER

    def now(self) -> datetime:
        now = self.clock.at + self.off_by
        self.latest = max(self.latest, now)
        return now

    async def sleep(self, sleep_for: timedelta) -> None:
        await self.clock.sleep(sleep_for)


Entry = tuple[int, str, Await, bool]  # number of the step, who, what, and whether it ran into an outage


class Restless(Exception):
    """The processes do not come to rest."""


@dataclass
class Scheduler:
    """Drives tasks.

    Args:
        choice: Every decision comes from it.
        disturb: Asked before each step what happens to the task: an outage to be thrown into it, or nothing. It may
            also end or freeze processes.
        pass_time: Asked when nobody can go on before the next alarm (None: there is none); returns whether it found
            somebody who can.
    """

    choice: random.Random
    clock: SimClock
    disturb: Callable[[Task], TransientError | None] = lambda _: None
    pass_time: Callable[[datetime | None], bool] = lambda _: False
    ready: list[Task] = field(default_factory=list)
    waiting: dict[Hashable, list[Task]] = field(default_factory=lambda: defaultdict(list))
    alarms: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    alarms_set: int = 0
    delayed: set[Task] = field(default_factory=set)
    steps: int = 0
    running: Task | None = None
    schedule: list[Entry] = field(default_factory=list)

    def start(self, process: Process, name: str, work: Coroutine[Await, None, None]) -> None:
        """Let a process begin some work."""
        task = Task(f"{process.name} {name}", process, work)
        process.tasks.append(task)
        self.ready.append(task)

    def end(self, process: Process) -> None:
        """Let a process die where it stands; nothing of it goes on."""
        for task in process.tasks:
            task.work.close()
        process.tasks.clear()
        process.frozen = False
        process.life += 1

    def after(self, wait_for: timedelta, action: Callable[[], None]) -> None:
        """Call *action* when so much time has passed."""
        self.alarms_set += 1
        heapq.heappush(self.alarms, (self.clock.at + wait_for, self.alarms_set, action))

    def delay(self, task: Task, wait_for: timedelta) -> None:
        """Let a task that was about to go on do so only when so much time has passed."""
        self.delayed.add(task)

        def go_on() -> None:
            self.delayed.discard(task)
            self.ready.append(task)

        self.after(wait_for, go_on)

    def wake(self, reason: Hashable) -> None:
        """Let those go on who wait for *reason*."""
        if waiting := self.waiting.pop(reason, None):
            self.ready += waiting

    def note(self, who: str, what: str) -> None:
        """Write something into the schedule."""
        self.schedule.append((self.steps, who, what, False))

    def run(self) -> None:
        """Let everybody go on until nobody can and no alarm is left.

        Raises:
            Restless: After 20,000 steps, several times what the longest run takes.
        """
        while True:
            while self.alarms and self.alarms[0][0] <= self.clock.at:
                heapq.heappop(self.alarms)[2]()
            task = self.pick()
            if task is not None:
                self.go_on(task)
            elif not self.pass_time(self.alarms[0][0] if self.alarms else None):
                if not self.alarms:
                    return
                self.clock.at = self.alarms[0][0]
            if self.steps > STEPS_MAX:
                raise Restless(f"after {self.steps} steps, at {self.clock.at}: {[t.name for t in self.ready]}")

    def pick(self) -> Task | None:
        """Take somebody who can go on; what is dead or frozen is left aside."""
        ready = self.ready
        while ready:
            index = int(self.choice.random() * len(ready))
            ready[index], ready[-1] = ready[-1], ready[index]
            task = ready.pop()
            if task not in task.process.tasks:
                continue
            if not task.process.frozen:
                return task
            self.waiting[task.process].append(task)
        return None

    def go_on(self, task: Task) -> None:
        """Let a task run to its next await, or into what disturbs it."""
        self.steps += 1
        self.clock.at += TICK
        trouble = self.disturb(task)
        if task not in task.process.tasks or task in self.delayed:
            return
        if task.process.frozen:
            self.waiting[task.process].append(task)
            return
        self.schedule.append((self.steps, task.name, task.at, trouble is not None))
        self.running = task
        try:
            task.at = task.work.throw(trouble) if trouble else task.work.send(None)
        except StopIteration:
            task.process.tasks.remove(task)
            return
        if isinstance(task.at, str):
            self.ready.append(task)
        elif isinstance(task.at, Wait):
            self.waiting[task.at.reason].append(task)
        else:
            self.after(task.at.until - self.clock.at, lambda: self.ready.append(task))


def told(schedule: Sequence[Entry]) -> str:
    """Return a schedule for people: one line for each stretch of one task; ``!`` marks an outage."""
    lines: list[str] = []
    last: str | None = None
    for number, who, what, is_outage in schedule:
        step = (what if isinstance(what, str) else str(what)) + ("!" if is_outage else "")
        if who == last:
            lines[-1] += f", {step}"
        else:
            lines.append(f"{number:6} {who:<18} {step}")
        last = who
    return "\n".join(lines)
