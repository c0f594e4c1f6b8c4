"""Which topics notify hears and which rule decides; never sends anything."""

from datetime import datetime

from services.notify.domain.attempts import conclude, tick
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.decide import decide, document_of
from services.notify.domain.deliveries import Outcome, Sending
from services.notify.domain.notices import Rules
from shared import topics
from shared.delivery.ports import Record
from shared.events import Applied, Arrival, Decision, Event, Ignored, Refused, UnreadableEvent


class NotifyHandler:
    """The rules of notify, as the runner, the time loop and the sender call them."""

    service = "notify"
    topics: tuple[str, ...] = (
        topics.CONTACTS, topics.ACCEPTED, topics.TICKETS, topics.SLA, topics.WARNINGS, topics.BREACHES,
        topics.replay_topic("notify"),
    )  # fmt: skip
    keeps_answers = False

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def use_policy(self, rules: Rules) -> None:
        """Decide by *rules* from now on."""
        self.rules = rules

    def key_of(self, event: Event) -> str:
        """Return the ticket id; for a part that of the whole."""
        return document_of(event)

    def decide(self, state: Correspondence | None, event: Event, arrival: Arrival) -> Decision[Correspondence]:
        """Return what is known and who is to be told from now on."""
        return decide(state, event, arrival, self.rules)

    def refuse(self, record: Record, arrival: Arrival, fault: UnreadableEvent) -> Refused:
        """Return nothing to say: what is no event on our own topics goes to the dead letters."""
        return Refused()

    def due_at(self, state: Correspondence) -> datetime | None:
        """Return when the first delivery needs attention."""
        return min((at for delivery in state.deliveries if (at := delivery.attention_at)), default=None)

    def expires_at(self, state: Correspondence) -> datetime | None:
        """Return None: a document is kept for good."""
        return None

    def tick(self, state: Correspondence, now: datetime) -> Applied[Correspondence]:
        """Return what has come due; what is to be sent is leased to whoever saves this decision."""
        return tick(state, self.rules, now)

    def conclude(
        self, state: Correspondence, delivery_id: str, lease: Sending, outcome: Outcome, now: datetime
    ) -> Applied[Correspondence] | Ignored[Correspondence]:
        """Return what follows from how the attempt to send under *lease* ended."""
        return conclude(state, delivery_id, lease, outcome, self.rules, now)
