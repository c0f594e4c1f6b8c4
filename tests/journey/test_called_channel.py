"""A channel that reads no Kafka is called, between four processes, with where its reporter's ticket stands."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared import events as e
from shared import topics
from shared.signatures import secret_keys, verify
from tests.connected.notify.relay import Relay
from tests.journey.policies import NO_QUIET_HOURS, policy_with
from tests.journey.post import mail_settings
from tests.journey.story import story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running
from tests.servers.gateway import Answer, StandInGateway
from tindak.client.envelopes import update

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

ROADS = "/agencies/dsdabmbk"
SITI = "siti.rahmawati@warga.example"
SECRET = f"whsec_{base64.b64encode(bytes(32)).decode()}"
WEB = "{code: web, name: Situs lapor.go.id, "


def with_server(folder: Path, server: StandInGateway) -> Path:
    """Return the policy in which the web's own server is called."""
    policy = policy_with(folder, NO_QUIET_HOURS)
    text = (policy / "channels.yaml").read_text("utf-8")
    assert WEB in text
    webhook = f'webhook: {{url: "{server.url}/status", secret_env: TINDAK_WEBHOOK_WEB}}, '
    (policy / "channels.yaml").write_text(text.replace(WEB, WEB + webhook), "utf-8")
    return policy


async def test_a_channel_s_server_is_told_each_status_of_its_topic_in_order(
    namespace: Namespace, tmp_path: Path, relay: Relay
) -> None:
    server = StandInGateway(Answer(503), usual=lambda _: Answer(204))
    async with server.listening():
        settings = mail_settings(relay) | {"TINDAK_WEBHOOK_WEB": SECRET}
        fleet = Fleet(namespace, tmp_path, policy=with_server(tmp_path, server), settings=settings)
        async with running(fleet), story_of(namespace) as story:
            accepted = await story.complain(
                channel="web", source_id="1", reporter={"email": SITI},
                body="Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara motor jatuh.",
            )  # fmt: skip
            ticket, topic = accepted.ticket_id, topics.status_topic("web")
            await story.hears(e.TicketStatusChanged, topic, ticket, state="routed")
            await story.client.publish([update(e.AcknowledgeTicket(ticket_id=ticket), ROADS, datetime.now(UTC))])
            await story.hears(e.TicketStatusChanged, topic, ticket, state="acknowledged")

            def all_told() -> list[dict[str, Any]] | None:
                said = story.all(e.TicketStatusChanged, topic)
                told = [json.loads(asked.content) for asked in server.taken]
                return told if len(told) == len(said) else None

            told = await story.until(all_told, "every status told")
            said = [each.model_dump(mode="json", exclude_none=True) for each in story.all(e.TicketStatusChanged, topic)]
            await story.audited()

    assert [call["data"] for call in told] == said
    assert server.asked[0].headers["webhook-id"] == server.asked[1].headers["webhook-id"] == told[0]["id"]
    for asked in server.taken:
        verify(asked.headers, asked.content, secret_keys(SECRET), datetime.now(UTC))
        assert SITI.encode() not in asked.content
