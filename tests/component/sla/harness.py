"""Sla on the ports in memory, with the rules and facts of the unit tests."""

from collections import Counter
from datetime import datetime
from typing import Any

from services.sla.domain.rules import SlaRules
from services.sla.handlers import SlaHandler
from shared import topics
from shared.delivery.time_loop import TimeLoop
from shared.events import ComplaintAccepted, Event, TicketFact
from tests.builders import TICKET, event
from tests.fakes.handler_harness import HandlerHarness
from tests.unit.sla.cases import RULES, accepted, routed
from tests.unit.working_time.calendars import at

PUBLISHED_ON = (topics.SLA, topics.WARNINGS, topics.BREACHES)
DEAD = topics.dead_letter_topic("sla")
COMPLAINT = accepted("2026-04-06 08:00")
ROUTED = routed(1, "2026-04-06 09:00")


class SlaHarness(HandlerHarness):
    """Sla, and those whom it hears; its clock starts when the first complaint comes."""

    def __init__(self, rules: SlaRules = RULES) -> None:
        super().__init__(SlaHandler(rules), at=at("2026-04-06 08:00"))

    def receive(self, *heard: ComplaintAccepted | TicketFact) -> None:
        """Let others say this, each on its own topic."""
        for data in heard:
            if isinstance(data, ComplaintAccepted):
                self.publish(topics.ACCEPTED, event(data, at=data.accepted_at))
            else:
                self.publish(topics.TICKETS, event(data, at=data.at))

    async def wait_until(self, when: str, *loops: TimeLoop[Any]) -> None:
        """Let time pass; whenever a ticket is due, each of *loops* looks once (by default this service's own)."""
        until = at(when)
        while (due_at := self.due_at) is not None and due_at <= until:
            self.clock.at = max(due_at, self.clock.at)
            for loop in loops or (self.loop,):
                await loop.sweep()
        self.clock.at = until

    @property
    def due_at(self) -> datetime | None:
        return min((one.due_at for one in self.store.documents.values() if one.due_at), default=None)

    @property
    def state(self) -> Any:
        return self.store.documents[TICKET].state

    def everything(self) -> list[Event]:
        """Return all that was said, topic by topic."""
        return [heard for topic in PUBLISHED_ON for heard in self.published(topic)]

    def names(self, topic: str) -> list[str]:
        """Return what was said on *topic*, as ``respond started`` or ``resolve breached``."""
        return [f"{data.clock} {data.TYPE.split('.')[2].removeprefix('clock_')}" for data in self.data(topic)]

    def published_twice(self) -> set[str]:
        """Return the ids that lie on the topics more often than once."""
        return {id for id, count in Counter(heard.id for heard in self.everything()).items() if count > 1}
