"""A relay refuses an address for good; the one on call sees it, has it put right, and has the notice sent again."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from shared import events as e
from shared import topics
from tests.connected.notify.relay import Relay
from tests.journey.policies import NO_QUIET_HOURS, policy_with
from tests.journey.post import letters_to, mail_settings
from tests.journey.story import Story, story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import ROOT, Fleet, running

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

SITI, BUDI = "siti@warga.example", "budi@warga.example"
WITHIN_SECONDS = "60"


class Refusing(Relay):
    """A relay that knows no user of some addresses, until somebody puts that right."""

    def __init__(self, *unknown: str) -> None:
        super().__init__()
        self.unknown = set(unknown)

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return "550 5.1.1 no such user"
        return await super().handle_RCPT(server, session, envelope, address, options)


@pytest.fixture
def refusing() -> Iterator[Refusing]:
    relay = Refusing(SITI, BUDI)
    with relay.listening():
        yield relay


class Desk:
    """The one on call, who types commands."""

    def __init__(self, namespace: Namespace, policy: Path, relay: Relay) -> None:
        here = {"PATH": "/usr/bin:/bin", "TINDAK_POLICY_DIR": str(policy)}
        self.environment = here | dict(namespace.environment) | mail_settings(relay)

    async def types(self, *arguments: str, code: int = 0) -> str:
        """Return what a command prints: on stderr if it ends with another code than 0, one line."""
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "tindak.cli", *arguments], cwd=ROOT, env=self.environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert code == 0 or done.stderr.count("\n") == 1
        return done.stderr if code else done.stdout

    async def notify(self, *arguments: str, code: int = 0) -> str:
        return await self.types("notify", *arguments, "--timeout", WITHIN_SECONDS, code=code)

    async def failed(self) -> list[dict[str, Any]]:
        """Return what `tindak notify list --failed` says."""
        return [json.loads(line) for line in (await self.notify("list", "--failed", "--json")).splitlines()]


async def refused(story: Story, source_id: str, email: str) -> e.NotificationFailed:
    """Let somebody report whose address the relay does not know."""
    said = await story.complain(
        channel="web", source_id=source_id, title="Lampu mati", reporter={"name": "Siti", "email": email},
        body="Lampu jalan mati di Jalan Kenanga, Ciputat.",
    )  # fmt: skip
    return await story.hears(e.NotificationFailed, topics.DELIVERIES, said.ticket_id, notice="accepted")


async def test_a_refused_notice_is_seen_and_sent_once_the_relay_is_mended(
    namespace: Namespace, tmp_path: Path, refusing: Refusing
) -> None:
    policy = policy_with(tmp_path, NO_QUIET_HOURS)
    fleet = Fleet(namespace, tmp_path, policy=policy, settings=mail_settings(refusing))
    desk = Desk(namespace, policy, refusing)
    async with running(fleet), story_of(namespace) as story:
        of_siti, of_budi = await refused(story, "1", SITI), await refused(story, "2", BUDI)
        ticket = str(of_siti.tracking_id)

        seen = await desk.failed()
        trial = await desk.types("notify", "test", "--to", SITI, code=1)
        refusing.unknown.clear()
        tried = await desk.types("notify", "test", "--to", SITI)
        stranger = await desk.notify("resend", ticket, "--as", "street_desk", "--wait", code=1)
        nothing = await desk.notify("resend", ticket, "--notice", "merged", code=1)
        planned = await desk.notify("resend", "--failed", "--since", "1h", "--dry-run")
        asked = await desk.notify(
            "resend", ticket, "--notice", "accepted", "--reason", "Alamat sudah benar.", "--wait"
        )  # fmt: skip
        sent = await story.hears(
            e.NotificationSent, topics.DELIVERIES, of_siti.ticket_id, repeats=of_siti.delivery_id
        )  # fmt: skip
        strangers = await desk.notify("resend", "--failed", "--since", "1h", "--as", "street_desk", "--wait", code=1)
        await desk.notify("resend", "--failed", "--since", "1h", "--reason", "Relai pulih.", "--wait")
        await story.hears(e.NotificationSent, topics.DELIVERIES, of_budi.ticket_id, repeats=of_budi.delivery_id)
        await story.audited()
        left = await desk.failed()
        shown = await desk.notify("show", ticket)
        watched = await desk.types("watch", "deliveries", "--from", "earliest", "--until-end")
        only_failed = await desk.types("watch", "deliveries", "--failed", "--from", "earliest", "--until-end")

    receipts = {row["delivery_id"]: row["why"] for row in seen if row["notice"] == "accepted"}
    assert receipts.keys() == {of_siti.delivery_id, of_budi.delivery_id}
    assert all(why.startswith("smtp_550") for why in receipts.values())
    assert ("smtp_550" in trial, "trying again does not help" in trial, tried.startswith("email: taken")) == (True,) * 3
    assert ("not_permitted" in stranger, "(not_permitted)" in strangers) == (True, True)
    assert f"tindak notify show {ticket}" in nothing
    assert f"{len(seen)} deliveries would be asked for." in planned
    assert "notice `accepted` to be sent" in asked
    assert sent.requested_by == e.Author(role="officer", code="triage")
    assert left == []
    subjects = [letter.subject for letter in letters_to(refusing, SITI)]
    assert len(subjects) == len(set(subjects))
    assert any(ticket in letter.text for letter in letters_to(refusing, BUDI) + letters_to(refusing, SITI))
    assert "FAILED" in only_failed
    assert ": sent" not in only_failed
    assert ("FAILED" in shown, "sent at" in shown, "contact is known" in shown) == (True,) * 3
    assert "`accepted` to the reporter by email: sent; asked for by officer triage" in watched
    assert not [said for said in (shown, watched, planned, trial, json.dumps(seen)) if SITI in said or BUDI in said]
