"""What goes wrong, by the seed: crashes, freezes, rebalances, outages, echoes, a clock that jumps, mute gateways."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared import topics
from shared.delivery.ports import Obstacle, TransientError
from tests.simulation.gateways import GATEWAYS
from tests.simulation.scheduler import Task

if TYPE_CHECKING:
    from tests.simulation.world import World

DATABASE_STEPS = frozenset({"load", "loaded", "save", "saved", "due", "pending"})
BROKER_STEPS = frozenset({"publish", "published", "commit", "committed"})
SEND_STEPS = frozenset({"send", "sent"})
STEPS = tuple(sorted(DATABASE_STEPS | BROKER_STEPS | SEND_STEPS))
STEPS_BETWEEN = 40
SKEW_SECONDS = 4
Strike = Callable[[Task], None]


class Nemesis:
    """Disturbs a step now and then. Each seed has its own weather: some faults often, some not at all.

    What hits one process waits for it at a step that is chosen beforehand, since the steps that matter most, around
    saving and publishing, are not the most frequent ones.
    """

    def __init__(self, world: "World", choice: random.Random) -> None:
        self.world = world
        self.choice = choice
        kinds: tuple[Strike, ...] = (
            self.crash, self.freeze, self.slow, self.rebalance, self.step_down, self.lose_majority, self.broker_outage,
            self.fetch_failure, self.jump, self.shift, self.echo, self.take_topic_away, self.overgrow,
            self.mute_gateway,
        )  # fmt: skip
        self.weights: dict[Strike, float] = {kind: choice.random() if choice.random() < 0.6 else 0.0 for kind in kinds}
        self.at_a_step: dict[Strike, tuple[str, ...]] = {
            self.crash: STEPS, self.freeze: STEPS, self.step_down: tuple(sorted(DATABASE_STEPS)),
            self.broker_outage: tuple(sorted(BROKER_STEPS)), self.slow: STEPS,
        }  # fmt: skip
        self.steps_between = STEPS_BETWEEN * choice.uniform(0.3, 2)
        self.next_step = self.pause()
        self.database_back_at: dict[str, datetime] = {}
        self.broker_back_at = world.clock.at
        self.ambush: tuple[str, Strike] | None = None
        self.is_over = not any(self.weights.values())

    def pause(self) -> int:
        return 1 + int(self.choice.expovariate(1 / self.steps_between))

    def disturb(self, task: Task) -> TransientError | None:
        """Return the outage that a step runs into, if any; may end or freeze the process that is about to do it."""
        if self.is_over:
            return None
        if self.world.scheduler.steps >= self.next_step:
            self.next_step = self.world.scheduler.steps + self.pause()
            (strike,) = self.choice.choices(list(self.weights), list(self.weights.values()))
            if strike not in self.at_a_step:
                strike(task)
            else:
                self.ambush = self.choice.choice(self.at_a_step[strike]), strike
        if self.ambush is not None and self.ambush[0] == task.at:
            strike, self.ambush = self.ambush[1], None
            strike(task)
        now, service = self.world.clock.at, self.world.service_of(task)
        if task.at in DATABASE_STEPS and now < self.database_back_at.get(service, now):
            return TransientError("the primary steps down")
        if task.at in BROKER_STEPS and now < self.broker_back_at:
            return TransientError("no broker answers")
        return None

    def crash(self, task: Task) -> None:
        """Let the process die here; it comes back later, and its group may notice only by then."""
        self.world.scheduler.note("nemesis", f"kills {task.process.name}")
        self.world.crash(task.process, self.within(8))

    def freeze(self, task: Task) -> None:
        """Let the process stand still for longer than its session lasts; then it goes on and does not know it."""
        self.world.scheduler.note("nemesis", f"freezes {task.process.name}")
        self.world.freeze(task.process, self.within(20))

    def lose_majority(self, task: Task) -> None:
        """Let the next save of a service be undone by a step-down, so that only its writer could think it has been."""
        service = self.choice.choice(list(self.world.stores))
        self.world.scheduler.note("nemesis", f"lets the database of {service} lose a write")
        self.world.stores[service].loses_next = True

    def fetch_failure(self, task: Task) -> None:
        """Let fetches of a service fail at one partition and throw away what they had drained from others."""
        group = self.choice.choice(list(self.world.groups.values()))
        self.world.scheduler.note("nemesis", f"lets fetches of {group.name} fail")
        group.fetch_fails = 0.5

    def shift(self, task: Task) -> None:
        """Set the clock of a process wrong, or right again."""
        replica = self.choice.choice(self.world.replicas)
        replica.clock.off_by = self.choice.choice((1, -1)) * self.within(SKEW_SECONDS)
        self.world.scheduler.note("nemesis", f"puts {replica.process.name} off by {replica.clock.off_by}")

    def skew(self) -> None:
        """Let each process have another time from the beginning, in the weather for that."""
        if self.weights[self.shift]:
            for replica in self.world.replicas:
                replica.clock.off_by = self.choice.choice((1, -1)) * self.within(SKEW_SECONDS)

    def overgrow(self, task: Task) -> None:
        """Let one document be so large that it cannot be written until somebody mends that."""
        store = self.choice.choice(list(self.world.stores.values()))
        if store.documents:
            document = self.choice.choice(list(store.documents))
            self.world.scheduler.note("nemesis", f"lets {document} grow too large")
            store.overgrown.add(document)

    def mute_gateway(self, task: Task) -> None:
        """Let a gateway take messages for a while without an answer to any."""
        channel, dying = self.choice.choice(GATEWAYS), self.world.gateways.dying
        self.world.scheduler.note("nemesis", f"lets the gateway of {channel} take messages and say nothing")
        dying.add(channel)
        self.world.scheduler.after(self.within(8), lambda: dying.discard(channel))

    def come_to_rest(self) -> None:
        """Mend what only somebody can mend; the clocks stay off."""
        self.world.gateways.dying.clear()
        for group in self.world.groups.values():
            group.fetch_fails = 0
        for store in self.world.stores.values():
            store.loses_next = False
            store.take_back(self.world.clock.now())

    def rebalance(self, task: Task) -> None:
        """Deal the partitions of a service anew."""
        group = self.choice.choice(list(self.world.groups.values()))
        self.world.scheduler.note("nemesis", f"rebalances {group.name}")
        group.rebalance()

    def slow(self, task: Task) -> None:
        """Let one call take long, while everything else in the process goes on."""
        self.world.scheduler.note("nemesis", f"lets {task.name} wait")
        self.world.scheduler.delay(task, self.within(4))

    def step_down(self, task: Task) -> None:
        """Let no database step of a service succeed for a while; what has just happened has happened."""
        service = self.world.service_of(task)
        self.world.scheduler.note("nemesis", f"takes the database of {service} away")
        self.database_back_at[service] = self.world.clock.at + self.within(2)

    def broker_outage(self, task: Task) -> None:
        """Let nothing be published or committed for a while; part of a batch may be out already."""
        self.world.scheduler.note("nemesis", "takes the broker away")
        self.broker_back_at = self.world.clock.at + self.within(2)

    def take_topic_away(self, task: Task) -> None:
        """Let a topic that services have written to be missing for a while: what is for it must be held back."""
        written = {topic for (topic, _), log in self.world.broker.logs.items() if log}
        said_on = sorted(topic for topic in written if not topics.is_from_outside(topic))
        if not said_on:
            return
        topic = self.choice.choice(said_on)
        self.world.scheduler.note("nemesis", f"takes {topic} away")
        self.world.broker.refused[topic] = Obstacle.MISSING
        self.world.scheduler.after(self.within(20), lambda: self.world.broker.refused.pop(topic, None))

    def jump(self, task: Task) -> None:
        """Let the clock jump forward."""
        self.world.clock.at += self.within(30)
        self.world.scheduler.note("nemesis", f"moves the clock to {self.world.clock.at.time()}")

    def echo(self, task: Task) -> None:
        """Let an earlier record arrive once more; of a compacted topic the last one of its key."""
        logs = [log for log in self.world.broker.logs.values() if log]
        if not logs:
            return
        log = self.choice.choice(logs)
        record = self.choice.choice(log)
        if record.topic in topics.COMPACTED:
            record = [each for each in log if each.key == record.key][-1]
        self.world.scheduler.note("nemesis", f"repeats {record.topic}/{record.partition}/{record.offset}")
        self.world.broker.append(record.topic, record.key, record.value, record.headers)

    def within(self, seconds: float) -> timedelta:
        """Return a time up to so many seconds, in milliseconds, short ones as likely as long ones."""
        return timedelta(milliseconds=round(1000 * seconds ** self.choice.uniform(-1, 1)))
