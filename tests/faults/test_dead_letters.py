"""A rule that fails costs one record, at most records it stops the service, and what failed can be given back."""

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared import events as e
from shared import topics
from shared.delivery.outgoing import Outgoing
from tests.builders import FROM_DISHUB
from tests.faults.city import as_outgoing, complaint
from tests.journey.story import Story, story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, ROOT, Fleet, Member, running, until
from tindak.audit.ledger import Where
from tindak.client.envelopes import update

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

WITHIN_SECONDS = 90
STORY = {
    "channel": "web",
    "source_id": "1",
    "title": "Lampu jalan mati",
    "body": "Lampu PJU di Jalan Merpati Kelurahan Sawah Baru mati sejak seminggu.",
}
AGENCY = "/agencies/dishub"
HALF_OF_TEN = {"TINDAK_BUGS_WINDOW_RECORDS": "10", "TINDAK_BUGS_SHARE_MAX": "0.5"}


async def tindak(namespace: Namespace, *arguments: str) -> list[dict[str, Any]]:
    """Return what a command prints, line by line; it must succeed."""
    own = {"PATH": os.environ["PATH"], "TINDAK_POLICY_DIR": str(POLICY)} | namespace.environment
    command = [sys.executable, "-m", "tindak.cli", *arguments, "--json"]
    done = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=own, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(WITHIN_SECONDS):
        out, err = await done.communicate()
    assert (done.returncode, err) == (0, b""), err
    return [json.loads(line) for line in out.splitlines()]


def letters(story: Story) -> set[Where]:
    """Return where everything first lay that routing could not handle."""
    told = (dict(record.headers) for record in story.records if record.topic == topics.dead_letter_topic("routing"))
    return {(place["dlq-topic"].decode(), int(place["dlq-partition"]), int(place["dlq-offset"])) for place in told}


async def ended(member: Member) -> int:
    """Tell a process to end; return its exit code."""
    member.process.terminate()
    return await asyncio.to_thread(member.process.wait, WITHIN_SECONDS)


async def test_a_release_that_fails_at_most_records_stops_its_consumer(namespace: Namespace, tmp_path: Path) -> None:
    fleet = Fleet(namespace, tmp_path, settings=HALF_OF_TEN)
    bad = fleet.start("routing", failing_at=e.ProgressTicket.TYPE)
    async with running(fleet, "intake", "sla", "notify"), story_of(namespace) as story:
        accepted = await story.complain(**STORY)
        await story.hears(e.TicketRouted, topics.TICKETS, accepted.ticket_id)
        notes = [e.ProgressTicket(ticket_id=accepted.ticket_id, note=f"Langkah {number}.") for number in range(12)]
        await story.client.publish([update(note, AGENCY, datetime.now(UTC)) for note in notes])
        await until(lambda: "consumer" in bad.because(), WITHIN_SECONDS, fleet.last_words)

        await story.client.publish([as_outgoing(complaint(1))])
        await story.until(lambda: len(story.events(topics.ACCEPTED)) == 2 or None, "what the others do meanwhile")

        assert (bad.health("live"), bad.process.poll()) == (200, None)
        assert re.fullmatch(r"6 of the last 10 records met a bug of ours, the last: .*", bad.because()["consumer"])
        assert len(story.events(topics.TICKETS)) == 1
        assert await ended(bad) == 0
        lost = letters(story)  # those of a smaller batch before the one at which it stopped
        assert len(lost) <= 5

        fleet.settings = {}
        fleet.start("routing")

        await story.until(lambda: heard(story) == 12 - len(lost) or None, "every update that was not lost")
        await story.audited(lost)


def heard(story: Story) -> int:
    """Return how many progress reports are told."""
    return sum(isinstance(event.data, e.TicketProgressed) for event in story.events(topics.TICKETS))


async def test_endless_garbage_stops_no_service(namespace: Namespace, tmp_path: Path) -> None:
    fleet = Fleet(namespace, tmp_path, settings=HALF_OF_TEN)
    async with running(fleet), story_of(namespace) as story:
        accepted = await story.complain(**STORY)
        await story.hears(e.TicketRouted, topics.TICKETS, accepted.ticket_id)
        garbage = [Outgoing("", FROM_DISHUB, "garbage", f"garbage {number}".encode()) for number in range(1200)]
        await story.client.publish(garbage)

        await story.ask(AGENCY, e.AcknowledgeTicket(ticket_id=accepted.ticket_id))
        await story.until(lambda: len(letters(story)) == 1200 or None, "every dead letter")

        assert [member.health() for member in fleet.members] == [200] * 4
        await story.audited(letters(story))


async def test_dead_letters_of_a_bad_deploy_are_replayed_once_it_is_fixed(namespace: Namespace, tmp_path: Path) -> None:
    fleet = Fleet(namespace, tmp_path)
    bad = fleet.start("routing", failing_at=e.AcknowledgeTicket.TYPE)
    async with running(fleet, "intake", "sla", "notify"), story_of(namespace) as story:
        accepted = await story.complain(**STORY)
        ticket = accepted.ticket_id
        await story.hears(e.TicketRouted, topics.TICKETS, ticket)
        asked = update(e.AcknowledgeTicket(ticket_id=ticket, note="Kami cek."), AGENCY, datetime.now(UTC))
        await story.client.publish([asked])
        await story.ask("/channels/web", e.ReplyToTicket(ticket_id=ticket, text="Masih gelap."))  # it goes on
        (lies,) = await story.until(lambda: letters(story) or None, "a dead letter")
        assert await ended(bad) == 0
        await fleet.ready(fleet.start("routing"))

        (listed,) = await tindak(namespace, "dlq", "list", "routing")
        given = await tindak(namespace, "dlq", "replay", "routing", "--reason", "bug")
        seen = await story.hears(e.TicketAcknowledged, topics.agency_topic("dishub"), ticket)
        left = await tindak(namespace, "dlq", "replay", "--all")
        again = await tindak(namespace, "dlq", "replay", "routing", "--id", given[0]["id"])
        await story.audited({lies})

        assert (listed["reason"], listed["attempts"]) == ("bug", "1")
        assert re.fullmatch(r"ZeroDivisionError at .*failing\.py:\d+", listed["error"])
        name = "/".join(map(str, lies))
        assert given == again == [{"id": name, "service": "routing", "reason": "bug", "replayed": True}]
        assert (listed["sender"], listed["state"], left) == (AGENCY, "open", [])
        assert (seen.note, seen.version) == ("Kami cek.", 3)
        assert story.told(topics.TICKETS, ticket) == ["routed", "reporter_replied", "acknowledged"]
