"""All four services over one broker in memory, by the shipped policy."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from services.intake.handlers import IntakeHandler
from services.intake.policy import load_intake
from services.routing.handlers import RoutingHandler
from services.routing.policy import load_routing
from services.sla.handlers import SlaHandler
from services.sla.policy import load_sla
from shared import topics
from shared.events import Command
from shared.senders import sender_of
from shared.values import replace
from tests.builders import IDS, event
from tests.component.notify.harness import ServiceHarness as NotifyHarness
from tests.fakes.handler_harness import HandlerHarness
from tests.fakes.reports import MemoryReports
from tests.sealing import SEALER
from tests.unit.notify.samples import POLICY
from tindak.audit import Check, audit

SHIPPED = Path(__file__).parents[2] / "policy"
ROUTING = load_routing(SHIPPED)
WEB, OFFICER = "/channels/web", "/officers/triage"


class City:
    """All four services over one broker; ``ask`` says something and lets everybody hear all that follows."""

    def __init__(self) -> None:
        # Time stands still between two words, so nothing would be told of what is gathered.
        self.notify = NotifyHarness(replace(POLICY.rules, window_for=timedelta()))
        self.broker, self.clock = self.notify.broker, self.notify.clock
        self.routing = self.harness(RoutingHandler(ROUTING))
        self.sla = self.harness(SlaHandler(load_sla(SHIPPED)))
        reports = MemoryReports()
        intake = self.harness(IntakeHandler(load_intake(SHIPPED), IDS, SEALER, find=reports.tickets_of), reports)
        self.harnesses = (intake, self.routing, self.sla, self.notify)

    def harness(self, handler: Any, store: Any = None) -> HandlerHarness:
        made = HandlerHarness(handler, store, self.clock.at)
        made.broker, made.clock = self.broker, self.clock
        made.restart()
        return made

    async def receive(self, topic: str, data: Any, source: str) -> None:
        self.notify.publish(topic, event(data, source=source, at=self.clock.now()))
        await self.settle()

    async def say_of_clock(self, data: Any) -> None:
        """Let sla say something of a clock, to everybody and to routing."""
        said = event(data, source="/tindak/sla", at=self.clock.now())
        for topic in (topics.SLA, topics.FOR_ROUTING):
            self.notify.publish(topic, said)
        await self.settle()

    async def settle(self) -> None:
        """Let everybody hear everything, and send what is to be sent."""
        size = -1
        while size != (size := sum(map(len, self.broker.logs.values()))):
            for harness in self.harnesses:
                await harness.work()
            await self.notify.send()

    async def ask(self, *asked: tuple[str, Command]) -> None:
        for source, command in asked:
            sender = sender_of(source)
            assert sender is not None
            await self.receive(sender.updates_topic, command, source)

    async def pass_time(self, passed: timedelta) -> None:
        """Let *passed* go by; whenever a clock is due, sla looks, and everybody hears what follows."""
        until = self.clock.now() + passed
        while (
            due_at := min((one.due_at for one in self.sla.store.documents.values() if one.due_at), default=until)
        ) < until:
            self.clock.at = max(due_at, self.clock.at)
            await self.sla.loop.sweep()
            await self.settle()
        self.clock.at = until

    def situation(self, ticket: str) -> str:
        kind: str = self.routing.store.documents[ticket].state.situation.kind
        return kind

    def letters(self) -> list[str]:
        """Return the subjects of what the reporter was sent."""
        return [message.subject for message in self.notify.email.given if message.role == "reporter"]

    def findings(self) -> list[str]:
        records = [record for log in self.broker.logs.values() for record in log]
        documents = {harness.handler.service: harness.store.documents.values() for harness in self.harnesses}
        return [str(found) for found in audit(records, documents, checks=set(Check) - {Check.SETTLED})]
