"""Those who run the services: they replay dead letters, change policies, roll out and mend a bug, recompute."""

import random
import zlib
from collections import defaultdict
from copy import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from services.sla.recompute import Recompute
from shared import topics
from shared.delivery.ports import Record
from shared.delivery.retry import retried
from shared.delivery.vitals import Vitals
from shared.events import Arrival, Event
from tests.builders import ticket_id
from tests.simulation import fleet
from tests.simulation.scheduler import Process, ProcessClock
from tindak.ops.dead_letters import DeadLetter

if TYPE_CHECKING:
    from tests.simulation.world import World
    from tindak.audit.ledger import Where

REPLAYED_AFTER_REST = (timedelta(), timedelta(seconds=8), timedelta(seconds=30))


BUG_PERCENTS = (15, 25, 35)
"""Of the events, so many meet the bug: far from half of them, at which a service stops reading."""


class PlantedBug(Exception):
    """What a bad release meets at some events."""


class Operator:
    """Does what somebody does who runs all this, at moments that the seed chooses."""

    def __init__(self, world: "World", choice: random.Random) -> None:
        self.world = world
        self.choice = choice
        self.job = Recomputation(world)
        self.replayed: set[Where] = set()
        self.sound: dict[str, type[Any]] = {}

    def begin(self, until_seconds: float) -> None:
        """Choose what to do, and when."""
        choice = self.choice
        chores = (self.replay_some, self.change_policy, self.recompute, self.release_a_bug)
        for chore in chores:
            for _ in range(choice.choice((0, 0, 1, 2) if chore != self.release_a_bug else (0, 1, 1, 2))):
                wait_for = timedelta(milliseconds=choice.randint(300, int(1000 * until_seconds)))
                self.world.scheduler.after(wait_for, chore)

    def note(self, what: str) -> None:
        self.world.scheduler.note("operator", what)

    def replay_some(self) -> None:
        """Replay some dead letters, whatever they are, some of them twice."""
        service = self.choice.choice(list(self.world.handlers))
        letters = [letter for letter in self.letters(service) if DeadLetter(letter).is_whole]
        for letter in self.choice.sample(letters, min(len(letters), 3)):
            for _ in range(self.choice.choice((1, 1, 2))):
                self.replay(letter)

    def replay(self, record: Record) -> None:
        """Write a dead letter on the topic of its service's replays, as `tindak dlq replay` does."""
        again = DeadLetter(record).replay()
        self.note(f"replays {again.id}")
        key = None if again.key is None else again.key.encode(errors="surrogateescape")
        self.world.broker.append(again.topic, key, again.value, again.headers)

    def letters(self, service: str) -> list[Record]:
        return self.world.broker.topic(topics.dead_letter_topic(service))

    def change_policy(self) -> None:
        """Let the policy of a service change; each of its processes notices in its own time."""
        service = self.choice.choice(list(self.world.handlers))
        rules = self.choice.choice(fleet.editions()[service])
        self.note(f"changes the policy of {service}")
        taker: Any = self.world.handlers[service]
        taker.use_policy(rules)
        taking: list[Any] = [replica.handler for replica in self.world.replicas if replica.service == service]
        for handler in taking:
            self.world.scheduler.after(self.world.nemesis.within(3), lambda h=handler: h.use_policy(rules))  # type: ignore[misc]

    def recompute(self) -> None:
        """Time all running clocks anew, as one does after a change of policy."""
        self.note("recomputes")
        self.job.begin()

    def release_a_bug(self) -> None:
        """Roll out a release of one service that fails at some events; it is mended after a while."""
        # Most of all in sla, whose rules are the ones that must not mind in which order a ticket's history is heard.
        (service,) = self.choice.choices(("intake", "routing", "sla", "notify"), (1, 2, 6, 2))
        if service not in self.sound:
            self.note(f"releases a bug in {service}")
            self.sound[service] = type(self.world.handlers[service])
            self.roll_out(service, failing(self.sound[service], self.choice.choice(BUG_PERCENTS)))
            self.world.scheduler.after(
                timedelta(milliseconds=self.choice.randint(500, 8000)), lambda: self.mend(service)
            )

    def mend(self, service: str) -> None:
        """Roll out a release without the bug."""
        if service in self.sound:
            self.roll_out(service, self.sound.pop(service))

    def roll_out(self, service: str, release: type[Any]) -> None:
        """Let all processes of a service end, and start again with another release."""
        handler: Any = self.world.handlers[service]
        handler.__class__ = release
        for replica in self.world.replicas:
            if replica.service == service and replica.process.tasks:
                self.world.crash(replica.process, timedelta(milliseconds=self.choice.randint(1, 300)))

    def come_to_rest(self) -> None:
        """Mend what is broken, and replay once more what it has cost."""
        for service in self.world.handlers:
            self.mend(service)
        for wait_for in REPLAYED_AFTER_REST:
            self.world.scheduler.after(wait_for, self.replay_bugs)

    def replay_bugs(self) -> None:
        """Replay each dead letter that only a bug, or a document in quarantine, has made one."""
        for service in self.world.handlers:
            for record in self.letters(service):
                where = (record.topic, record.partition, record.offset)
                if is_ours_to_mend(record) and where not in self.replayed:
                    self.replayed.add(where)
                    self.replay(record)

    def quarantined(self) -> tuple[set["Where"], dict[str, set[str]]]:
        """Return where the records first lay at which the bug was met, and by service which tickets they concern."""
        where: set[Where] = set()
        tickets: dict[str, set[str]] = defaultdict(set)
        for service in self.world.handlers:
            for record in filter(is_ours_to_mend, self.letters(service)):
                said = dict(record.headers)
                place = (said["dlq-topic"].decode(), int(said["dlq-partition"]), int(said["dlq-offset"]))
                where.add(place)
                tickets[service].add(ticket_of(record))
        return where, tickets


def ticket_of(record: Record) -> str:
    """Return the ticket that a readable record is about."""
    data = {} if record.value is None else orjson.loads(record.value)["data"]
    if "channel" in data and "ticket_id" not in data:
        return ticket_id(data["channel"], data["source_id"])
    return str(data.get("ticket_id") or (record.key or b"").decode())


def failing(sound: type[Any], percent: int) -> type[Any]:
    """Return the rules of a release that fails at so many of a hundred events."""

    def decide(self: Any, state: Any, event: Event, arrival: Arrival) -> Any:
        if zlib.crc32(event.id.encode()) % 100 < percent:
            raise PlantedBug
        return sound.decide(self, state, event, arrival)

    return type(f"Failing{sound.__name__}", (sound,), {"decide": decide})


def is_ours_to_mend(record: Record) -> bool:
    """Return whether a dead letter is one because of the bug that was planted, or waits for a document."""
    said = dict(record.headers)
    return said["dlq-error"].startswith(PlantedBug.__name__.encode()) or "dlq-document" in said


class Recomputation:
    """The job that times all running clocks anew: a process of its own, which is begun again when it was killed."""

    service = "sla"
    member = None

    def __init__(self, world: "World") -> None:
        self.world = world
        self.process = Process("sla/recompute")
        self.clock = ProcessClock(world.clock)
        self.is_wanted = False

    def begin(self) -> None:
        """Begin, if it does not run already."""
        self.is_wanted = True
        self.start()

    def start(self) -> None:
        """Begin again, if it was killed before it had ended."""
        if self.is_wanted and not self.process.tasks:
            self.world.scheduler.start(self.process, "recomputes", self.run())

    async def run(self) -> None:
        """Recompute under the policy that holds now."""
        world = self.world
        # A copy: a job keeps the rules with which it began, whatever policy holds later.
        handler, store = copy(world.handlers["sla"]), world.stores["sla"]
        job = Recompute(handler, store, world.broker, self.clock, batch_max=2)  # type: ignore[arg-type]
        await retried(job.run, self.clock, Vitals(), world.choice, "recompute")
        self.is_wanted = False
