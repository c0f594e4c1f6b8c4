"""Routing on the ports in memory, with the small city of the unit tests."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.routing.domain.ticket.state import Filed, Situation
from services.routing.handlers import RoutingHandler
from shared import topics
from shared.events import ComplaintAccepted, EventData
from shared.senders import sender_of
from tests.builders import TICKET, accepted, event
from tests.fakes.handler_harness import HandlerHarness
from tests.unit.routing.samples import CHANNEL, DISHUB, OFFICER, POLICY

LAMP = accepted(title="Lampu jalan mati", body="PJU padam sejak seminggu.")
DISHUB_TOPIC = topics.agency_topic("dishub")
DEAD = topics.dead_letter_topic("routing")

__all__ = ["CHANNEL", "DEAD", "DISHUB", "DISHUB_TOPIC", "LAMP", "OFFICER", "ServiceHarness"]


class ServiceHarness(HandlerHarness):
    """Routing, and whoever speaks to it; every saying has an id of its own unless one is given."""

    def __init__(self) -> None:
        super().__init__(RoutingHandler(POLICY))
        self.said = 0

    def complain(self, complaint: ComplaintAccepted = LAMP, id: str | None = None) -> None:
        self.publish_data(topics.ACCEPTED, complaint, "/tindak/intake", id)

    def ask(self, command: EventData, by: str = DISHUB, id: str | None = None) -> None:
        sender = sender_of(by)
        self.publish_data(sender.updates_topic if sender else topics.UPDATES, command, by, id)

    def publish_data(self, topic: str, data: EventData, source: str = "/tindak/sla", id: str | None = None) -> None:
        self.said += 1
        made = id or str(uuid5(NAMESPACE_URL, f"saying {self.said}"))
        self.publish(topic, event(data, id=made, at=self.clock.now(), source=source))

    def names(self, topic: str = topics.TICKETS) -> list[str]:
        """Return what was said on *topic*, by the middle of each type: ``routed``, ``answered``."""
        return [heard.type.split(".")[2] for heard in self.published(topic)]

    @property
    def state(self) -> Any:
        return self.store.documents[TICKET].state

    @property
    def situation(self) -> Situation:
        assert isinstance(self.state, Filed)
        return self.state.situation
