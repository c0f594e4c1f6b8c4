"""Somebody asks on WhatsApp how their report stands, between four processes, and is told there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared import events as e
from shared import topics
from tests.journey.story import story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running
from tindak.client.envelopes import submission

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

POTHOLE = {"channel": "whatsapp", "body": "Jalan berlubang besar di depan Pasar Ciputat, dua pengendara motor jatuh."}
TO_WHATSAPP = topics.status_topic("whatsapp")


async def test_who_asks_how_a_report_stands_is_told_on_its_channel(namespace: Namespace, tmp_path: Path) -> None:
    async with running(Fleet(namespace, tmp_path)), story_of(namespace) as story:
        accepted = await story.complain(source_id="1", **POTHOLE)
        await story.hears(e.TicketStatusChanged, TO_WHATSAPP, accepted.ticket_id, state="routed")
        question = {
            "channel": "whatsapp",
            "source_id": "2",
            "body": f"gmn laporan sy {accepted.tracking_id.lower()} min?",
        }
        await story.client.publish([submission(question, datetime.now(UTC))])

        told = await story.hears(e.TicketStatusChanged, TO_WHATSAPP, accepted.ticket_id, asked_as="2")
        (refused,) = story.all(e.ComplaintRejected, topics.answers_topic("whatsapp"))

        assert (told.state, told.tracking_id, told.source_id) == ("routed", accepted.tracking_id, "1")
        assert [reason.code for reason in refused.reasons] == ["status_question"]
        assert accepted.tracking_id in refused.reasons[0].message_en
        await story.audited()
