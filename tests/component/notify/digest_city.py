"""Notify with the sender of digests, over ports in memory."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any

from services.notify.channels import Message
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.digests.schedule import Digests
from services.notify.domain.notices import Rules
from services.notify.domain.sending.timing import DigestTimes
from services.notify.messages.renderer import MessageRenderer
from services.notify.sending.digests import DigestSender
from services.notify.store import DIGESTS
from shared import topics
from shared.delivery.ports import TransientError
from shared.events import ClockBreached, ClockFact, ClockMet, ClockWarned, EventData, SlaClock, TicketRouted
from shared.ids import tracking_id
from shared.values import replace
from tests.builders import event
from tests.component.notify.harness import ServiceHarness
from tests.fakes.memory import MemoryStore
from tests.sealing import OPENER
from tests.unit.notify.samples import LATER, MORNINGS, POLICY, said, started

LIAISON = ("dishub", "liaison")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def choosing(digests: dict[tuple[str, str], DigestTimes] | None = None) -> Rules:
    """Return the shipped rules, by which the liaison of dishub gets digests."""
    return replace(POLICY.rules, digests={LIAISON: MORNINGS} if digests is None else digests)


class MemoryTickets:
    """The tickets of all agencies; *is_out* while the database is out of reach."""

    def __init__(self, store: MemoryStore[Correspondence]) -> None:
        self.store = store
        self.is_out = False

    async def of_agency(self, agency: str, gathered_after: datetime) -> AsyncGenerator[Correspondence, None]:
        if self.is_out:
            raise TransientError("no primary")
        for document in list(self.store.documents.values()):
            if document.state is not None:
                yield document.state


class DigestCity(ServiceHarness):
    """A harness that sends digests, too."""

    def __init__(self, rules: Rules | None = None, **options: Any) -> None:
        super().__init__(rules or choosing(), **options)
        self.digests: MemoryStore[Digests] = MemoryStore()
        self.tickets = MemoryTickets(self.store)
        self.digest_sender = self.new_digest_sender()

    def new_digest_sender(self, **options: Any) -> DigestSender:
        """Return one more process that sends digests."""
        store: Any = self.digests
        renderer = MessageRenderer(POLICY, OPENER)
        return DigestSender(self.handler, store, self.tickets, renderer, self.channels, self.clock, **options)

    async def look(self) -> None:
        """Let the sender look for digests once."""
        await self.digest_sender.sweep()

    async def at(self, instant: datetime) -> None:
        """Let all happen that is due by *instant*, digests last."""
        self.clock.at = instant
        await self.work()
        await self.send()
        await self.look()

    async def tell(self, ticket: str, *told: EventData) -> None:
        """Say something of a ticket, and let it be heard and sent."""
        for data in told:
            about = data.model_copy(update={"ticket_id": ticket, "tracking_id": tracking_id(ticket)})
            of_clocks = topics.SLA if isinstance(data, ClockFact) else topics.TICKETS
            topic = {ClockWarned: topics.WARNINGS, ClockBreached: topics.BREACHES, ClockMet: topics.SLA}
            self.publish(topic.get(type(data), of_clocks), event(about))
        await self.work()
        await self.send()

    def letters(self, role: str = "liaison") -> list[Message]:
        """Return what a post got."""
        return [message for message in self.email.given if message.role == role]

    @property
    def kept(self) -> Digests:
        """What is kept of the digests of the liaison of dishub, as it comes back from a database."""
        state = self.digests.documents["dishub:liaison"].state
        assert state is not None
        return DIGESTS.validate_python(DIGESTS.dump_python(state, mode="json"))


async def city(tickets: int = 1, **options: Any) -> tuple[DigestCity, list[str]]:
    """Return notify once dishub has chosen digests and got so many new tickets."""
    made = DigestCity(**options)
    await made.look()
    made.pass_time(MINUTE)
    reported = [made.report(number) for number in range(tickets)]
    for ticket in reported:
        await made.tell(ticket, said(TicketRouted), started(SlaClock.RESPOND, at=made.clock.now()))
        await made.tell(ticket, started(SlaClock.RESOLVE, due_at=LATER + DAY))
    return made, reported
