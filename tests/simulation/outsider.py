"""Somebody outside who writes what nobody can handle, or what is not theirs to say, as the script will have it."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID, uuid5

import orjson

from shared import topics
from shared.delivery.ports import Record
from shared.events import AcknowledgeTicket, AnswerTicket, Command, ReplyToTicket, UpdateRefused, WithdrawTicket
from shared.events.envelope import HEADERS, Event, encode
from shared.senders import Role, Sender
from tests.builders import ticket_id
from tests.fakes.handler_harness import NOON
from tests.faults.poison import BROKEN, FOR_SUBMITTED, FOR_UPDATES
from tests.simulation.ports import SimBroker
from tindak.audit.ledger import Ledger, Where

GARBAGE = b'{"specversion": "1.0", "nonsense'
PACKED = b"\x28\xb5\x2f\xfd not to be unpacked"
STRANGER = Sender(Role.AGENCY, "dispusip")
UPDATES, SUBMITTED = STRANGER.updates_topic, topics.submitted_topic("web")
KINDS = {UPDATES: (*BROKEN, *FOR_UPDATES), SUBMITTED: (*BROKEN, *FOR_SUBMITTED)}
UPDATES_GARBAGE = frozenset((GARBAGE, PACKED, *KINDS[UPDATES]))
OUTSIDE = (UPDATES, SUBMITTED)
STRANGERS = (
    STRANGER.source, "/agencies/nobody", "/agencies/", "/channels/fax", "/tindak/routing", "/officers/", "nobody",
)  # fmt: skip
NOBODYS = tuple(ticket_id("nobody", str(number)) for number in range(3))
FLOOD = (150, 300)

Later = Callable[[timedelta, Callable[[], None]], None]


class Outsider:
    """Writes garbage, floods, broken batches, and updates that it has no right to.

    Args:
        script: What it does.
        choice: When it does it.
        broker: Where it writes.
        later: Calls something after a time.
    """

    def __init__(self, script: int, choice: random.Random, broker: SimBroker, later: Later) -> None:
        self.script = script
        self.choice = choice
        self.broker = broker
        self.later = later
        self.mood = random.Random(f"{script}|outsider")
        self.sent: dict[tuple[str, str], str] = {}
        self.copied: Counter[str] = Counter()
        self.forged: set[bytes | None] = set()

    def begin(self) -> None:
        """Do what the script says, some of it at once and some while the services are at work."""
        mood = self.mood
        for topic in OUTSIDE:
            for value in mood.sample(KINDS[topic], mood.randint(0, 4)):
                self.soon(lambda topic=topic, value=value: self.throw(topic, value))  # type: ignore[misc]
            if mood.random() < 0.4:
                self.soon(lambda topic=topic: self.broken_batch(topic))  # type: ignore[misc]
            if mood.random() < 0.3:
                self.soon(lambda topic=topic: self.too_large(topic))  # type: ignore[misc]
        if self.script % 8 == 3:
            topic, records = OUTSIDE[self.script // 8 % 2], mood.randint(*FLOOD)
            self.soon(lambda: self.flood(topic, records))
        for ticket in NOBODYS[: mood.choice((0, 0, 1, 3))]:
            for number in range(mood.choice((1, 2, 25))):
                self.soon(lambda ticket=ticket, number=number: self.ask(ticket, f"unknown {number}"))  # type: ignore[misc]

    def soon(self, write: Callable[[], None]) -> None:
        self.later(timedelta(milliseconds=self.choice.randint(1, 4000)), write)

    def throw(self, topic: str, value: bytes | None, key: bytes = b"garbage") -> None:
        self.broker.append(topic, key, value, HEADERS)

    def flood(self, topic: str, records: int) -> None:
        """Write one garbage record after the other; nobody honest gets a word in between."""
        for _ in range(records):
            self.throw(topic, GARBAGE, b"flood")

    def broken_batch(self, topic: str) -> None:
        self.broker.append_broken(topic, b"batch", PACKED, offsets=self.mood.randint(1, 4), why="CRC")

    def too_large(self, topic: str) -> None:
        self.broker.append_broken(topic, b"large", GARBAGE, cut=True)

    def hear(self, record: Record) -> None:
        """Ask for something about a ticket of somebody else, sometimes under the id of what was written about it."""
        if record.topic != topics.TICKETS or self.copied.total() >= 6:
            return
        data = orjson.loads(record.value or b"null")["data"]
        ticket, version = data["ticket_id"], data["version"]
        mood = random.Random(f"{self.script}|outsider|{ticket}|{version}")
        if version > 0 and mood.random() < 0.08 and self.copied[f"{ticket}|{version}"] == 0:
            self.copied[f"{ticket}|{version}"] += 1
            self.soon(lambda: self.ask(ticket, f"forged {version}", mood))

    def ask(self, ticket: str, about: str, mood: random.Random | None = None) -> None:
        """Ask for something as somebody who has no say in that ticket."""
        mood = mood or random.Random(f"{self.script}|{ticket}|{about}")
        command: Command = mood.choice(
            (
                AcknowledgeTicket(ticket_id=ticket),
                AnswerTicket(ticket_id=ticket, answer="Bukan urusan kami.", final=True),
                ReplyToTicket(ticket_id=ticket, text="Saya pelapornya."),
                WithdrawTicket(ticket_id=ticket),
            )
        )
        # One id for all tickets: who chooses the ids of what he writes may repeat them.
        made = str(uuid5(UUID(int=self.script), f"outsider|{about}"))
        source = mood.choice(STRANGERS)
        self.sent[ticket, made] = about
        value = encode(Event(id=made, source=source, time=NOON, data=command, key=ticket))
        if source != STRANGER.source:
            self.forged.add(value)
        self.broker.append(UPDATES, mood.choice((ticket, "anybody")).encode(), value, HEADERS)

    def dead_letters(self) -> set[Where]:
        """Return where the garbage lies that must be among the dead letters."""
        return {
            (record.topic, record.partition, record.offset)
            for record in self.broker.records()
            if record.topic in OUTSIDE
            and (record.unreadable or (record.topic == UPDATES and record.value in UPDATES_GARBAGE | self.forged))
        }

    def audit(self, ledger: Ledger) -> Iterator[str]:
        """Yield every request of the outsider that was not refused."""
        told = ledger.of_type(topics.agency_topic(STRANGER.code), UpdateRefused)
        refused = {(said.ticket, said.data["update_id"]) for said in told}
        for ticket, update in sorted(self.sent.keys() - refused):
            yield f"[outsider] {self.sent[ticket, update]} for {ticket} ({update}) was not refused"
