"""`tindak retention apply` on a real database and broker: what leaves, what stays, what a death in between leaves."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.intake.store import STATE as INTAKE
from services.notify.store import STATE as NOTIFY
from services.routing.store import STATE as ROUTING
from services.sla.store import STATE as SLA
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.delivery.outgoing import Outgoing
from shared.events import AnswerTicket, ConfirmTicket, MergeTicket, Reporter
from shared.topics import CONTACTS, submitted_topic, updates_topic
from tests.builders import FROM_WEB, TICKET, TRACKING, submitted, ticket_id
from tests.component.city import OFFICER, WEB, City
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, Fleet
from tests.unit.notify.samples import EMAIL
from tindak.cli import main
from tindak.client.kafka import Client
from tindak.retention import leaving
from tindak.retention.archive import Archive

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies, pytest.mark.timeout(180)]

T = TypeVar("T")
STATES: dict[str, Any] = {"intake": INTAKE, "routing": ROUTING, "sla": SLA, "notify": NOTIFY}
LEADER, MEMBER, OPEN = TICKET, ticket_id("web", "2"), ticket_id("web", "3")
SITI = Reporter(name="Siti Rahmawati", email=EMAIL, phone="081234567890")
LATER = "2027-09-20T00:00:00"  # more than 520 days after the tickets of March 2026 have ended


@pytest.fixture
def folder(namespace: Namespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    own = {"TINDAK_POLICY_DIR": str(POLICY), "TINDAK_ARCHIVE_DIR": str(tmp_path / "archive"), "TINDAK_PROFILE": "local"}
    for name, value in {**namespace.environment, **own}.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "archive"


async def city(reporter: Reporter | None = None) -> City:
    """Return a city with a leader and its follower, both ended, and a ticket that is open."""
    found = City()
    report = submitted(
        reporter=reporter, location={"kelurahan": "Sawah Baru"}, title="Lampu jalan mati, hubungi 081234567890"
    )
    for source_id in ("1", "2", "3"):
        await found.receive(FROM_WEB, report.model_copy(update={"source_id": source_id}), WEB)
    await found.ask((OFFICER, MergeTicket(ticket_id=MEMBER, into=LEADER)))
    for ticket in (LEADER, MEMBER):
        agency = found.routing.store.documents[ticket].state.situation.agency
        await found.ask((f"/agencies/{agency}", AnswerTicket(ticket_id=ticket, answer="Sudah diganti.", final=True)))
        await found.ask((WEB, ConfirmTicket(ticket_id=ticket, rating=5)))
        assert found.situation(ticket) == "closed"
    return found


async def stored(namespace: Namespace, found: City) -> None:
    for harness in found.harnesses:
        service = harness.handler.service
        store: MongoStore[Any] = MongoStore(collection(namespace.mongo, service), STATES[service])
        await store.prepare()
        assert not await store.save([replace(each, revision=0) for each in harness.store.documents.values()])
        store.close()


def ids(namespace: Namespace) -> dict[str, set[str]]:
    """Return which tickets each collection holds."""

    async def asked() -> dict[str, set[str]]:
        held = {}
        for service in STATES:
            documents = collection(namespace.mongo, service)
            held[service] = {raw["_id"] async for raw in documents.find({}, {"_id": 1})}
            documents.database.client.close()
        return held

    return asyncio.run(asked())


async def tombstones(namespace: Namespace) -> list[str]:
    """Return whose contact a tombstone lets go of."""
    async with Client(namespace.kafka) as client:
        return [(record.key or b"").decode() for record in await client.read([CONTACTS]) if record.value is None]


def applied(capsys: pytest.CaptureFixture[str], *more: str, code: int = 0) -> Any:
    capsys.readouterr()  # what the services have logged while the city came about
    assert main(["retention", "apply", "--json", *more]) == code, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def notify(namespace: Namespace, tmp_path: Path) -> Iterator[Fleet]:
    """A running notify."""
    fleet = Fleet(namespace, tmp_path)
    try:
        fleet.start("notify")
        asyncio.run(fleet.ready())
        yield fleet
    finally:
        fleet.stop()


@pytest.mark.usefixtures("notify")
def test_ended_tickets_leave_for_the_archive_and_are_found_there(
    namespace: Namespace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(stored(namespace, asyncio.run(city(SITI))))
    everything = {LEADER, MEMBER, OPEN}
    assert applied(capsys, "--dry-run", "--at", LATER)["archived"] == {"2026-03": 2}
    assert applied(capsys, "--at", "2027-08-01T00:00:00")["archived"] == {}
    held = ids(namespace)
    assert held["routing"] == held["sla"] == held["notify"] == everything

    done = applied(capsys, "--at", LATER)

    assert (done["archived"], done["waiting"], done["expired"]["intake"]) == ({"2026-03": 2}, 0, 0)
    assert sorted(asyncio.run(tombstones(namespace))) == sorted([LEADER, MEMBER])
    held = ids(namespace)
    assert held["routing"] == held["sla"] == held["notify"] == {OPEN}
    assert held["intake"] == set()
    [path] = Archive(folder).months()
    assert path.name == "tickets-2026-03.jsonl.zst"
    written = json.dumps(list(Archive(folder).tickets()))
    assert not any(identity in written for identity in ("Siti", EMAIL, "081234567890", "81234567890"))
    assert main(["track", TRACKING, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["ticket_id"], shown["state"], shown["answer"]) == (LEADER, "closed", "Sudah diganti.")
    assert [step["what"].split(" ")[0] for step in shown["events"]][-1] == "ended"
    assert main(["officer", "archive", TRACKING, "--reason", "unclear"]) == 1
    assert "stands in the archive" in capsys.readouterr().err
    assert applied(capsys, "--at", LATER)["archived"] == {}
    assert len(list(Archive(folder).tickets())) == 2


def test_a_ticket_whose_contact_notify_has_not_forgotten_waits(
    namespace: Namespace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(stored(namespace, asyncio.run(city(SITI))))

    assert applied(capsys, "--at", LATER, "--timeout", "2")["waiting"] == 2

    assert ids(namespace)["routing"] == {LEADER, MEMBER, OPEN}
    assert list(Archive(folder).tickets()) == []


def test_who_dies_before_a_ticket_leaves_has_lost_and_doubled_nothing(
    namespace: Namespace, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(stored(namespace, asyncio.run(city())))

    async def dies(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(leaving, "_delete", dies)
        assert main(["retention", "apply", "--at", LATER]) == 130
    assert {one["ticket_id"] for one in Archive(folder).tickets()} == {LEADER, MEMBER}
    assert ids(namespace)["routing"] == {LEADER, MEMBER, OPEN}
    capsys.readouterr()

    assert applied(capsys, "--at", LATER)["archived"] == {"2026-03": 2}

    assert sorted(one["ticket_id"] for one in Archive(folder).tickets()) == sorted([LEADER, MEMBER])
    assert ids(namespace)["routing"] == {OPEN}


async def changed(namespace: Namespace, ticket: str, change: dict[str, Any]) -> None:
    documents = collection(namespace.mongo, "routing")
    await documents.update_one({"_id": ticket}, {"$set": change, "$inc": {"rev": 1}})
    documents.database.client.close()


def test_a_leader_waits_for_the_last_that_follows_it(
    namespace: Namespace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(stored(namespace, asyncio.run(city())))
    asyncio.run(changed(namespace, OPEN, {"state.ticket.cluster": LEADER}))

    assert applied(capsys, "--at", LATER)["archived"] == {"2026-03": 1}

    assert ids(namespace)["routing"] == {LEADER, OPEN}


def test_a_ticket_that_changes_while_it_is_archived_stays(
    namespace: Namespace, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(stored(namespace, asyncio.run(city())))
    delete: Callable[..., Awaitable[bool]] = leaving._delete

    async def overtaken(store: Any, document: Any) -> bool:
        if document.id == MEMBER:
            await changed(namespace, MEMBER, {"state.ticket.updates": 9})
        return await delete(store, document)

    monkeypatch.setattr(leaving, "_delete", overtaken)
    applied(capsys, "--at", LATER)

    held = ids(namespace)
    assert held["routing"] == {MEMBER, OPEN}
    assert MEMBER in held["sla"] & held["notify"]


@pytest.mark.expects_errors  # aiokafka says so when the embedded broker hangs up; the command line silences it
def test_what_was_written_in_plain_is_cut_once_it_is_handled_and_old(
    namespace: Namespace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    web, dishub = submitted_topic("web"), updates_topic("agency-dishub")

    async def written() -> None:
        async with Client(namespace.kafka) as client:
            for n in range(5):  # one by one: the embedded broker says of an end only where the last batch begins
                [position] = await client.publish([Outgoing(str(n), web, "k", b"plain %d" % n)])
            await client.publish([Outgoing(str(n), dishub, "k", b"plain %d" % n) for n in range(3)])
        reader = AIOKafkaConsumer(
            bootstrap_servers=namespace.kafka.bootstrap_servers, group_id=f"{namespace.prefix}intake",
            enable_auto_commit=False,
        )  # fmt: skip
        try:
            await reader.start()
            place = TopicPartition(namespace.prefix + web, position.partition)
            reader.assign([place])
            await reader.commit({place: 3})
        finally:
            await reader.stop()

    async def left(topic: str) -> list[bytes | None]:
        async with Client(namespace.kafka) as client:
            return [record.value for record in await client.read([topic])]

    asyncio.run(written())
    soon = (datetime.now(UTC) + timedelta(days=13)).isoformat(timespec="seconds").removesuffix("+00:00")
    later = (datetime.now(UTC) + timedelta(days=15)).isoformat(timespec="seconds").removesuffix("+00:00")

    assert applied(capsys, "--at", soon)["cut"] == {}
    assert applied(capsys, "--dry-run", "--at", later)["cut"] == {web: 3}
    assert len(asyncio.run(left(web))) == 5
    done = applied(capsys, "--at", later)

    assert done["cut"] == {web: 3}
    kind = namespace.servers.local.layout.kind if namespace.servers.local else "apache"
    assert done["broker_can_cut"] is (kind == "apache")
    assert asyncio.run(left(web)) == (
        [b"plain 3", b"plain 4"] if kind == "apache" else [b"plain %d" % n for n in range(5)]
    )
    assert len(asyncio.run(left(dishub))) == 3
    if kind == "apache":
        assert applied(capsys, "--at", later)["cut"] == {}


def test_the_report_says_what_is_held_of_whom_and_shows_nothing_of_it(
    namespace: Namespace, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = asyncio.run(city(SITI))
    asyncio.run(stored(namespace, found))

    async def said() -> None:
        async with Client(namespace.kafka) as client:
            for topic in (CONTACTS, FROM_WEB):
                records = found.broker.topic(topic)
                await client.publish([Outgoing("", topic, (r.key or b"").decode(), r.value) for r in records])

    asyncio.run(said())
    capsys.readouterr()

    assert main(["privacy", "report", "--json"]) == 0
    printed = capsys.readouterr().out
    held = {each["place"]: each for each in json.loads(printed)}
    assert held.keys() >= {"intake.tickets", "routing.tickets", "sla.tickets", "notify.tickets", "archive", FROM_WEB}
    assert {place: each["count"] for place, each in held.items() if place.endswith(".tickets")} == dict.fromkeys(
        ["intake.tickets", "routing.tickets", "sla.tickets", "notify.tickets"], 3
    )
    [key_id] = held["notify.tickets"]["keys"]
    assert held["notify.tickets"]["keys"] == held[CONTACTS]["keys"] == {key_id: 3}
    assert [held[place]["form"] for place in (FROM_WEB, CONTACTS, "sla.tickets")] == ["plain", "sealed", "none"]
    assert held["intake.tickets"]["oldest"].startswith("2026-03-02")
    assert held["intake.tickets"]["until"].startswith("2026-09-18")
    assert held[FROM_WEB]["oldest"] is not None
    assert not any(identity in printed for identity in ("Siti", EMAIL, "081234567890"))
    assert main(["privacy", "report"]) == 0
    shown = capsys.readouterr().out
    assert "notify.tickets  3 records\n  reporters: identity; " in shown
    assert f"masked; sealed under {key_id}: 3\n  kept: 520 days after" in shown
