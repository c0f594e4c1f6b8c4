"""What the channels were asked to send, and under which lease: watches the senders, and audits them at rest."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from services.notify.channels import Message
from services.notify.domain.correspondence import Correspondence, Sealed
from services.notify.domain.deliveries import BY_OFFICER, REPORTER, Due, Failed, Sending, Sent, Settled
from services.notify.domain.sending.attempts import LOST_ATTEMPT, claimed
from shared import topics
from shared.delivery.documents.document import Document
from shared.events import (
    ComplaintAccepted,
    DeliveryFact,
    NotificationDelivered,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
)
from tests.simulation.recipients import Recipients
from tindak.audit.ledger import Ledger

Holder = tuple[str, int]  # a process, and which of its lives
ENDS: tuple[type[DeliveryFact], ...] = (
    NotificationSent, NotificationDelivered, NotificationFailed, NotificationSuppressed
)  # fmt: skip
KINDS = {
    NotificationSent.TYPE: "sent", NotificationDelivered.TYPE: "sent", NotificationFailed.TYPE: "failed",
    NotificationSuppressed.TYPE: "suppressed",
}  # fmt: skip
WITHHELD = frozenset(
    {
        "no_contact", "contact_erased", "no_address", "too_many", "superseded", "same_cluster", "stopped",
        "address_limit", "words_gone",
    }
)  # fmt: skip


@dataclass(slots=True)
class Claim:
    """A lease on a delivery as it was saved.

    ``is_lost``: somebody took over after it had run out; ``has_sent``: a channel took the message under it.
    """

    holder: Holder
    situation: Sending
    is_lost: bool = False
    has_sent: bool = False


@dataclass(slots=True)
class HandedOver:
    """A message that a gateway has taken; ``is_sure``: it said so."""

    channel: str
    claim: Claim
    is_sure: bool


@dataclass
class Outbox:
    """Who claimed which delivery, what the channels took and refused, and what was told within the house.

    Args:
        recipients: Whom the messages reach.
        holder: Returns the process that is running.
        latest: Returns the latest time that the clock of that process has shown.
        stored: Returns the document of a ticket as it is stored.
        wait_for: How long a notice waits for a contact.
    """

    recipients: Recipients
    holder: Callable[[], Holder]
    latest: Callable[[], datetime]
    stored: Callable[[str], Document[Any] | None]
    wait_for: timedelta
    claims: dict[str, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    taken: set[str] = field(default_factory=set)
    told_within: set[str] = field(default_factory=set)
    handed: dict[str, list[HandedOver]] = field(default_factory=lambda: defaultdict(list))
    failed_ways: set[tuple[str, str]] = field(default_factory=set)
    refused: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    findings: list[str] = field(default_factory=list)

    def written(self, before: Document[Any] | None, after: Document[Any]) -> None:
        """Note the claims that a save makes, and those that it ends; only a lease that ran out may be another's."""
        if before is None or before.state is None or after.state is None:
            return
        is_now = {delivery.id: delivery.situation for delivery in after.state.deliveries}
        for delivery in before.state.deliveries:
            if not isinstance(delivery.situation, Sending) or is_now.get(delivery.id) == delivery.situation:
                continue
            claim = self.claims[delivery.id][-1]
            if self.latest() >= claim.situation.until:
                claim.is_lost = True
            elif claim.holder != self.holder():
                became = type(is_now.get(delivery.id)).__name__.lower()
                self.findings.append(f"[claims] {self.holder()} makes {delivery.id} {became}, which is held: {claim}")
        self.note_ways(before.state, after.state)
        for delivery in claimed(before.state, after.state):
            assert isinstance(delivery.situation, Sending)
            self.recipients.claimed(after.state, delivery)
            self.claims[delivery.id].append(Claim(self.holder(), delivery.situation))
            if delivery.id in self.told_within:
                self.findings.append(f"[claims] {self.holder()} claims {delivery.id}, which was told within the house")

    def note_ways(self, before: Correspondence, after: Correspondence) -> None:
        """Note the ways by which something was sent and did not arrive; as long as another is left, it is tried."""
        is_now = {delivery.id: delivery.situation for delivery in after.deliveries}
        for delivery in before.deliveries:
            was, now = delivery.situation, is_now.get(delivery.id)
            if not isinstance(was, Sent) or not isinstance(now, Due | Failed):
                continue
            self.failed_ways.add((delivery.id, was.channel))
            left = {way for way in delivery.channels if (delivery.id, way) not in self.failed_ways}
            can_be_written = delivery.role != REPORTER or isinstance(after.contact, Sealed)
            if isinstance(now, Failed) and left and can_be_written:
                self.findings.append(f"[ways] {delivery.id} is given up, and {sorted(left)} is left")

    def take(self, message: Message, *, is_sure: bool) -> None:
        """Note a message that a channel takes, and what is wrong with its being sent."""
        self.taken.add(message.id)
        self.recipients.take(message)
        own = [claim for claim in self.claims.get(message.id, ()) if claim.holder == self.holder()]
        if not own:
            self.findings.append(f"[claims] {self.holder()} sends {message.id} and has not claimed it")
            return
        claim = own[-1]
        if claim.has_sent:
            self.findings.append(f"[claims] {self.holder()} sends {message.id} twice under {claim.situation}")
        claim.has_sent = True
        found = self.situation_of(message)
        if found != claim.situation and not claim.is_lost:
            self.findings.append(f"[claims] {self.holder()} sends {message.id}, which is {found}")
        if not claim.is_lost:
            self.findings += self.repeated(message)
        self.handed[message.id].append(HandedOver(message.channel, claim, is_sure))

    def repeated(self, message: Message) -> Iterator[str]:
        """Yield what speaks against sending it once more; that a lease ran out, or a way failed, speaks for it."""
        if (message.id, message.channel) in self.failed_ways:
            yield f"[ways] {message.id} is sent again by {message.channel}, where it did not arrive"
        for before in self.handed[message.id]:
            if before.is_sure and not before.claim.is_lost and (message.id, before.channel) not in self.failed_ways:
                yield f"[repeats] {message.id} was taken by {before.channel} and is sent again by {message.channel}"

    def refuse(self, delivery_id: str, code: str) -> None:
        """Note why a delivery may be told to have failed."""
        self.refused[delivery_id].add(code)

    def situation_of(self, message: Message) -> object:
        """Return the situation of a message's delivery as it is stored."""
        held = self.stored(message.ticket_id)
        deliveries = held.state.deliveries if held is not None and held.state is not None else ()
        return next((delivery.situation for delivery in deliveries if delivery.id == message.id), None)

    def audit(self, ledger: Ledger, suppressed: Collection[str]) -> Iterator[str]:
        """Yield what was wrong with any sending, and every notice that did not come to the end that is told of it.

        Args:
            ledger: All that was said and is stored.
            suppressed: Tickets of which an officer had notices held back.
        """
        yield from self.findings
        yield from self.recipients.audit()
        told = {said.data["delivery_id"]: said for said in ledger.of_type(topics.DELIVERIES, *ENDS)}
        by_officer = {said.data["delivery_id"] for said in told.values() if said.ticket in suppressed}
        planned: dict[str, str] = {}
        over: dict[str, Settled] = {}
        awaited: set[str] = set()
        said = ledger.of_type(topics.ACCEPTED, ComplaintAccepted)
        promised = {one.ticket for one in said if one.data.get("has_contact")}
        for document in ledger.documents["notify"]:
            if document.state is not None:
                planned |= {delivery.id: delivery.situation.kind for delivery in document.state.deliveries}
                over |= {settled.id: settled for settled in document.state.over}
                awaited |= {settled.id for settled in document.state.over if document.id in promised}
        planned |= {settled.id: settled.outcome for settled in over.values()}
        for one in sorted(planned.keys() | told.keys() | self.taken):
            found = planned.get(one, "never planned")
            end = KINDS.get(told[one].type, "not told") if one in told else "not told"
            if found != end:
                yield f"[messages] {one} is {found}, and what is told of it: {end}"
            elif over[one].why == BY_OFFICER and one in by_officer:
                continue
            elif (because := self.unexplained(over[one], has_contact=one in awaited)) is not None:
                yield f"[messages] {one} ({over[one].notice}) is {over[one]}, but {because}"
        yield from untold(ledger, planned.keys())
        sent = ledger.of_type(topics.DELIVERIES, NotificationSent)
        said_sent = {(one.data["delivery_id"], one.data["channel"]) for one in sent}
        for one, handed in self.handed.items():
            for each in handed:
                if each.is_sure and not each.claim.is_lost and (one, each.channel) not in said_sent:
                    yield f"[messages] {one} was taken by {each.channel}, and that is not told"

    def unexplained(self, settled: Settled, *, has_contact: bool) -> str | None:
        """Return what speaks against the end of a delivery; None if nothing does."""
        match settled.outcome, settled.why:
            case "sent", _ if settled.id not in self.taken | self.told_within:
                return "no channel took it"
            case "failed", why if why != LOST_ATTEMPT and why not in self.refused.get(settled.id, ()):
                return "no channel refused it so"
            case "failed", why if why == LOST_ATTEMPT and not any(claim.is_lost for claim in self.claims[settled.id]):
                return "no attempt was lost"
            case "suppressed", "no_contact" if has_contact and settled.at < settled.planned_at + self.wait_for:
                return "its contact was not waited for"
            case "suppressed", why if why not in WITHHELD:
                return "nobody had a reason"
            case _:
                return None


def untold(ledger: Ledger, planned: Collection[str]) -> Iterator[str]:
    """Yield every accepted complaint of which its reporter was not to be told."""
    for said in ledger.of_type(topics.ACCEPTED, ComplaintAccepted):
        if str(uuid5(UUID(said.id), f"accepted|{REPORTER}")) not in planned:
            yield f"[messages] nobody told the reporter that {said.ticket} was accepted"
