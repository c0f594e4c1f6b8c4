"""Notify on the ports in memory, with a channel that remembers what it was given."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from services.notify.channels import Channel, Message
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Situation
from services.notify.domain.notices import Rules
from services.notify.handlers import NotifyHandler
from services.notify.letters.writing import Letters
from services.notify.sender import Sender
from services.notify.store import STATE
from shared import topics
from shared.delivery.ports import Publisher
from shared.events import DeliveryFact
from tests.builders import TICKET
from tests.fakes.bench import Workbench
from tests.unit.notify.samples import POLICY, SEALER

Meanwhile = Callable[[Message], Awaitable[None]]


async def nothing(_: Message) -> None:
    """Let nothing happen meanwhile."""


class FakeChannel:
    """Takes every message, unless *faults* holds one for it; *meanwhile* happens while it takes it."""

    def __init__(self, *faults: Exception | None, meanwhile: Meanwhile = nothing) -> None:
        self.faults = list(faults)
        self.meanwhile = meanwhile
        self.given: list[Message] = []

    async def send(self, message: Message) -> str | None:
        self.given.append(message)
        await self.meanwhile(message)
        if self.faults and (fault := self.faults.pop(0)):
            raise fault
        return f"<{message.id}@tangsel.example>"

    async def close(self) -> None:
        """Nothing is open."""


class Desk(Workbench):
    """A workbench with a sender; ``send`` lets it do all that is due, ``email`` is its one channel."""

    def __init__(self, rules: Rules = POLICY.rules, email: FakeChannel | None = None, **channels: Channel) -> None:
        super().__init__(NotifyHandler(rules))
        self.email = email or FakeChannel()
        self.channels: dict[str, Channel] = {"email": self.email, **channels}
        self.sender = self.new_sender()

    def new_sender(self, publisher: Publisher | None = None) -> Sender:
        """Return one more process that sends."""
        return Sender(
            self.handler, self.store, publisher or self.broker, self.clock, Letters(POLICY, SEALER), self.channels
        )

    async def send(self) -> None:
        while await self.sender.sweep():
            pass

    def pass_time(self, passed: timedelta) -> None:
        self.clock.at += passed

    @property
    def state(self) -> Correspondence:
        """The ticket's state, as it comes back from a database."""
        return STATE.validate_python(STATE.dump_python(self.store.documents[TICKET].state, mode="json"))

    @property
    def situations(self) -> list[Situation]:
        return [delivery.situation for delivery in self.state.deliveries]

    @property
    def facts(self) -> list[DeliveryFact]:
        """What was said about deliveries, each event once."""
        said = {event.id: event.data for event in self.heard(topics.DELIVERIES)}
        return [data for data in said.values() if isinstance(data, DeliveryFact)]
