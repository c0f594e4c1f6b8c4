"""What people get to read: nothing after they stopped messages, one word for each matter, within their limits."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.notify.channels import Message
from services.notify.domain.correspondence import Correspondence, Erased
from services.notify.domain.deliveries import REPORTER, Delivery
from services.notify.domain.notices import Rules
from services.notify.domain.sending.addresses import AddressLimits, Admission, AdmissionRequest, Admitted, mailbox_of
from shared.delivery.documents.document import Document
from tests.fakes.addresses import MemoryAddressBook
from tests.simulation.scheduler import Task, give_way

HOURLY_MAX = 4
LIMITS = AddressLimits(hourly_max=HOURLY_MAX, daily_max=30)
HOUR = timedelta(hours=1)

Word = tuple[str, ...]


class SimAddressBook(MemoryAddressBook):
    """The address book of all replicas, and when each delivery was admitted first."""

    def __init__(self) -> None:
        super().__init__(LIMITS)
        self.admitted: dict[tuple[str, str], datetime] = {}

    async def admit(self, address: str, request: AdmissionRequest, now: datetime) -> Admission:
        await give_way("load")
        admission = await super().admit(address, request, now)
        if isinstance(admission, Admitted):
            self.admitted.setdefault((mailbox_of(address), request.delivery_id), now)
        await give_way("saved")
        return admission


@dataclass
class Recipients:
    """The addresses, what was sent there, and what the senders knew of the tickets when they sent it.

    Args:
        running: Returns the task that is running.
        addresses: What counts the messages of each address.
    """

    running: Callable[[], Task]
    addresses: SimAddressBook
    known: dict[tuple[Task, str], Correspondence] = field(default_factory=dict)
    words: dict[tuple[Task, str], Word] = field(default_factory=dict)
    heard: dict[tuple[str, Word], tuple[str, str | None]] = field(default_factory=dict)
    parts: dict[str, str | None] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def read(self, documents: dict[str, Document[Any]]) -> None:
        """Note what the task that is running has read."""
        for ticket, document in documents.items():
            if isinstance(document, Document) and document.state is not None:
                self.known[self.running(), ticket] = document.state

    def write(self, state: Correspondence, delivery: Delivery, rules: Rules) -> None:
        """Note what a message is about to tell the reporter that others of the same matter tell, too."""
        notice = rules.by_code.get(delivery.notice)
        self.words.pop((self.running(), delivery.id), None)
        if delivery.role != REPORTER or notice is None or notice.once_per_cluster is None:
            return
        matter = state.seen_from(delivery.part).follows or delivery.part or state.ticket_id
        told = (str(delivery.told.get(name)) for name in ("clock", "note", "answer"))
        self.words[self.running(), delivery.id] = (notice.once_per_cluster, matter, str(delivery.agency), *told)
        self.parts[delivery.id] = delivery.part

    def claimed(self, state: Correspondence, delivery: Delivery) -> None:
        """Note a claim as it is saved."""
        if is_unwanted(state, delivery):
            self.findings.append(f"[stopped] {delivery.id} ({delivery.notice}) is claimed though nobody wants it")

    def take(self, message: Message) -> None:
        """Note a message that was handed over."""
        if message.address is None:
            return
        known = self.known.get((self.running(), message.ticket_id))
        own = [each for each in known.deliveries if each.id == message.id] if known else []
        if known is not None and any(is_unwanted(known, each) for each in own):
            self.findings.append(f"[stopped] {message.id} ({message.notice}) is sent though nobody wants it")
        if (mailbox_of(message.address), message.id) not in self.addresses.admitted:
            self.findings.append(f"[limits] {message.id} is sent, and was not counted")
        word = self.words.get((self.running(), message.id))
        if word is not None:
            ticket = message.ticket_id, self.parts[message.id]
            first = self.heard.setdefault((message.address, word), ticket)
            if first != ticket:
                self.findings.append(f"[clusters] {message.address} hears {word} of {first} and of {ticket}")

    def audit(self) -> Iterator[str]:
        """Yield everything that somebody should not have got."""
        yield from self.findings
        by_address: dict[str, list[datetime]] = defaultdict(list)
        for (address, _), at in self.addresses.admitted.items():
            by_address[address].append(at)
        for address, times in by_address.items():
            ordered = sorted(times)
            pairs = zip(ordered, ordered[HOURLY_MAX:], strict=False)
            if any(later - earlier < HOUR for earlier, later in pairs):
                yield f"[limits] {address} gets more than {HOURLY_MAX} messages in an hour: {ordered}"


def is_unwanted(state: Correspondence, delivery: Delivery) -> bool:
    """Return whether a reporter who has stopped messages, or was erased, gets *delivery* all the same."""
    if delivery.role != REPORTER:
        return False
    return isinstance(state.contact, Erased) or (state.is_stopped and not (delivery.urgent or state.is_emergency))
