"""What an officer types for a reporter who asks what is held, that it is wrong, or to be forgotten."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared import events as e
from shared import topics
from tests.journey.story import Story, story_of
from tests.sealing import PUBLIC_KEYS_TEXT
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, ROOT, Fleet, running
from tindak.client.envelopes import update

pytestmark = [pytest.mark.connected, pytest.mark.timeout(150)]

SITI = {"name": "Siti Aminah", "phone": "0812-7031-0000", "email": "siti@warga.example"}
WITHIN_SECONDS = "60"


async def tindak(namespace: Namespace, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Return what a command of an officer has printed."""
    environment = {
        "PATH": "/usr/bin:/bin", **namespace.environment, "TINDAK_POLICY_DIR": str(POLICY),
        "TINDAK_CONTACT_PUBLIC_KEYS": PUBLIC_KEYS_TEXT,
    }  # fmt: skip
    command = [sys.executable, "-m", "tindak.cli", *arguments, "--timeout", WITHIN_SECONDS]
    return await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


async def exported(namespace: Namespace, ticket: str) -> dict[str, Any]:
    done = await tindak(namespace, "reporter", "export", ticket, "--reason", "Diminta pelapor.")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


async def reported(story: Story) -> e.ComplaintAccepted:
    """Let Siti report and reply; return how she was accepted, once notify has her contact."""
    accepted = await story.complain(
        channel="web", source_id="1", title="Lampu mati", body="Lampu jalan mati di Jalan Kenanga.", reporter=SITI
    )
    reply = e.ReplyToTicket(ticket_id=accepted.ticket_id, text="Tiang nomor 7 di depan pasar.")
    await story.client.publish([update(reply, "/channels/web", datetime.now(UTC))])
    await story.hears(e.NotificationSent, topics.DELIVERIES, accepted.ticket_id, notice="accepted")
    await story.hears(e.ReporterReplied, topics.TICKETS, accepted.ticket_id)
    return accepted


async def test_a_reporter_is_told_corrected_and_forgotten_by_command(namespace: Namespace, tmp_path: Path) -> None:
    async with running(Fleet(namespace, tmp_path)), story_of(namespace) as story:
        accepted = await reported(story)
        ticket = accepted.tracking_id

        first = await exported(namespace, ticket)
        corrected = await tindak(
            namespace, "reporter", "correct", ticket, "--reason", "Nomor baru.", "--phone", "0813-1111-2222"
        )  # fmt: skip
        await story.until(lambda: len(story.all(e.ContactSealed, topics.CONTACTS)) == 2 or None, "a new contact")
        await story.audited()
        second = await exported(namespace, ticket)
        stranger = await tindak(namespace, "reporter", "erase", ticket, "--reason", "x", "--officer", "triage")
        erased = await tindak(namespace, "reporter", "erase", ticket, "--reason", "Diminta pelapor.")
        too_late = await tindak(namespace, "reporter", "export", ticket, "--reason", "Diminta pelapor.")
        shown = await tindak(namespace, "track", ticket)
        await story.audited()

    assert {name: first["contact"][name] for name in SITI} == SITI
    assert first["report"]["body"] == accepted.body
    assert "Tiang nomor 7 di depan pasar." in [fact.get("text") for fact in first["history"]]
    sent = [(one["notice"], one["channel"]) for one in first["notices"] if one["situation"] == "sent"]
    assert ("accepted", "log") in sent
    assert corrected.returncode == 0, corrected.stderr
    assert {name: second["contact"].get(name) for name in SITI} == dict.fromkeys(SITI) | {"phone": "0813-1111-2222"}
    assert (stranger.returncode, "not_permitted" in stranger.stderr) == (1, True)
    assert (erased.returncode, "erased" in erased.stdout) == (0, True)
    assert (too_late.returncode, "erased" in too_late.stderr) == (1, True)
    assert "Lampu mati" not in shown.stdout
    assert "Tiang nomor 7" not in shown.stdout
