"""Digests on a real database and a real mail server: found by indexes, sent once, readable as mail."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.notify.channels.smtp import SmtpChannel
from services.notify.domain.correspondence import Correspondence, Gathered, Part, RunningClock
from services.notify.domain.digests.schedule import Digests
from services.notify.domain.standing import Standing
from services.notify.handlers import NotifyHandler
from services.notify.messages.renderer import MessageRenderer
from services.notify.sending.digests import COLLECTION, DigestSender
from services.notify.settings import Settings
from services.notify.store import DIGESTS, INDEXES, STATE, DigestStore, NotifyStore, concerning
from services.notify.tooling import find_digests
from shared.adapters.mongo.client import collection
from shared.delivery.documents.document import Document
from shared.events import SlaClock
from shared.ids import part_id
from tests.builders import ticket_id
from tests.component.notify.digest_city import choosing
from tests.connected.notify.relay import HOST, Relay
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock
from tests.mails import html, plain_text
from tests.sealing import OPENER
from tests.servers.addresses import Namespace
from tests.unit.notify.samples import POLICY, TUESDAY, correspondence

pytestmark = [pytest.mark.connected, pytest.mark.without_topics, pytest.mark.timeout(120)]

MINUTE = timedelta(minutes=1)
ROUTED, ENDED = Standing("routed"), Standing("closed")


def held(number: int, agency: str | None = "dishub", **changes: Any) -> Document[Correspondence]:
    ticket = ticket_id("web", str(number))
    plain: dict[str, Any] = {
        "ticket_id": ticket, "tracking_id": f"T{number:05d}", "agency": agency, "standing": ROUTED,
        "clocks": {SlaClock.RESOLVE: RunningClock(NOON, TUESDAY - MINUTE)},
    }  # fmt: skip
    return Document(ticket, state=correspondence(**(plain | changes)))


def gathered(number: int, agency: str = "dishub") -> Gathered:
    return Gathered(f"d{number}", "agency_withdrawn", "liaison", agency, NOON + MINUTE)


def divided(number: int) -> Document[Correspondence]:
    part = part_id(ticket_id("web", str(number)), 1)
    return held(number, None, standing=Standing("split"), parts={part: Part(1, agency="dishub", standing=ROUTED)})


@pytest.fixture
async def store(namespace: Namespace) -> AsyncIterator[NotifyStore]:
    opened = NotifyStore(collection(namespace.mongo, "notify"), STATE, INDEXES)
    await opened.prepare()
    yield opened
    opened.close()


async def test_what_is_open_divided_or_gathered_is_found_and_nothing_else(store: NotifyStore) -> None:
    mine = [
        held(1),
        divided(2),
        held(3, "dlh", gathered=(gathered(3),)),
        held(4, ended_at=NOON, gathered=(gathered(4),)),
    ]
    others = [held(5, "dlh"), held(6, ended_at=NOON), held(7, "dlh", gathered=(gathered(7, "dlh"),))]
    told = held(8, ended_at=NOON, gathered=(Gathered("d8", "agency_reply", "liaison", "dishub", NOON - MINUTE),))
    await store.save([*mine, *others, told])

    found = {state.ticket_id async for state in store.of_agency("dishub", NOON)}

    assert found == {document.id for document in mine}


async def test_the_tickets_of_others_are_not_read(store: NotifyStore) -> None:
    await store.save([held(number, "dlh") for number in range(500)])
    await store.save([held(1000 + number, ended_at=NOON) for number in range(500)])
    await store.save([held(2000 + number) for number in range(5)])
    query = concerning("dishub", NOON) | store.quarantine.live()
    command = {"find": store.collection.name, "filter": query}

    explained: Any = await store.collection.database.command({"explain": command, "verbosity": "executionStats"})

    assert "COLLSCAN" not in str(explained["queryPlanner"]["winningPlan"])
    # Twice each: for what an index does not tell apart, null and nothing, and for the whole.
    assert explained["executionStats"]["totalDocsExamined"] <= 2 * 5


async def test_three_processes_send_one_digest_of_thousands_of_tickets(
    store: NotifyStore, namespace: Namespace
) -> None:
    relay = Relay()
    await store.save([held(number) for number in range(3000)])
    settings = Settings.model_validate(
        {"TINDAK_CONTACT_PRIVATE_KEYS": "unused", "smtp_host": HOST, "smtp_port": relay.port, "smtp_starttls": False}
    )
    smtp, clock = SmtpChannel(settings), MemoryClock(NOON)
    digests = DigestStore(store.collection.database[COLLECTION], DIGESTS)
    handler, renderer = NotifyHandler(choosing()), MessageRenderer(POLICY, OPENER)
    senders = [DigestSender(handler, digests, store, renderer, {"email": smtp}, clock) for _ in range(3)]

    with relay.listening():
        await asyncio.gather(*(sender.sweep() for sender in senders))
        clock.at = TUESDAY
        await asyncio.gather(*(sender.sweep() for sender in senders))
        await asyncio.gather(*(sender.sweep() for sender in senders))
        await smtp.close()

    kept: Digests | None = getattr((await digests.load(["dishub:liaison"]))["dishub:liaison"], "state", None)
    assert relay.recipients == ["dishub@tangsel.example"]
    assert relay.mails[0]["Subject"] == "Laporan terbuka 3000: 3000 terlambat, 0 jatuh tempo hari ini"
    assert "Dan 2900 laporan lagi" in plain_text(relay.mails[0])
    assert html(relay.mails[0]).count("<tr>") == 100
    assert kept is not None
    assert [each.outcome for each in kept.over] == ["sent"]
    assert await find_digests(namespace.mongo, [("dishub", "liaison"), ("dlh", "liaison")]) == [kept]
