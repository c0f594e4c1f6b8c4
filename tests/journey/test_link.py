"""A reporter follows the link of a mail, is not content, and the ticket is open again with his reason."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from shared import events as e
from shared import topics
from tests.connected.notify.relay import Relay
from tests.journey.policies import NO_QUIET_HOURS, policy_with
from tests.journey.post import letters_to, mail_settings
from tests.journey.story import story_of
from tests.servers.addresses import Namespace
from tests.servers.browser import chromium, telephone
from tests.servers.fleet import ROOT, Fleet, running
from tindak.stack.node import free_ports

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

ROADS = "/agencies/dsdabmbk"
SITI = "siti.rahmawati@warga.example"
REASON = "Lubang di sisi kiri masih ada."
SIGNATURE = re.compile(r'name="form" value="([\w-]+)"')


async def track(namespace: Namespace, policy: Path, tracking_id: str) -> str:
    """Return what anybody is shown of a ticket."""
    environment = {"PATH": "/usr/bin:/bin", **namespace.environment, "TINDAK_POLICY_DIR": str(policy)}
    command = [sys.executable, "-m", "tindak.cli", "track", tracking_id, "--timeout", "60"]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def dispute(link: str) -> None:
    """Dispute what a link leads to, in a browser if there is one, and see the thanks."""
    if chromium() is None:
        async with httpx.AsyncClient() as asking:
            signature = SIGNATURE.search((await asking.get(link)).text)
            assert signature is not None
            fields = {"form": signature[1], "action": "dispute", "text": REASON}
            thanks = (await asking.post(link, data=fields)).text
        assert "Keberatan Anda sudah kami terima." in thanks
        return
    async with telephone() as phone:
        await phone.page.goto(link)
        await phone.page.get_by_label("Alasan").fill(REASON)
        await phone.page.get_by_role("button", name="Belum selesai").click()
        await phone.says("Keberatan Anda sudah kami terima.")


async def test_a_reporter_disputes_by_the_link_of_a_mail_and_the_ticket_is_open_again(
    namespace: Namespace, tmp_path: Path, relay: Relay
) -> None:
    (port,) = free_ports(1)
    pages = {"TINDAK_NOTIFY_HTTP_PORT": str(port), "TINDAK_NOTIFY_LINK_BASE_URL": f"http://127.0.0.1:{port}"}
    policy = policy_with(tmp_path, NO_QUIET_HOURS)
    fleet = Fleet(namespace, tmp_path, policy=policy, settings=mail_settings(relay) | pages)
    async with running(fleet), story_of(namespace) as story:
        accepted = await story.complain(
            channel="web", source_id="1", reporter={"email": SITI},
            body="Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara motor jatuh.",
        )  # fmt: skip
        ticket = accepted.ticket_id
        await story.hears(e.TicketRouted, topics.TICKETS, ticket)
        await story.ask(ROADS, e.AnswerTicket(ticket_id=ticket, answer="Lubang sudah ditambal.", final=True))
        await story.hears(e.NotificationSent, topics.DELIVERIES, ticket, notice="answered")
        (letter,) = [one for one in letters_to(relay, SITI) if "Lubang sudah ditambal." in one.text]
        link = re.search(r"^Tanggapi di sini: (\S+)", letter.text, re.MULTILINE)
        assert link is not None

        await dispute(link[1])

        reopened = await story.hears(e.TicketReopened, topics.TICKETS, ticket)
        shown = await track(namespace, policy, accepted.tracking_id)
        await story.audited()

    assert (reopened.reason, reopened.by) == (REASON, e.Author(role="channel", code="links"))
    assert re.search(r"state +reopened", shown)
    assert REASON in shown
