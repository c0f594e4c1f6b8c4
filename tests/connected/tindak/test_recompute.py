"""`tindak sla recompute` on a real database and broker: twice is once."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from services.sla.domain.ticket import decide
from services.sla.policy import load_sla
from services.sla.store import INDEXES, STATE, SlaStore
from shared import topics
from shared.adapters.mongo.client import collection
from shared.delivery.documents.document import Document
from shared.events import DueChanged
from shared.process import logs
from tests.builders import TICKET, accepted, arrival, event
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY
from tindak.cli import main
from tindak.client.kafka import Client
from tindak.client.records import data_of

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies, pytest.mark.timeout(180)]


async def stored(namespace: Namespace) -> Document[object]:
    store = SlaStore(collection(namespace.mongo, "sla"), STATE, INDEXES)
    found = await store.load([TICKET])
    store.close()
    return found[TICKET]


async def timed_otherwise(namespace: Namespace) -> None:
    """Store a ticket whose clock was said to be due an hour later than it is, under rules that hold no longer."""
    now = datetime.now(UTC).replace(microsecond=0)
    rules = load_sla(POLICY)
    state = decide(None, event(accepted(accepted_at=now)), arrival(now), rules).state
    assert state is not None
    (told,) = state.told
    old = replace(told, due_at=told.due_at + timedelta(hours=1), basis=replace(told.basis, policy_version="old"))
    store = SlaStore(collection(namespace.mongo, "sla"), STATE, INDEXES)
    await store.prepare()
    await store.save([Document(TICKET, state=replace(state, told=(old,), edition="old"), due_at=state.wakes_at)])
    store.close()


async def said(namespace: Namespace) -> list[DueChanged]:
    async with Client(namespace.kafka) as client:
        return [data for record in await client.read([topics.SLA]) if isinstance(data := data_of(record), DueChanged)]


def test_running_clocks_are_timed_by_the_policy_that_holds_and_only_once(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**namespace.environment, "TINDAK_POLICY_DIR": str(POLICY)}.items():
        monkeypatch.setenv(name, value)
    # It would bind the loggers of this process, for good, to a stream that ends with this test.
    monkeypatch.setattr(logs, "configure", lambda service, level: None)
    asyncio.run(timed_otherwise(namespace))
    reports = []
    with capture_logs() as logged:
        for options in (["--dry-run"], [], []):
            assert main(["sla", "recompute", "--json", *options]) == 0
            reports.append(json.loads(capsys.readouterr().out))

    (changed,) = asyncio.run(said(namespace))
    state = asyncio.run(stored(namespace)).state
    assert [(report["tickets"], report["earlier"]) for report in reports] == [(1, 1), (1, 1), (0, 0)]
    assert changed.why == "policy_changed"
    assert {entry["log_level"] for entry in logged} <= {"debug", "info"}
    assert getattr(state, "edition", None) == load_sla(POLICY).edition
