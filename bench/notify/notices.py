"""How many notices one notify sends in a second through a fast gateway, beside a loop that only posts them.

    python -m bench.notify.notices [--notices 3000] [--stack embedded|apache]

Measured is the sender alone, from claims to published outcomes, on a real database and broker: claim, open the contact,
count the address, write the message, post it, save and publish how it went. The ceiling is the same number of requests
by httpx, as many at once, with no delivery around them. The gateway is a process of its own. Beside the time that
passed stands what this process used of a processor, which other work on the machine changes less.
"""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import perf_counter, process_time

import httpx
import uvloop

from bench.notify.gateway import listening
from bench.routing_throughput import log_to_nowhere
from bench.whole.place import Place, place
from services.notify.channels import Channel, SideBySide
from services.notify.channels.setup import set_up
from services.notify.domain.sending.addresses import AddressLimits
from services.notify.policy.gateways import load_gateways
from services.notify.sending.address_book import COLLECTION, MongoAddressBook, hash_keys
from services.notify.settings import Settings
from services.notify.store import STATE
from shared.adapters.clock import SystemClock
from shared.adapters.kafka.producer import KafkaPublisher
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.delivery.vitals import Vitals
from shared.process import memory
from tests.component.notify.harness import ServiceHarness
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY
from tests.unit.notify.samples import notice, rules

AT_ONCE, DOCUMENTS_MAX = 8, 200
GATEWAY = "whatsapp_template"
WAYS = rules(notice(channels=("whatsapp",)))


def whatsapp(url: str, places: Mapping[str, int]) -> Channel:
    """Return the channel by which notify would send to *url*."""
    file, _ = load_gateways(POLICY)
    [described] = [gateway for gateway in file.gateways if gateway.code == GATEWAY]
    fast = {"url": f"{url}/v23.0/1/messages", "connections_max": places["at_once"], "messages_per_second": 1000}
    alone = file.model_copy(update={"gateways": (described.model_copy(update=fast),)})
    own = Settings.model_validate({"TINDAK_CONTACT_PRIVATE_KEYS": "unused"})
    secrets = dict.fromkeys(described.variables, "rahasia")
    return set_up(own, alone, secrets, SystemClock(), Vitals(), lambda: 0.0).channels["whatsapp"]


@asynccontextmanager
async def waiting(own: Namespace, notices: int) -> AsyncIterator[tuple[ServiceHarness, MongoStore, KafkaPublisher]]:  # type: ignore[type-arg]
    """Give a notify that has heard of *notices* reports and told nobody yet."""
    store = MongoStore(collection(own.mongo, "notify"), STATE)
    await store.prepare()
    harness = ServiceHarness(WAYS, store=store)
    for number in range(notices):
        harness.report(number, phone=f"08{10**9 + number}")
    await harness.work()
    publisher = KafkaPublisher(own.kafka, SystemClock(), lambda *_: None)
    await publisher.client()
    yield harness, store, publisher
    await publisher.close()
    store.close()


Took = tuple[float, float]
"""Seconds that passed, and seconds of a processor."""


async def through_notify(there: Place, url: str, notices: int) -> Took:
    """Return what one sender takes."""
    own = there.namespace()
    async with waiting(own, notices) as (harness, store, publisher):
        harness.channels = {"whatsapp": whatsapp(url, {"at_once": AT_ONCE})}
        book = MongoAddressBook(store.collection.database[COLLECTION], hash_keys("k1:AAAA"), AddressLimits())
        sender = harness.new_sender(
            publisher, spread=SideBySide(DOCUMENTS_MAX, 0.05), documents_max=DOCUMENTS_MAX, addresses=book
        )
        memory.settle()  # what told it of the reports is held by no service
        began, used, sent = perf_counter(), process_time(), 0
        while found := await sender.sweep():
            sent += found
        took = perf_counter() - began, process_time() - used
        assert sent == notices, f"{sent} of {notices} were due"
    return took


async def by_hand(url: str, notices: int) -> Took:
    """Return what a loop takes that only posts."""
    left = iter(range(notices))
    async with httpx.AsyncClient(
        limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    ) as client:

        async def post() -> None:
            for number in left:
                body = {"to": f"62{8 * 10**9 + number}", "type": "text", "text": {"body": "x" * 400}}
                answer = await client.post(f"{url}/v23.0/1/messages", json=body)
                assert answer.json()["messages"]

        began, used = perf_counter(), process_time()
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(post())
        return perf_counter() - began, process_time() - used


async def measure(there: Place, url: str, notices: int) -> dict[str, float]:
    """Return the figures, after a tenth of them to warm up."""
    await by_hand(url, notices // 10)
    ceiling, at_most = await by_hand(url, notices)
    await through_notify(there, url, notices // 10)
    took, used = await through_notify(there, url, notices)
    return {
        "notices": notices, "notify_per_second": round(notices / took), "by_hand_per_second": round(notices / ceiling),
        "ratio": round(ceiling / took, 3), "notify_cpu_ms": round(1000 * used / notices, 2),
        "by_hand_cpu_ms": round(1000 * at_most / notices, 2), "cpu_ratio": round(at_most / used, 3),
    }  # fmt: skip


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notices", type=int, default=3000)
    parser.add_argument("--stack", choices=("embedded", "apache"), default="embedded")
    given = parser.parse_args()
    log_to_nowhere()
    memory.settle()  # as a service does before it begins
    with listening() as url, place(given.stack) as there:
        print(json.dumps(uvloop.run(measure(there, url, given.notices))))


if __name__ == "__main__":
    main()
