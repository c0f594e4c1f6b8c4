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
from tests.builders import FROM_DISHUB, FROM_WEB, ticket_id
from tests.fakes.handler_harness import NOON
from tests.faults.poison import BROKEN, FOR_SUBMITTED, FOR_UPDATES
from tests.simulation.ports import SimBroker
from tindak.audit.ledger import Ledger, Where

GARBAGE = b'{"specversion": "1.0", "nonsense'
PACKED = b"\x28\xb5\x2f\xfd not to be unpacked"
KINDS = {FROM_DISHUB: (*BROKEN, *FOR_UPDATES), FROM_WEB: (*BROKEN, *FOR_SUBMITTED)}
UPDATES_GARBAGE = frozenset((GARBAGE, PACKED, *KINDS[FROM_DISHUB]))
OUTSIDE = (FROM_DISHUB, FROM_WEB)
LIBRARY, MAIL, OFFICERS = map(topics.updates_topic, ("agency-dispusip", "channel-email", "officers"))
STRANGERS = (
    (LIBRARY, "/agencies/dispusip"), (MAIL, "/channels/email"), (OFFICERS, "/officers/nobody"),
)  # fmt: skip
FORGERS = (
    (LIBRARY, "/agencies/dishub"), (LIBRARY, "/tindak/routing"), (MAIL, "/channels/web"), (MAIL, "nobody"),
    (OFFICERS, "/agencies/dishub"), (OFFICERS, "/officers/"),
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
        self.forged: set[bytes | None] = set()
        self.copied: Counter[str] = Counter()

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
        topic, source = mood.choice(STRANGERS + FORGERS)
        value = encode(Event(id=made, source=source, time=NOON, data=command, key=ticket))
        self.sent[ticket, made] = about
        if (topic, source) in FORGERS:
            self.forged.add(value)
        self.broker.append(topic, mood.choice((ticket, "anybody")).encode(), value, HEADERS)

    def dead_letters(self) -> set[Where]:
        """Return where the garbage lies that must be among the dead letters."""
        return {
            (record.topic, record.partition, record.offset)
            for record in self.broker.records()
            if (record.unreadable and record.topic in OUTSIDE)
            or (topics.family_of(record.topic) == topics.UPDATES and record.value in UPDATES_GARBAGE | self.forged)
        }

    def audit(self, ledger: Ledger) -> Iterator[str]:
        """Yield every request of the outsider that was not refused."""
        refused = {
            (said.ticket, said.data["update_id"])
            for topic in ledger.facts
            if topic != topics.TICKETS
            for said in ledger.of_type(topic, UpdateRefused)
        }
        for ticket, update in sorted(self.sent.keys() - refused):
            yield f"[outsider] {self.sent[ticket, update]} for {ticket} ({update}) was not refused"
