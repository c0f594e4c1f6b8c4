"""`tindak sla recompute` as a process of its own on real servers, killed with -9 in the middle and begun again."""

import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pymongo import MongoClient

from services.sla.domain.ticket import decide
from services.sla.policy import load_sla
from services.sla.store import INDEXES, STATE, SlaStore
from shared import topics
from shared.adapters.mongo.client import COLLECTION, collection
from shared.delivery.documents.document import Document
from shared.events import DueChanged
from shared.ids import tracking_id
from tests.builders import accepted, arrival, event, ticket_id
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, Fleet, running, until
from tindak.client.kafka import Client
from tindak.client.records import event_of

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies, pytest.mark.timeout(240)]

TICKETS = [ticket_id("web", str(number)) for number in range(3000)]
RULES = load_sla(POLICY)
WITHIN_SECONDS = 60


async def plant(namespace: Namespace) -> None:
    """Store tickets whose clock was said to be due an hour later than it is, under rules that hold no longer."""
    now = datetime.now(UTC).replace(microsecond=0)
    state = decide(None, event(accepted(accepted_at=now)), arrival(now), RULES).state
    assert state is not None
    (told,) = state.told
    old = replace(told, due_at=told.due_at + timedelta(hours=1), basis=replace(told.basis, policy_version="old"))
    state = replace(state, told=(old,), edition="old")
    store = SlaStore(collection(namespace.mongo, "sla"), STATE, INDEXES)
    await store.prepare()
    await store.save(
        [
            Document(one, state=replace(state, ticket_id=one, tracking_id=tracking_id(one)), due_at=state.wakes_at)
            for one in TICKETS
        ]
    )
    store.close()


def begun(namespace: Namespace) -> subprocess.Popen[bytes]:
    variables = {"PATH": "/usr/bin:/bin", "TINDAK_POLICY_DIR": str(POLICY), **namespace.environment}
    variables["TINDAK_MONGO_URI"] += f"&appName={namespace.prefix}"
    command = [sys.executable, "-m", "tindak.cli", "sla", "recompute", "--json"]
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE)


def is_connected(client: MongoClient[dict[str, object]], namespace: Namespace) -> bool:
    """Return whether the database still has a connection of a job, be that alive or not."""
    stages = [{"$currentOp": {"allUsers": True, "idleConnections": True}}, {"$match": {"appName": namespace.prefix}}]
    return bool(list(client.admin.aggregate(stages)))


def outdated(client: MongoClient[dict[str, object]], namespace: Namespace) -> int:
    """Return how many tickets are still timed by the old rules."""
    return client[namespace.prefix + "sla"][COLLECTION].count_documents({"state.edition": "old"})


async def said(namespace: Namespace) -> dict[str, set[bytes]]:
    """Return what is said of due times that have changed, by ticket."""
    found: dict[str, set[bytes]] = defaultdict(set)
    async with Client(namespace.kafka) as client:
        for record in await client.read([topics.SLA]):
            event = event_of(record)
            if event is not None and isinstance(event.data, DueChanged) and record.value is not None:
                found[event.data.ticket_id].add(record.value)
    return found


async def test_a_killed_job_runs_again_and_publishes_the_same_for_each_clock(
    namespace: Namespace, tmp_path: Path
) -> None:
    await plant(namespace)
    with MongoClient[dict[str, object]](namespace.servers.mongo_uri) as client:
        killed = begun(namespace)
        begins = "the job has not begun"
        await until(lambda: outdated(client, namespace) < len(TICKETS), WITHIN_SECONDS, lambda: begins)
        assert is_connected(client, namespace)
        killed.kill()
        killed.communicate()
        # What it had sent before it died, the database goes on writing.
        writes = "the database still writes for the dead"
        await until(lambda: not is_connected(client, namespace), WITHIN_SECONDS, lambda: writes)
        left = outdated(client, namespace)

        output, _ = begun(namespace).communicate()

        assert 0 < left < len(TICKETS)
        assert json.loads(output)["tickets"] == left
        assert outdated(client, namespace) == 0
    # What the killed one saved and did not live to say is sla's to relay, as after any other crash.
    async with running(Fleet(namespace, tmp_path), "sla"):
        found: dict[str, set[bytes]] = {}
        while len(found) < len(TICKETS):
            found = await said(namespace)
    assert {len(contents) for contents in found.values()} == {1}
