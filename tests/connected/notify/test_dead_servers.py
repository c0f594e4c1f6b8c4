"""Servers of agencies and channels on loopback that are slow, dead, failing or well, and a mail relay beside them."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify.channels import SideBySide
from services.notify.channels.isolated import Limits
from services.notify.channels.setup import set_up
from services.notify.channels.webhook import Caller
from services.notify.channels.webhooks import WebhookChannel
from services.notify.domain.deliveries import Due
from services.notify.domain.sending.breakers import BreakerRule
from services.notify.messages.renderer import MessageRenderer
from services.notify.policy.gateways import GatewayFile
from services.notify.settings import Settings
from shared import topics
from shared.events import NotificationFailed, NotificationSent, TicketRouted
from shared.events.envelope import encode
from shared.policy.agencies import AgencyDirectory, AgencyWebhook
from shared.policy.channels import Channel, ChannelRegistry, Webhook
from shared.signatures import secret_keys, verify
from tests.builders import accepted, event, ticket_id
from tests.component.notify.harness import ServiceHarness
from tests.connected.notify.callee import HOST, Callee
from tests.connected.notify.relay import Relay
from tests.sealing import OPENER
from tests.unit.notify.samples import POLICY, notice, rules, said
from tests.unit.notify.test_statuses import status

pytestmark = pytest.mark.loopback

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
NAME = "TINDAK_WEBHOOK_CITY"
CODE = "partner_klaten"
RULES = rules(
    notice(
        code="routed", on=TicketRouted.TYPE, to=("liaison",), template="agency_new_ticket",
        channels=("webhook", "email", "log"),
    ),
    called=frozenset({CODE}),
)  # fmt: skip
MINUTE = timedelta(minutes=1)


class City:
    """Two agencies and a channel with servers of their own, and a relay for mail."""

    def __init__(self, dishub: Callee, channel: Callee | None = None) -> None:
        self.relay = Relay()
        self.servers = {"dishub": dishub, "dlh": Callee(), f"channel-{CODE}": channel or Callee()}

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[ServiceHarness]:
        """Let everybody answer, and yield a notify that knows them."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self.relay.listening())
            for server in self.servers.values():
                await stack.enter_async_context(server.listening())
            urls = {code: f"http://{HOST}:{server.port}/tindak" for code, server in self.servers.items()}
            harness = ServiceHarness(RULES)
            harness.channels.update(self.mail(harness) | {"webhook": self.webhooks(harness, urls)})
            harness.sender = harness.new_sender(renderer=_renderer(urls), spread=SideBySide(200, 0.02))
            yield harness
            for channel in harness.channels.values():
                await channel.close()

    def mail(self, harness: ServiceHarness) -> dict[str, Any]:
        own = Settings.model_validate(
            {
                "TINDAK_CONTACT_PRIVATE_KEYS": "unused", "smtp_host": HOST, "smtp_port": self.relay.port,
                "smtp_starttls": False,
            }
        )  # fmt: skip
        return dict(set_up(own, GatewayFile(version=1), {}, harness.clock, harness.sender.vitals, lambda: 0.0).channels)

    def webhooks(self, harness: ServiceHarness, urls: Mapping[str, str]) -> WebhookChannel:
        caller = Caller(harness.clock.now, timedelta(seconds=0.5), is_local=True)
        limits = Limits(2, timedelta(seconds=1))
        channel = WebhookChannel(caller, {NAME: SECRET}, limits, harness.clock, harness.sender.vitals)
        channel.use({code: _webhook(url) for code, url in urls.items()}, BreakerRule(failures_max=3))
        return channel


def _webhook(url: str) -> Webhook:
    return Webhook.model_validate({"url": url, "secret_env": NAME})


def _renderer(urls: Mapping[str, str]) -> MessageRenderer:
    agencies = tuple(
        each.model_copy(update={"webhook": AgencyWebhook.model_validate({"url": urls[each.code], "secret_env": NAME})})
        if each.code in urls
        else each
        for each in POLICY.directory.agencies
    )
    channel = Channel(code=CODE, name="Klaten", replies=True, webhook=_webhook(urls[f"channel-{CODE}"]))
    policy = replace(POLICY, directory=AgencyDirectory(agencies), channels=ChannelRegistry((channel,)))
    return MessageRenderer(policy, OPENER)


async def routed(harness: ServiceHarness, number: int, agency: str) -> None:
    """Let an agency be told of one more ticket."""
    ticket = ticket_id("web", str(number))
    harness.publish(topics.ACCEPTED, event(accepted(ticket_id=ticket)))
    harness.publish(topics.TICKETS, event(said(TicketRouted, ticket_id=ticket, agency=agency)))
    await harness.work()


@pytest.mark.parametrize("dead", [Callee(500), Callee(b""), Callee(hangs=True)], ids=["500", "drops", "hangs"])
async def test_a_dead_server_slows_no_other_and_costs_its_notices_nothing(dead: Callee) -> None:
    city = City(dead)
    async with city.listening() as harness:
        for number in range(12):
            await routed(harness, number, "dishub")
        for number in range(12, 24):
            await routed(harness, number, "dlh")
        await harness.send()

        assert len(city.servers["dlh"].calls) == 12
        assert len(dead.calls) <= 5  # three open the breaker, and as many as may be on their way beside them
        attempts = [
            each.situation.attempt
            for document in harness.store.documents.values()
            for each in document.state.deliveries
            if isinstance(each.situation, Due)
        ]
        assert len(attempts) == 12
        assert sum(attempt > 1 for attempt in attempts) == len(dead.calls)


async def test_what_a_dead_server_does_not_take_in_time_goes_by_mail_and_ends_once() -> None:
    city = City(Callee(503))
    async with city.listening() as harness:
        for number in range(6):
            await routed(harness, number, "dishub")
        await harness.send_in_time()

    assert len(city.relay.mails) == 6
    assert [(type(fact), fact.channel) for fact in harness.facts] == [(NotificationSent, "email")] * 6
    assert len({fact.delivery_id for fact in harness.facts}) == 6


async def test_a_server_that_is_back_is_told_of_what_had_to_wait() -> None:
    city = City(Callee(503))
    async with city.listening() as harness:
        for number in range(6):
            await routed(harness, number, "dishub")
        await harness.send()
        city.servers["dishub"].answer = 200
        await harness.send_in_time()

    assert city.relay.mails == []
    assert {fact.channel for fact in harness.facts} == {"webhook"}
    assert len(harness.facts) == 6


async def test_a_channel_verifies_and_reads_the_event_of_its_topic() -> None:
    city, channel = City(Callee()), Callee()
    city.servers[f"channel-{CODE}"] = channel
    statuses = [event(status(version=version)) for version in (2, 3, 4)]
    async with city.listening() as harness:
        for each in statuses:
            harness.publish(topics.status_topic(CODE), each)
        await harness.work()
        await harness.send()
        now = harness.clock.now()

    assert [json.loads(call.body)["id"] for call in channel.calls] == [each.id for each in statuses]
    for call, each in zip(channel.calls, statuses, strict=True):
        verify(call.headers, call.body, secret_keys(SECRET), now)
        assert call.headers["webhook-id"] == each.id
        on_topic = json.loads(encode(each))
        assert json.loads(call.body)["data"] == on_topic["data"]
        assert json.loads(call.body)["type"] == on_topic["type"]


async def test_a_channel_whose_server_is_dead_all_day_is_told_of_as_failed_and_others_are_told() -> None:
    city = City(Callee(), Callee(503))
    async with city.listening() as harness:
        await routed(harness, 1, "dishub")
        harness.publish(topics.status_topic(CODE), event(status()))
        await harness.work()
        await harness.send_in_time()

    outcomes = {fact.recipient_role: type(fact) for fact in harness.facts}
    assert outcomes == {"liaison": NotificationSent, f"channel-{CODE}": NotificationFailed}
