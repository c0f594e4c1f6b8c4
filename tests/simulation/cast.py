"""The people around the services: channels, agencies, officers and reporters. What they do follows from the script.

Whatever somebody does about an event depends on the script and on that event alone, never on the schedule; only when
it is done does. So a calm run of the same script has the same people in it.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import orjson

from shared import topics
from shared.delivery.ports import Record
from shared.events import (
    PARTS_MAX,
    AnswerOffered,
    AssignTicket,
    ClusterJoined,
    Command,
    ComplaintSubmitted,
    ConfirmTicket,
    DisputeTicket,
    HoldReason,
    Location,
    MergeTicket,
    ReplyToTicket,
    Reporter,
    TicketAnswered,
    TicketHeld,
    TicketMerged,
    TicketReopened,
    TicketRouted,
    TicketSplit,
    TriageRequested,
    UnmergeTicket,
    WithdrawTicket,
)
from shared.events.envelope import HEADERS, Event, encode
from shared.ids import part_id
from shared.senders import sender_of
from tests.builders import ticket_id
from tests.fakes.handler_harness import NOON
from tests.simulation.agencies import at_agency
from tests.simulation.forgetting import erasures
from tests.simulation.links import Links, stops
from tests.simulation.ports import SimBroker
from tests.simulation.requests import held_back, repairs
from tests.simulation.signature import signed

AGENCY_TOPICS = topics.agency_topic("")
HEARD = frozenset({topics.ACCEPTED, topics.CONTACTS, topics.TRIAGE, topics.TICKETS, topics.DELIVERIES})
SAID_AT = NOON - timedelta(minutes=1)
BODIES = (
    "Lampu jalan di Jalan Merpati Raya, Ciputat, sudah padam tiga malam dan jalannya gelap sekali.",
    "Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara motor jatuh minggu ini.",
    "Sampah menumpuk di pinggir kali Pamulang dan tidak diangkut sejak minggu lalu, baunya menyengat.",
    "Mohon perhatian pemerintah atas keadaan di lingkungan kami yang makin lama makin tidak nyaman.",
)
COMPLAINTS = 4

Later = Callable[[timedelta, Callable[[], None]], None]


class Cast:
    """Everybody outside.

    Args:
        script: What they do.
        choice: When they do it.
        broker: What they read and write.
        later: Calls something after a time.

    Attributes:
        asked: By ticket and id, every update of somebody honest.
        raced: Tickets whose end in routing depends on who is first.
        retold: Those of which intake may have taken another report first, because a bug made one a dead letter.
        resealed: Those whose contact notify may have heard only after its erasure, for the same reason; it holds then.
        uncertain: Parts that may or may not come to be.
        forgotten: Tickets whose reporters ask to be erased.
        taken_back: Tickets whose contacts were erased.
        links: The pages on which reporters answer.
    """

    links: Links

    def __init__(self, script: int, choice: random.Random, broker: SimBroker, later: Later) -> None:
        self.script = script
        self.choice = choice
        self.broker = broker
        self.later = later
        self.heard_ids: set[tuple[str, str]] = set()
        self.seen: Counter[tuple[str, str]] = Counter()
        self.channel_of: dict[str, str] = {}
        self.asked: dict[tuple[str, str], Command] = {}
        self.raced: set[str] = set()
        self.retold: set[str] = set()
        self.resealed: set[str] = set()
        self.uncertain: set[str] = set()
        self.forgotten: set[str] = set()
        self.taken_back: set[str] = set()
        self.bodies = BODIES

    def mood(self, *about: object) -> random.Random:
        """Return the choices that the script makes about something."""
        return random.Random(f"{self.script}|{about}")

    def begin(self) -> None:
        """Hand in what the script says."""
        wait_for = timedelta()
        for topic, key, value in self.submissions():
            wait_for += self.moment(600)
            self.later(wait_for, lambda to=topic, key=key, value=value: self.write(to, key, value))  # type: ignore[misc]

    def submissions(self) -> Iterable[tuple[str, str, bytes]]:
        """Yield topics, keys and values for what the channels hand over, in order."""
        for number in range(COMPLAINTS):
            mood = self.mood("complaint", number)
            channel, source_id = mood.choice(("web", "android", "whatsapp")), str(number)
            self.channel_of[ticket_id(channel, source_id)] = channel
            topic, key, body = topics.submitted_topic(channel), f"{channel}/{source_id}", mood.choice(BODIES)
            reporter = Reporter(name="Siti", email="siti@example.org") if mood.random() < 0.6 else None
            report = ComplaintSubmitted(
                channel=channel, source_id=source_id, submitted_at=SAID_AT, body=body, reporter=reporter,
                location=Location(kelurahan="Ciputat", kecamatan="Ciputat"),
            )  # fmt: skip
            first = self.submission(f"/channels/{channel}", report, key, "first")
            yield topic, key, first
            if mood.random() < 0.3:
                yield topic, key, first
            if mood.random() < 0.3:
                yield topic, key, self.submission(f"/channels/{channel}", report, key, "again")
            if mood.random() < 0.2:
                other = report.model_copy(update={"body": mood.choice(BODIES) + " Tolong segera."})
                yield topic, key, self.submission(f"/channels/{channel}", other, key, "other text")
        if self.mood("empty").random() < 0.3:
            empty = ComplaintSubmitted(channel="web", source_id="empty", submitted_at=SAID_AT, body=" ")
            yield (
                topics.submitted_topic("web"),
                "web/empty",
                self.submission("/channels/web", empty, "web/empty", "first"),
            )

    def hear(self, record: Record) -> None:
        """Let those react who read this topic; each event is taken once, as everybody outside must."""
        by_agency = record.topic.startswith(AGENCY_TOPICS)
        if not (by_agency or record.topic in HEARD) or record.value is None:
            return
        event = orjson.loads(record.value)
        if (record.topic, event["id"]) in self.heard_ids:
            return
        self.heard_ids.add((record.topic, event["id"]))
        ticket = event["data"]["ticket_id"]
        if not ticket:
            return  # what was refused named none
        self.seen[record.topic, ticket + event["type"]] += 1
        mood = self.mood(record.topic, ticket, event["type"], self.seen[record.topic, ticket + event["type"]])
        if by_agency:
            commands = at_agency(event["type"], event["data"], mood)
            self.send(f"/agencies/{record.topic.removeprefix(AGENCY_TOPICS)}", event["id"], commands)
        elif record.topic == topics.ACCEPTED:
            commands = self.impatient(ticket, mood)
            self.send(f"/channels/{self.channel_of[ticket]}", event["id"], commands, within_ms=150)
            self.send("/officers/privacy", event["id"], erasures(self, ticket), within_ms=9000)
            self.send("/officers/triage", event["id"], held_back(ticket, self.mood("hold", ticket)), within_ms=9000)
        elif record.topic == topics.CONTACTS:
            if mood.random() < 0.12:
                self.later(self.moment(9000), lambda: self.erase(ticket))
        elif record.topic == topics.TRIAGE:
            self.send("/officers/triage", event["id"], self.at_triage(event["type"], event["data"], mood))
        elif record.topic == topics.DELIVERIES:
            self.send("/officers/triage", event["id"], repairs(event["type"], event["data"], mood))
            self.answer(ticket, event["id"], stops(event["type"], event["data"], self.mood("stop", event["id"])))
        elif (whole := event["data"].get("parent") or ticket) in self.channel_of:
            commands = self.at_home(event["type"], event["data"], mood)
            self.answer(whole, event["id"], commands)

    def divides(self, ticket: str, mood: random.Random) -> AssignTicket:
        """Return the command to divide a ticket; who withdraws or answers first decides about its parts."""
        agencies = tuple(mood.sample(("dishub", "dlh", "satpol_pp", "dsdabmbk"), mood.choice((2, 2, 3))))
        self.raced |= {ticket, *(part_id(ticket, number) for number in range(1, len(agencies) + 1))}
        return AssignTicket(ticket_id=ticket, agencies=agencies, reason="Beberapa masalah.")

    def at_triage(self, kind: str, data: dict[str, Any], mood: random.Random) -> list[Command]:
        """Return what an officer decides, if anything."""
        if kind == ClusterJoined.TYPE and mood.random() < 0.3:
            return [UnmergeTicket(ticket_id=data["ticket_id"])]
        if kind == TriageRequested.TYPE and mood.random() < 0.1:
            into = mood.choice(sorted(self.channel_of))
            self.raced |= {data["ticket_id"], into}
            return [MergeTicket(ticket_id=data["ticket_id"], into=into)]
        if kind != TriageRequested.TYPE or mood.random() < 0.15:
            return []
        if mood.random() < 0.35:
            return [self.divides(data["ticket_id"], mood)]
        agency = mood.choice(("dishub", "dlh", "satpol_pp"))
        return [AssignTicket(ticket_id=data["ticket_id"], agency=agency, reason="Sesuai tugas pokok.")]

    def impatient(self, ticket: str, mood: random.Random) -> list[Command]:
        """Return what a reporter adds as soon as a number is there, perhaps before routing has heard of the report."""
        feels = mood.random()
        if feels < 0.2:
            self.raced.add(ticket)  # it ends a hold, if it comes so late
        return [ReplyToTicket(ticket_id=ticket, text="Di RT 05.")] if feels < 0.2 else []

    def erase(self, ticket: str) -> None:
        """Take a contact back."""
        self.taken_back.add(ticket)
        self.broker.append(topics.CONTACTS, ticket.encode(), None, ())

    def at_home(self, kind: str, data: dict[str, Any], mood: random.Random) -> list[Command]:
        """Return what a reporter says, if anything."""
        ticket, feels = data["ticket_id"], mood.random()
        if kind == TicketRouted.TYPE and data["version"] == 1 and feels < 0.15:
            self.raced.add(ticket)
            return [
                WithdrawTicket(ticket_id=ticket) if feels < 0.05 else ReplyToTicket(ticket_id=ticket, text="Cepat.")
            ]
        if kind == TicketSplit.TYPE and feels < 0.2:
            return [WithdrawTicket(ticket_id=ticket)]
        if kind == TicketHeld.TYPE and data["reason"] == HoldReason.NEEDS_REPORTER:
            self.raced.add(ticket)
            return [ReplyToTicket(ticket_id=ticket, text="RT 03.")] if feels < 0.5 else []
        if kind in (ClusterJoined.TYPE, TicketMerged.TYPE):  # who follows whom is a race, and so is who answers first
            self.raced |= {ticket, data.get("cluster") or data["into"]}
            # Where its leader goes is a race, so whether an officer is asked about it once more and divides it is, too.
            self.uncertain |= {part_id(ticket, number) for number in range(1, PARTS_MAX + 1)}
        if kind in (TicketAnswered.TYPE, AnswerOffered.TYPE) and data["final"]:
            first = self.seen[topics.TICKETS, ticket + TicketReopened.TYPE] == 0
            if feels < 0.3:
                return [ConfirmTicket(ticket_id=ticket, rating=4)]
            if feels < 0.55 and first:
                return [DisputeTicket(ticket_id=ticket, reason="Masih padam.")]
        return []

    def answer(self, whole: str, cause: str, commands: list[Command], within_ms: int = 4000) -> None:
        """Let the reporter say something: by the link in a message, or through the channel of the report."""
        for command in commands:
            if self.mood("link", cause).random() < 0.5 and not isinstance(command, WithdrawTicket):
                page = partial(self.links.answer, command, f"{self.script}|{cause}")
                self.later(self.moment(within_ms), page)
            else:
                self.send(f"/channels/{self.channel_of[whole]}", cause, [command], within_ms)

    def send(self, source: str, cause: str, commands: list[Command], within_ms: int = 4000) -> None:
        """Write commands on the topic of updates, some time apart, some of them twice."""
        wait_for, sender = timedelta(), sender_of(source)
        assert sender is not None, source
        topic = sender.updates_topic
        for number, command in enumerate(commands):
            wait_for += self.moment(within_ms)
            event = self.event(source, command, command.ticket_id, f"{cause}|{number}")
            self.asked[command.ticket_id, event.id] = command
            value = encode(event)
            self.later(wait_for, lambda c=command, v=value: self.write(topic, c.ticket_id, v))  # type: ignore[misc]
            if self.choice.random() < 0.1:
                self.later(
                    wait_for + self.moment(2000),
                    lambda c=command, v=value: self.write(topic, c.ticket_id, v),  # type: ignore[misc]
                )

    def submission(self, source: str, data: ComplaintSubmitted, key: str, about: str) -> bytes:
        """Return the bytes of a report."""
        return encode(self.event(source, data, key, about))

    def event(self, source: str, data: ComplaintSubmitted | Command, key: str, about: str) -> Event:
        """Return an event whose id follows from what it is about."""
        made = str(uuid5(UUID(int=self.script), f"{source}|{key}|{about}"))
        return Event(id=made, source=source, time=SAID_AT, data=signed(data), key=key)

    def write(self, topic: str, key: str, value: bytes) -> None:
        self.broker.append(topic, key.encode(), value, HEADERS)

    def moment(self, within_ms: int) -> timedelta:
        return timedelta(milliseconds=self.choice.randint(1, within_ms))
