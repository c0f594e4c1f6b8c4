"""The four services as they are shipped, with clocks of seconds, on the simulated ports."""

import random
import shutil
import tempfile
import zlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import cycle
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from services.intake import store as intake_store
from services.intake.handlers import IntakeHandler
from services.intake.policy import load_intake
from services.notify import store as notify_store
from services.notify.channels import Message
from services.notify.domain.correspondence import Correspondence, Sealed
from services.notify.domain.deliveries import REPORTER, Delivery
from services.notify.domain.outcomes import Withheld
from services.notify.handlers import NotifyHandler
from services.notify.policy import load_notices
from services.notify.sending.address_book import AddressBook
from services.notify.sending.sender import Sender
from services.routing import store as routing_store
from services.routing.handlers import RoutingHandler
from services.routing.policy import load_routing
from services.sla import store as sla_store
from services.sla.handlers import SlaHandler
from services.sla.policy import load_sla
from shared import topics
from shared.adapters.clock import Clock
from shared.delivery.documents.published import PublishedOffsets
from shared.delivery.handler import Handler
from shared.delivery.ports import Store
from shared.delivery.relay import Relay
from shared.delivery.time_loop import TimeLoop
from shared.delivery.vitals import Vitals
from shared.policy.loading import OVERLAYS
from shared.policy.retention import load_retention
from shared.policy.topics import load_topics
from shared.sharding import Share, share_of
from tests.builders import IDS
from tests.fakes.neighbours import MemoryNeighbours
from tests.sealing import SEALER
from tests.simulation.gateways import EMAIL, GATEWAYS, HOUSE, SMS, WHATSAPP, Gateways
from tests.simulation.ports import Member, SimClockStore, SimStore
from tests.simulation.recipients import Recipients
from tests.simulation.scheduler import give_way

POLICY = Path(__file__).parents[2] / "policy"
TOPICS = tuple(topic.name for topic in load_topics(POLICY))
LEASE_FOR = timedelta(seconds=6)  # so short that leases run out while things go wrong
RELAY_AFTER = timedelta(seconds=1)  # so short that two processes publish and mark the same events
WAYS = ((EMAIL, WHATSAPP, SMS), (WHATSAPP, SMS), (HOUSE,), (SMS, EMAIL, WHATSAPP))
PEOPLE = 2

Loops = dict[str, Callable[[], Awaitable[int]]]


@dataclass(frozen=True)
class Policies:
    """Everything that is read from files, once per process of the tests."""

    intake: Any
    routing: Any
    sla: Any
    notify: Any


@cache
def policies() -> Policies:
    """Return the city's policy with the clocks of the demonstration."""
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder) / "policy"
        shutil.copytree(POLICY, short, ignore=shutil.ignore_patterns(OVERLAYS))
        shutil.copytree(POLICY / OVERLAYS, short, dirs_exist_ok=True)
        shipped = load_notices(short).rules
        # Every fourth notice stays within the house.
        ways = zip(shipped.notices, cycle(WAYS), strict=False)
        notices = tuple(replace(notice, channels=channels) for notice, channels in ways)
        rules = replace(shipped, notices=notices, lease_for=LEASE_FOR)
        return Policies(load_intake(short), load_routing(short), load_sla(short), rules)


@cache
def editions() -> dict[str, tuple[Any, ...]]:
    """Return, by service, policies that the city may change to while everything runs; none decides a ticket's end."""
    now = policies()
    slower = {
        clock: replace(
            rule, allowances={kind: replace(each, amount=each.amount + 5) for kind, each in rule.allowances.items()}
        )
        for clock, rule in now.sla.clocks.items()
    }
    few = tuple(notice for notice in now.notify.notices if notice.code == "accepted" or "reporter" not in notice.to)
    fewer = {code: agency for code, agency in now.routing.agencies.items() if code != "dispora"}
    more = {**now.routing.agencies, "dinas_baru": "Dinas Baru"}
    return {
        "intake": (now.intake, replace(now.intake, channels=now.intake.channels | {"kios"})),
        "routing": tuple(replace(now.routing, version=f"1+{len(some)}", agencies=some) for some in (fewer, more)),
        "sla": (now.sla, replace(now.sla, version="2+slower", clocks=slower)),
        "notify": (now.notify, replace(now.notify, notices=few)),
    }


STATES: dict[str, TypeAdapter[Any]] = {
    "intake": intake_store.STATE,
    "routing": routing_store.STATE,
    "sla": sla_store.STATE,
    "notify": notify_store.STATE,
}


def handlers(choice: random.Random, stores: dict[str, SimStore], clock: Clock) -> dict[str, Handler[Any]]:
    """Return the rules of each service; nonces follow from the seed."""
    read = policies()
    intake = IntakeHandler(read.intake, IDS, SEALER)
    neighbours = MemoryNeighbours(stores["routing"])
    routing = RoutingHandler(read.routing, neighbours=neighbours, clock=lambda: clock.now().timestamp())
    sla, notify = SlaHandler(read.sla), NotifyHandler(read.notify)
    intake.retention = routing.retention = sla.retention = notify.retention = load_retention(POLICY)
    return {"intake": intake, "routing": routing, "sla": sla, "notify": notify}


def stores() -> dict[str, SimStore]:
    """Return an empty collection for each service."""
    unique = {"intake": intake_store.unique}
    kinds = {"sla": SimClockStore}
    return {service: kinds.get(service, SimStore)(give_way, unique.get(service)) for service in STATES}


class PlainRenderer:
    """Writes nothing but the delivery's id: what a message says is none of delivery's business.

    Two people have reported everything, so that each hears of several tickets; each has an address for every channel.
    """

    def __init__(self, handler: NotifyHandler, recipients: Recipients) -> None:
        self.handler = handler
        self.recipients = recipients

    def render(
        self, state: Correspondence, delivery: Delivery, channels: Collection[str], now: datetime
    ) -> tuple[Message, ...] | Withheld:
        is_to_reporter = delivery.role == REPORTER
        if is_to_reporter and not isinstance(state.contact, Sealed):
            return Withheld("no_address")
        self.recipients.write(state, delivery, self.handler.rules)
        person = zlib.crc32(state.ticket_id.encode()) % PEOPLE
        return tuple(
            Message(
                id=delivery.id, ticket_id=state.ticket_id, notice=delivery.notice, role=delivery.role, channel=channel,
                language="id", written_at=now, address=f"{channel}-{person}" if is_to_reporter else None,
                subject="", body="",
            )
            for channel in delivery.channels
            if channel in channels
        )  # fmt: skip


def topics_of(handler: Handler[Any]) -> list[str]:
    """Return the topics that a service reads, those of its families one by one."""
    return [name for name in TOPICS if name in handler.topics or topics.family_of(name) in handler.topics]


def assignment(topic: str, member: Member) -> Share:
    """Return what goes with the partitions of *topic* that a consumer believes to own."""
    mine = {number for name, number in member.positions if name == topic}
    return share_of(mine, member.group.broker.partitions(topic))


def loops(
    handler: Handler[Any],
    member: Member,
    store: Store[Any],
    clock: Clock,
    gateways: Gateways,
    addresses: AddressBook,
    vitals: Vitals,
    published: PublishedOffsets,
) -> Loops:
    """Return what time drives in one replica of a service, for the shards of the partitions that it reads."""
    broker = member.group.broker
    share = partial(assignment, topics.TICKETS if topics.TICKETS in handler.topics else handler.topics[0], member)
    relay = {"relay": Relay(store, broker, clock, published=published, assignment=share, after=RELAY_AFTER).relay}
    if isinstance(handler, SlaHandler):
        return {"sweep": TimeLoop(handler, store, broker, clock, published=published, assignment=share).sweep, **relay}
    if isinstance(handler, RoutingHandler):
        return {"sweep": TimeLoop(handler, store, broker, clock, published=published).sweep, **relay}
    if isinstance(handler, NotifyHandler):
        renderer: Any = PlainRenderer(handler, gateways.outbox.recipients)
        sender = Sender(
            handler, store, broker, clock, renderer, dict.fromkeys(GATEWAYS, gateways), documents_max=200,
            published=published, vitals=vitals, jitter=gateways.choice, addresses=addresses,
        )  # fmt: skip
        return {"sender": sender.sweep, **relay}
    return relay
