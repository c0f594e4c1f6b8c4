"""All services, their servers and their surroundings in one process, under one scheduler."""

import random
from collections.abc import Coroutine
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from shared.delivery.documents.cache import CachedStore
from shared.delivery.documents.document import Document
from shared.delivery.handler import Handler
from shared.delivery.ports import Record
from shared.delivery.retry import retried
from shared.delivery.runner import BatchRunner
from shared.delivery.vitals import Vitals
from tests.fakes.handler_harness import NOON
from tests.simulation import checks, fleet
from tests.simulation.cast import Cast
from tests.simulation.faults import Nemesis
from tests.simulation.gateways import Gateways, Provider, RecordingHouse
from tests.simulation.links import Links
from tests.simulation.operations import Operator, Recomputation
from tests.simulation.outbox import Outbox
from tests.simulation.outsider import Outsider
from tests.simulation.ports import Group, Member, SimBroker
from tests.simulation.recipients import Recipients, SimAddressBook
from tests.simulation.requests import Requests
from tests.simulation.scheduler import Process, ProcessClock, Scheduler, SimClock, Sleep, Task, Wait, give_way

REPLICAS = 2
TROUBLE_SECONDS = (4.0, 25.0)
RELAY_AFTER = timedelta(seconds=10)


class Replica:
    """One process of a service: it reads, and it does what time brings. All that it knows but the time dies with it."""

    def __init__(self, world: "World", service: str, number: int) -> None:
        self.world = world
        self.service = service
        self.number = number
        self.process = Process(f"{service}/{number}")
        self.clock = ProcessClock(world.clock)
        self.start()

    def start(self) -> None:
        """Start with an empty memory."""
        world, service = self.world, self.service
        self.handler = handler = copy(world.handlers[service])
        self.store = store = CachedStore[Any](world.store_of(self), self.clock)
        vitals = Vitals()
        self.member = Member(world.groups[service], store.clear)
        self.runner = BatchRunner(handler, store, world.broker, self.clock, vitals=vitals, jitter=world.choice)
        world.scheduler.start(self.process, "reads", self.read())
        loops = fleet.loops(
            handler, self.member, store, self.clock, world.gateways, world.addresses, vitals, self.runner.published
        )
        for name, work in loops.items():
            world.scheduler.start(self.process, name, self.repeat(name, work, vitals))

    async def read(self) -> None:
        """Handle one batch after the other."""
        choice, world = self.world.choice, self.world
        while True:
            if world.is_calm or choice.random() < 0.8:
                self.member.notice()
            batch = self.member.poll(1 if world.is_calm else 0.6)
            if batch.records:
                await give_way("read")
                await self.runner.handle(batch)
                world.noticed += [f"[offsets] {self.process.name} {what}" for what in batch.left_behind()]
            elif self.member.unread():
                await give_way("poll")
            else:
                await give_way(Wait(("records", self.service)))

    async def repeat(self, name: str, work: Any, vitals: Vitals) -> None:
        """Do what is due, through every outage, for ever."""
        world = self.world
        while True:
            found = await retried(work, self.clock, vitals, world.choice, name)
            if found:
                await give_way("again")
            elif world.is_calm:
                await give_way(Wait(("due", self.service)))
            else:
                await give_way(Sleep(world.clock.at + timedelta(milliseconds=world.choice.randint(200, 2000))))


class World:
    """One run: a script of people, a schedule, and what goes wrong.

    Args:
        seed: Decides the schedule and the faults.
        script: Decides what people write, whatever the schedule.
        calm: Nothing goes wrong.
    """

    def __init__(self, seed: int, script: int, *, calm: bool = False) -> None:
        self.choice = random.Random(seed)
        self.clock = SimClock(NOON)
        self.scheduler = Scheduler(self.choice, self.clock, pass_time=self.pass_time)
        self.broker = SimBroker(self.clock, 2, give_way, choice=self.choice, heard=self.heard, spawn=self.spawn)
        self.stores = self.collections()
        self.handlers: dict[str, Handler[Any]] = fleet.handlers(self.choice, self.stores, self.clock)
        notify: Any = self.handlers["notify"]
        self.addresses = SimAddressBook()
        self.recipients = Recipients(self.task, self.addresses)
        self.outbox = Outbox(
            self.recipients,
            self.holder,
            self.latest,
            lambda ticket: self.stores["notify"].documents.get(ticket),
            notify.rules.wait_for,
        )
        for service, store in self.stores.items():
            store.written = partial(self.written, service)
        self.stores["notify"].seen = self.recipients.read
        self.provider = Provider(self, self.choice)
        self.gateways = Gateways(self.choice, self.outbox, self.provider)
        notify.house = RecordingHouse(self.gateways)
        self.groups = {
            service: Group(service, fleet.topics_of(handler), self.broker, self.choice, self.wake_readers)
            for service, handler in self.handlers.items()
        }
        self.readers = {
            topic: [service for service, handler in self.handlers.items() if topic in fleet.topics_of(handler)]
            for handler in self.handlers.values()
            for topic in fleet.topics_of(handler)
        }
        self.is_calm = False
        self.noticed: list[str] = []
        self.cast = Cast(script, self.choice, self.broker, self.scheduler.after)
        self.requests = Requests()
        self.cast.links = Links(self, self.choice)
        self.outsider = Outsider(script, self.choice, self.broker, self.scheduler.after)
        self.replicas = [Replica(self, service, n + 1) for service in self.handlers for n in range(REPLICAS)]
        self.nemesis = Nemesis(self, self.choice)
        trouble_seconds = self.choice.uniform(*TROUBLE_SECONDS)
        self.operator = Operator(self, self.choice)
        everybody: list[Replica | Recomputation] = [*self.replicas, self.operator.job]
        self.by_process = {one.process: one for one in everybody}
        if calm:
            self.come_to_rest()
        else:
            self.scheduler.disturb = self.nemesis.disturb
            self.nemesis.skew()
            self.operator.begin(trouble_seconds)
            self.scheduler.after(timedelta(seconds=trouble_seconds), self.come_to_rest)

    def run(self) -> list[str]:
        """Run until nothing happens any more; return what is not as it must be."""
        self.cast.begin()
        self.outsider.begin()
        try:
            self.scheduler.run()
        finally:
            for process in self.by_process:
                self.scheduler.end(process)
        return list(checks.findings(self))

    def collections(self) -> dict[str, Any]:
        """Return an empty collection for each service."""
        return fleet.stores()

    def store_of(self, replica: Replica) -> Any:
        """Return the collection as a replica sees it."""
        return self.stores[replica.service]

    def heard(self, record: Record) -> None:
        """Let those go on who read this topic, and people react."""
        for service in self.readers.get(record.topic, ()):
            self.wake_readers(service)
        self.requests.hear(record)
        self.cast.hear(record)
        self.outsider.hear(record)

    def written(self, service: str, before: Document[Any] | None, after: Document[Any]) -> None:
        """Notice what a save drops from a document before it lies on its topic."""
        if service == "notify":
            self.outbox.written(before, after)
        for event in checks.dropped(before, after) if before is not None else ():
            if (event.topic, event.id) not in self.broker.published:
                self.noticed.append(f"[dropped] {service} no longer holds {event.id} on {event.topic}, where it is not")

    def running(self) -> Process:
        """Return the process that is running."""
        return self.task().process

    def spawn(self, work: Coroutine[Any, None, None]) -> None:
        """Let the process that is running begin some further work."""
        self.scheduler.start(self.running(), "spawned", work)

    def task(self) -> Task:
        """Return the task that is running."""
        assert self.scheduler.running is not None
        return self.scheduler.running

    def holder(self) -> tuple[str, int]:
        """Return which process is running, and which of its lives."""
        process = self.running()
        return process.name, process.life

    def latest(self) -> datetime:
        """Return the latest time that the running process has seen on its clock."""
        clock = self.by_process[self.running()].clock
        return max(clock.latest, clock.now())

    def wake_readers(self, service: str) -> None:
        self.scheduler.wake(("records", service))

    def service_of(self, task: Task) -> str:
        return self.by_process[task.process].service

    def crash(self, process: Process, back_in: timedelta) -> None:
        """Let a process die, and start it again later."""
        replica = self.by_process[process]
        self.scheduler.end(process)
        if (member := replica.member) is not None:
            self.scheduler.after(back_in * self.choice.random(), lambda: member.group.leave(member))
        self.scheduler.after(back_in, lambda: self.revive(replica))

    def revive(self, replica: Replica | Recomputation) -> None:
        if not replica.process.tasks:
            self.scheduler.note(replica.process.name, "starts again")
            replica.start()

    def freeze(self, process: Process, thaw_in: timedelta) -> None:
        """Let a process stand still while its group goes on without it."""
        process.frozen = True
        if (member := self.by_process[process].member) is not None:
            member.group.leave(member)
        self.scheduler.after(thaw_in, lambda: self.thaw(process))

    def thaw(self, process: Process) -> None:
        if process.frozen:
            self.scheduler.note(process.name, "goes on")
            process.frozen = False
        self.scheduler.wake(process)

    def come_to_rest(self) -> None:
        """Let nothing go wrong from now on."""
        self.is_calm = self.nemesis.is_over = True
        self.gateways.refuses = False
        self.broker.refused.clear()
        self.scheduler.note("nemesis", "has had enough")
        self.nemesis.come_to_rest()
        self.operator.come_to_rest()
        for process, replica in self.by_process.items():
            self.thaw(process)
            self.revive(replica)
        for service, group in self.groups.items():
            living = {replica.member for replica in self.replicas}
            for member in [member for member in group.members if member not in living]:
                group.leave(member)
            self.wake_readers(service)

    def pass_time(self, next_alarm: datetime | None) -> bool:
        """Move the clock to when a document is due, if that is before the next alarm; return whether it is."""
        due = {service: at for service, store in self.stores.items() if (at := self.next_at(service)) is not None}
        if not due:
            return False
        service = min(due, key=lambda service: due[service])
        if next_alarm is not None and next_alarm < due[service]:
            return False
        self.clock.at = max(self.clock.at, due[service])
        self.scheduler.wake(("due", service))
        return True

    def next_at(self, service: str) -> datetime | None:
        """Return when time must look at a document of *service*, if anybody waits for that."""
        if ("due", service) not in self.scheduler.waiting:
            return None
        store = self.stores[service]
        left_at = store.next_pending_at()
        # Whoever is behind the time sees that it has come only later.
        behind = max(timedelta(), *(-replica.clock.off_by for replica in self.replicas if replica.service == service))
        return min((at + behind for at in (store.next_due_at(), left_at and left_at + RELAY_AFTER) if at), default=None)
