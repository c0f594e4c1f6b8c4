"""The page of a link in a browser on a telephone, without scripts, over a real connection."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from services.notify.settings import Settings
from services.notify.web.app import web_server
from shared.events import ConfirmTicket, DisputeTicket, MessageScope, StopMessages
from tests.builders import TICKET, TRACKING
from tests.component.notify.web import ANSWERED, FEEDBACK, ROUTED, Site, link, site
from tests.servers.browser import NO_CHROMIUM, chromium, telephone

pytestmark = [pytest.mark.loopback, pytest.mark.timeout(180)]

in_chromium = pytest.mark.skipif(chromium() is None, reason=NO_CHROMIUM)
LONG_WORD = "Jalan" + "raya" * 80


@asynccontextmanager
async def serving(asked: Site, **settings: object) -> AsyncIterator[str]:
    """Serve a site on a free port; give the address that its links begin with."""
    plain = {"TINDAK_CONTACT_PRIVATE_KEYS": "unused", "http_port": 0}
    server = web_server(Settings.model_validate(plain | settings), asked.pages.routes())
    answering = asyncio.create_task(server.answer())
    try:
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
    finally:
        server.close()
        await answering


@in_chromium
async def test_a_reporter_disputes_an_answer_on_a_telephone_without_scripts() -> None:
    asked = await site(ROUTED, ANSWERED, FEEDBACK)
    async with serving(asked) as base, telephone() as phone:
        page = phone.page
        await page.goto(base + link())
        await phone.says("Lubang sudah ditambal.")
        beside = [await phone.overflow()]
        await page.get_by_label("Alasan").fill("Lubangnya masih ada.")
        await page.get_by_role("button", name="Belum selesai").click()
        await phone.says("Keberatan Anda sudah kami terima.")
        beside.append(await phone.overflow())

    assert [said.data for said in asked.said] == [DisputeTicket(ticket_id=TICKET, reason="Lubangnya masih ada.")]
    assert beside == [0, 0]
    assert phone.hosts == {base.removeprefix("http://")}


@in_chromium
async def test_a_reporter_confirms_in_english_with_a_mark() -> None:
    asked = await site(ROUTED, ANSWERED, FEEDBACK)
    async with serving(asked) as base, telephone("en-GB") as phone:
        page = phone.page
        await page.goto(base + link())
        await page.get_by_role("link", name="Bahasa Indonesia").click()
        await phone.says("sudah dijawab")
        await page.get_by_role("link", name="English").click()
        await page.get_by_role("group", name="Mark, from 1 (bad) to 5 (good)").get_by_label("4").check()
        await page.get_by_role("button", name="Yes, it is settled").click()
        await phone.says("We have your confirmation.")

    assert [said.data for said in asked.said] == [ConfirmTicket(ticket_id=TICKET, rating=4)]


@in_chromium
async def test_a_reporter_stops_all_messages_on_a_telephone_without_scripts() -> None:
    asked = await site(ROUTED)
    async with serving(asked) as base, telephone() as phone:
        await phone.page.goto(base + link())
        await phone.page.get_by_role("button", name="Hentikan semua pesan ke alamat ini").click()
        await phone.says("Satu pesan terakhir menegaskannya.")
        beside = await phone.overflow()

    assert [said.data for said in asked.said] == [StopMessages(ticket_id=TICKET, scope=MessageScope.ADDRESS)]
    assert beside == 0


@in_chromium
async def test_nothing_sticks_out_of_a_telephone_whatever_was_written() -> None:
    asked = await site(ROUTED, ANSWERED.model_copy(update={"answer": f"{LONG_WORD}\n{LONG_WORD}"}))
    async with serving(asked) as base, telephone() as phone:
        beside = []
        for path in (link(), "/t/forged", f"{link()}?lang=en"):
            await phone.page.goto(base + path)
            beside.append(await phone.overflow())

    assert beside == [0, 0, 0]


@in_chromium
async def test_each_field_has_a_label_and_each_form_a_heading() -> None:
    asked = await site(ROUTED, ANSWERED)
    async with serving(asked) as base, telephone() as phone:
        await phone.page.goto(base + link())
        tree = await phone.page.locator("main").aria_snapshot()

    for part in ('heading "Laporan', 'region "Masalahnya sudah selesai"', 'region "Masalahnya belum selesai"',
                 'textbox "Alasan"', 'textbox "Keterangan"', 'radio "5"', 'button "Belum selesai"'):  # fmt: skip
        assert part in tree
    assert not re.findall(r"^\s*- (?:textbox|radio|button):?$", tree, re.MULTILINE)


async def test_it_answers_over_a_real_connection_and_logs_no_link(caplog: pytest.LogCaptureFixture) -> None:
    asked = await site(ROUTED, ANSWERED)
    caplog.set_level("DEBUG")
    async with serving(asked) as base, httpx.AsyncClient(base_url=base) as asking:
        answer = await asking.get(link())
        headers = answer.headers

    assert (answer.status_code, TRACKING in answer.text) == (200, True)
    assert "server" not in headers
    assert [
        record.name for record in caplog.records if "uvicorn" in record.name and link() in record.getMessage()
    ] == []


@pytest.mark.parametrize(("proxies", "limited"), [("127.0.0.1", 1), ("", 2)])
async def test_who_asks_is_told_by_a_proxy_that_is_named_and_by_nobody_else(proxies: str, limited: int) -> None:
    asked = await site(ROUTED)
    async with serving(asked, http_proxies=proxies) as base, httpx.AsyncClient(base_url=base) as asking:
        for _ in range(60):
            await asking.get("/t/x", headers={"x-forwarded-for": "203.0.113.7"})
        found = [
            (await asking.get("/t/x", headers={"x-forwarded-for": client})).status_code
            for client in ("203.0.113.7", "203.0.113.8")
        ]

    assert found.count(429) == limited
