"""A document that cannot be read costs its own ticket's events, is spoken of, and is healed by a command."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from shared import events as e
from shared import topics
from tests.builders import FROM_DISHUB
from tests.journey.story import Story, story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import POLICY, ROOT, Fleet, Member, running, until
from tindak.client.envelopes import update

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

WITHIN_SECONDS = 90
AGENCY = "/agencies/dishub"
LAMP = {
    "channel": "web", "title": "Lampu jalan mati",
    "body": "Lampu PJU di Jalan Merpati Kelurahan Sawah Baru mati sejak seminggu.",
}  # fmt: skip


async def tindak(namespace: Namespace, *arguments: str) -> list[dict[str, Any]]:
    """Return what a command prints, line by line; it must succeed."""
    own = {"PATH": os.environ["PATH"], "TINDAK_POLICY_DIR": str(POLICY)} | namespace.environment
    command = [sys.executable, "-m", "tindak.cli", "documents", *arguments, "--json"]
    done = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=own, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(WITHIN_SECONDS):
        out, err = await done.communicate()
    assert (done.returncode, err) == (0, b""), err
    return [json.loads(line) for line in out.splitlines()]


def changed(namespace: Namespace, ticket: str, **fields: Any) -> dict[str, Any]:
    """Change routing's document behind its back; return it as it was."""
    with MongoClient[dict[str, Any]](namespace.mongo.uri.get_secret_value()) as client:
        documents = client[f"{namespace.mongo.database_prefix}routing"]["tickets"]
        assert documents.find_one({"_id": ticket}) is not None
        before = None
        while before is None:  # a write that meets a replacement finds nothing: it is a deletion and an insertion
            before = documents.find_one_and_update({"_id": ticket}, {"$set": fields, "$inc": {"rev": 1}})
        return before


def remark(member: Member) -> str:
    """Return what a service says of its documents while it is ready; nothing if it has nothing to say."""
    said: str = member.remarks().get("documents", "")
    return said if member.health() == 200 else "not ready"


def letters(story: Story) -> list[dict[str, str]]:
    """Return the headers of routing's dead letters; clocks that sla starts are among them."""
    dead = [record for record in story.records if record.topic == topics.dead_letter_topic("routing")]
    return [{name: value.decode() for name, value in record.headers if name.startswith("dlq-")} for record in dead]


def updates(story: Story, attempts: str) -> int:
    """Return how many updates have become dead letters for the n-th time."""
    return sum((one["dlq-topic"], one["dlq-attempts"]) == (FROM_DISHUB, attempts) for one in letters(story))


async def test_a_document_that_cannot_be_read_waits_with_its_events_until_it_is_healed(
    namespace: Namespace, tmp_path: Path
) -> None:
    async with running(Fleet(namespace, tmp_path)) as fleet, story_of(namespace) as story:
        routing = next(member for member in fleet.members if member.service == "routing")
        sick = await story.complain(**LAMP, source_id="1")
        await story.hears(e.TicketRouted, topics.TICKETS, sick.ticket_id)
        before = changed(namespace, sick.ticket_id, state={"kind": "unheard of"})
        asked = (
            e.AcknowledgeTicket(ticket_id=sick.ticket_id),
            e.ProgressTicket(ticket_id=sick.ticket_id, note="Kami kerjakan."),
        )
        await story.client.publish([update(each, AGENCY, datetime.now(UTC)) for each in asked])
        well = await story.complain(**LAMP, source_id="2")
        await story.hears(e.TicketRouted, topics.TICKETS, well.ticket_id)
        await story.until(lambda: updates(story, "1") == 2 or None, "both dead letters")
        await until(lambda: remark(routing) != "", WITHIN_SECONDS, fleet.last_words)
        routing.kill()
        await fleet.ready(again := fleet.start("routing"))
        await until(lambda: remark(again) != "", WITHIN_SECONDS, fleet.last_words)

        remarked = remark(again)
        (listed,) = await tindak(namespace, "list", "routing")
        (shown,) = await tindak(namespace, "show", "routing", sick.ticket_id)
        tried = await tindak(namespace, "retry", "routing", sick.ticket_id)
        await story.until(lambda: updates(story, "2") == 2 or None, "both dead letters again")
        changed(namespace, sick.ticket_id, state=before["state"])
        healed = await tindak(namespace, "retry", "routing", "--all")
        await story.hears(e.TicketProgressed, topics.TICKETS, sick.ticket_id)
        left = await tindak(namespace, "list", "routing")
        await until(lambda: remark(again) == "", WITHIN_SECONDS, fleet.last_words)
        lay = {(one["dlq-topic"], int(one["dlq-partition"]), int(one["dlq-offset"])) for one in letters(story)}
        await story.audited(lay)

    assert remarked == "1 document_unreadable: `tindak documents list routing`"
    assert (listed["id"], listed["reason"]) == (sick.ticket_id, "document_unreadable")
    assert listed["dead_letters"] >= 2
    assert shown["state"] == {"kind": "unheard of"}
    assert {one["dlq-document"] for one in letters(story)} == {sick.ticket_id}
    assert [each["id"] for each in (*tried, *healed)] == [sick.ticket_id] * 2
    assert story.told(topics.TICKETS, sick.ticket_id) == ["routed", "acknowledged", "progressed"]
    assert left == []
