"""A reporter answers by replying to a mail, and a mail that comes back makes its delivery fail."""

import asyncio
import json
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from shared import events as e
from shared import topics
from tests.component.notify.mails import bounce
from tests.connected.notify.relay import Relay
from tests.journey.policies import NO_QUIET_HOURS, policy_with
from tests.journey.post import mail_settings
from tests.journey.story import story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import ROOT, Fleet, running
from tests.servers.imap import imap_server

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

ROADS = "/agencies/dsdabmbk"
SITI = "siti.rahmawati@warga.example"
TEXT = "Di depan toko kue, sisi kiri, telepon saya 0812-7031-4471."
MASKED = "Di depan toko kue, sisi kiri, telepon saya [telepon]."
ADDRESS = {"TINDAK_NOTIFY_REPLY_ADDRESS": "lapor@tangsel.example"}


def reply_to(letter: EmailMessage, text: str, to: str | None = None) -> bytes:
    """Return what a mail program sends when its reader replies to *letter*."""
    made = EmailMessage()
    made["From"] = f"Siti Rahmawati <{SITI}>"
    made["To"] = to or str(letter["Reply-To"]).upper()
    made["Subject"] = f"Re: {letter['Subject']}"
    made["In-Reply-To"] = letter["Message-ID"]
    made["Message-ID"] = "<reply-1@warga.example>"
    body = letter.get_body(("plain",))
    assert body is not None
    quoted = "\n".join(f"> {line}" for line in body.get_content().splitlines())
    made.set_content(
        f"{text}\n\nPada Sen, 2 Mar 2026 pukul 12.00 SP4N-LAPOR! <lapor@tangsel.example> menulis:\n\n{quoted}\n"
    )
    return made.as_bytes()


async def receive(
    namespace: Namespace, policy: Path, raw: bytes, *options: str, **settings: str
) -> "subprocess.CompletedProcess[bytes]":
    """Return what `tindak notify receive` does with a mail in its pipe; it knows no key that opens contacts."""
    environment = {"PATH": "/usr/bin:/bin", **namespace.environment, "TINDAK_POLICY_DIR": str(policy), **ADDRESS}
    command = [sys.executable, "-m", "tindak.cli", "notify", "receive", "--timeout", "30", *options]
    return await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment | settings, input=raw, capture_output=True, check=False
    )


async def test_a_reporter_answers_the_agencys_question_by_replying_to_a_mail(
    namespace: Namespace, tmp_path: Path, relay: Relay
) -> None:
    policy = policy_with(tmp_path, NO_QUIET_HOURS)
    fleet = Fleet(namespace, tmp_path, policy=policy, settings=mail_settings(relay) | ADDRESS)
    async with running(fleet), story_of(namespace) as story:
        accepted = await story.complain(
            channel="web", source_id="1", reporter={"email": SITI},
            body="Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara motor jatuh.",
        )  # fmt: skip
        ticket = accepted.ticket_id
        await story.hears(e.TicketRouted, topics.TICKETS, ticket)
        await story.ask(ROADS, e.HoldTicket(ticket_id=ticket, reason="needs_reporter", question="Di sisi mana?"))
        await story.hears(e.NotificationSent, topics.DELIVERIES, ticket, notice="held")
        letter = next(mail for mail in relay.mails if "Di sisi mana?" in mail.as_string())
        raw = reply_to(letter, TEXT)

        first = await receive(namespace, policy, raw)
        replied = await story.hears(e.ReporterReplied, topics.TICKETS, ticket)
        await story.hears(e.TicketResumed, topics.TICKETS, ticket)
        again = await receive(namespace, policy, raw, "--recipient", str(letter["Reply-To"]), "--json")
        with imap_server(tmp_path) as imap:
            imap.lay(raw, reply_to(letter, "Halo", to="lapor@tangsel.example"))
            fetched = await receive(namespace, policy, b"", "--imap", **imap.settings)
            folders = imap.count(), imap.count("Done"), imap.count("Refused")
        strange = await receive(namespace, policy, reply_to(letter, TEXT, to="lapor+abc@tangsel.example"))
        away = await receive(namespace, policy, raw, TINDAK_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
        no_database = await receive(namespace, policy, raw, "--timeout", "2", TINDAK_MONGO_URI="mongodb://127.0.0.1:1")
        unset = await receive(namespace, policy, raw, TINDAK_NOTIFY_REPLY_ADDRESS="")
        returned = await receive(namespace, policy, bounce(str(relay.senders[relay.mails.index(letter)])))
        failed = await story.hears(e.NotificationFailed, topics.DELIVERIES, ticket)
        await story.audited()
        replies = story.all(e.ReporterReplied, topics.TICKETS, ticket)

    assert (first.returncode, first.stdout.decode().split()) == (0, ["reply", ticket]), first.stderr
    assert (replied.text, replied.by) == (MASKED, e.Author(role="channel", code="links"))
    assert json.loads(again.stdout) == {"outcome": "reply", "status": 0, "ticket_id": ticket}
    assert (fetched.returncode, folders) == (0, (0, 1, 1)), fetched.stderr
    assert b"2 mails: 1 no_token, 1 reply" in fetched.stdout
    assert len(replies) == 1
    assert (strange.returncode, b"bukan alamat balasan" in strange.stderr) == (67, True)
    assert b"no reply address of ours" in strange.stderr
    assert [done.returncode for done in (away, no_database, unset)] == [75, 75, 75]
    assert b"TINDAK_NOTIFY_REPLY_ADDRESS is not set" in unset.stderr
    assert (returned.returncode, returned.stdout.decode().split()) == (0, ["bounce", ticket]), returned.stderr
    assert (failed.notice, failed.channel, failed.error) == ("held", "email", "receipt_bounced 5.1.1")
    everything = b"".join(done.stdout + done.stderr for done in (first, again, fetched, strange, away, returned))
    assert not [said for said in (SITI, "Siti", "toko kue") if said.encode() in everything]
