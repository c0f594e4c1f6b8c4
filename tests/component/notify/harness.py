"""Notify on the ports in memory, with a channel that remembers what it was given."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from services.notify.channels import Channel, Message
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Situation
from services.notify.domain.notices import Rules
from services.notify.domain.outcomes import Deferred, Delivered, HandedOver, Refused, Setback
from services.notify.exporter import Exporter
from services.notify.handlers import NotifyHandler
from services.notify.messages.renderer import MessageRenderer
from services.notify.sending.sender import Sender
from services.notify.store import STATE
from shared import topics
from shared.delivery.ports import Publisher
from shared.events import ContactSealed, DeliveryFact, Event, NotificationSent, TicketRouted
from shared.ids import tracking_id
from shared.seal import Contact
from tests.builders import TICKET, TRACKING, accepted, event, ticket_id
from tests.fakes.handler_harness import NOON, HandlerHarness
from tests.sealing import OPENER, SEALER
from tests.unit.notify.samples import POLICY, contact, notice, rules, said

ACCEPTED = topics.ACCEPTED, event(accepted())
CONTACT = topics.CONTACTS, event(contact(), at=NOON)
ROUTED = topics.TICKETS, event(said(TicketRouted))
TWO = rules(notice(), notice(code="routed", on=TicketRouted.TYPE, to=("liaison",), template="agency_new_ticket"))

SEND_WITHIN = timedelta(seconds=20)

Meanwhile = Callable[[Message], Awaitable[None]]


Fault = Exception | Callable[[str], HandedOver]
"""What is raised, or makes of the channel's name what is returned."""


def puts_off(error: str, setback: Setback = Setback.MESSAGE) -> Fault:
    """Return the fault of a message that may go out later."""
    return lambda channel: Deferred(channel, error, setback)


def refuses(error: str) -> Fault:
    """Return the fault of a message that never goes out this way."""
    return lambda channel: Refused(channel, error)


async def nothing(_: Message) -> None:
    """Let nothing happen meanwhile."""


class RecordingChannel:
    """Takes every message, unless *faults* holds one for it; *meanwhile* happens while it takes it."""

    send_within = SEND_WITHIN

    def __init__(self, *faults: Fault | None, meanwhile: Meanwhile = nothing) -> None:
        self.faults = list(faults)
        self.meanwhile = meanwhile
        self.given: list[Message] = []

    async def send(self, message: Message) -> HandedOver:
        self.given.append(message)
        await self.meanwhile(message)
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Exception):
            raise fault
        return fault(message.channel) if fault else Delivered(message.channel, f"<{message.id}@tangsel.example>")

    async def close(self) -> None:
        """Nothing is open."""


class ServiceHarness(HandlerHarness):
    """A harness with a sender; ``send`` lets it do all that is due, ``email`` is its one channel."""

    def __init__(
        self,
        rules: Rules = POLICY.rules,
        email: RecordingChannel | None = None,
        store: Any = None,
        **channels: Channel,
    ) -> None:
        super().__init__(NotifyHandler(rules, Exporter(OPENER)), store)
        self.email = email or RecordingChannel()
        self.channels: dict[str, Channel] = {"email": self.email, **channels}
        self.sender = self.new_sender()

    def new_sender(self, publisher: Publisher | None = None, **options: Any) -> Sender:
        """Return one more process that sends."""
        renderer = options.pop("renderer", None) or MessageRenderer(POLICY, OPENER)
        ports = self.handler, self.store, publisher or self.broker, self.clock
        return Sender(*ports, renderer, self.channels, **{"documents_max": 200} | options)

    def report(self, number: int, **reporter: Any) -> str:
        """Say one more accepted report and its contact; return the ticket's id."""
        ticket = ticket_id("web", str(number))
        sealed, key_id = SEALER.seal_contact(ticket, Contact.model_validate({"channel": "web"} | reporter))
        said = ContactSealed(ticket_id=ticket, sealed=sealed, locale="id", key_id=key_id, scheme="hpke")
        self.publish(topics.CONTACTS, event(said))
        self.publish(topics.ACCEPTED, event(accepted(ticket_id=ticket, tracking_id=tracking_id(ticket))))
        return ticket

    async def send(self) -> None:
        while await self.sender.sweep():
            pass

    async def send_in_time(self) -> None:
        """Do all that will ever be due, each when it is."""
        while True:
            await self.send()
            held = [self.handler.due_at(document.state) for document in self.store.documents.values()]
            due = [at for at in held if at is not None]
            if not due:
                return
            self.clock.at = max(self.clock.at, min(due))

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
        said = {event.id: event.data for event in self.published(topics.DELIVERIES)}
        return [data for data in said.values() if isinstance(data, DeliveryFact)]


async def told(*messages: tuple[str, Event], **options: Any) -> ServiceHarness:
    """Return a harness that has heard *messages*, by default a contact and its accepted report."""
    harness = ServiceHarness(**({"rules": rules()} | options))
    for message in messages or (CONTACT, ACCEPTED):
        harness.publish(*message)
    await harness.work()
    return harness


def about(harness: ServiceHarness) -> dict[str, Any]:
    """Return what every fact about the first delivery holds."""
    return {
        "ticket_id": TICKET, "tracking_id": TRACKING, "delivery_id": harness.state.deliveries[0].id,
        "notice": "accepted", "recipient_role": "reporter",
    }  # fmt: skip


def sent(harness: ServiceHarness, attempt: int = 1, channel: str = "email") -> NotificationSent:
    """Return the fact that the first delivery was sent."""
    provider_id = f"<{harness.state.deliveries[0].id}@tangsel.example>" if channel == "email" else None
    return NotificationSent(**about(harness), channel=channel, attempt=attempt, provider_id=provider_id)
