"""Mail and two HTTP gateways at once: what one does is felt on no other way, and each notice ends on one of them."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.notify.channels import SideBySide
from services.notify.channels.setup import set_up
from services.notify.domain.deliveries import Due, Failed, Sent
from services.notify.policy.gateways import GatewayFile, load_gateways
from services.notify.settings import Settings
from shared.events import NotificationFailed, NotificationSent
from tests.component.notify.harness import ServiceHarness
from tests.connected.notify.relay import HOST, Relay
from tests.servers.gateway import DOWN, DROPS, HANGS, Answer, Asked, StandInGateway
from tests.unit.notify.samples import notice, rules

pytestmark = pytest.mark.loopback

FILE, _ = load_gateways(Path(__file__).parents[3] / "policy")
SECRETS = {name: "rahasia" for gateway in FILE.gateways for name in gateway.variables}
WAYS = rules(notice(channels=("email", "whatsapp", "sms", "log")))
PHONE = "0812-3456-7890"
UNKNOWN_USER = "550 5.1.1 no such user"
REFUSES_NUMBER = Answer(400, {"error": {"code": 131026}})


def whatsapp_takes(asked: Asked) -> Answer:
    return Answer(200, {"messages": [{"id": "wamid.1"}]})


class City:
    """A mail relay, WhatsApp and two SMS gateways, all on loopback, and a notify that knows them."""

    def __init__(self, *to_recipient: str | None, **relay: Any) -> None:
        self.relay = Relay(*to_recipient, **relay)
        self.whatsapp = StandInGateway(usual=whatsapp_takes)
        self.twilio = StandInGateway()
        self.harness = ServiceHarness(WAYS)

    @asynccontextmanager
    async def listening(self, timeout_seconds: float = 5, **own: Any) -> AsyncIterator[ServiceHarness]:
        """Let everybody answer, and yield the harness with its channels set up."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self.relay.listening())
            await stack.enter_async_context(self.whatsapp.listening())
            await stack.enter_async_context(self.twilio.listening())
            plain = {
                "TINDAK_CONTACT_PRIVATE_KEYS": "unused", "smtp_host": HOST, "smtp_port": self.relay.port,
                "smtp_starttls": False, "smtp_timeout_seconds": timeout_seconds,
            }  # fmt: skip
            settings = Settings.model_validate(plain | own)
            file = self.described(timeout_seconds)
            vitals, clock = self.harness.sender.vitals, self.harness.clock
            leaving = set_up(settings, file, SECRETS, clock, vitals, random.Random(7).random)
            self.harness.channels.update(leaving.channels)
            self.harness.sender = self.harness.new_sender(spread=SideBySide(200, 0.02), vitals=vitals)
            yield self.harness
            for channel in leaving.channels.values():
                await channel.close()

    def described(self, timeout_seconds: float) -> GatewayFile:
        """Return the shipped descriptions of those who stand in."""
        at = {"whatsapp_template": self.whatsapp.url, "twilio": self.twilio.url}
        plain = {"timeout_seconds": timeout_seconds, "messages_per_second": 1000}
        described = [
            gateway.model_copy(update=plain | {"url": f"{at[gateway.code]}/{gateway.url.split('/', 3)[3]}"})
            for gateway in FILE.gateways
            if gateway.code in at
        ]
        return FILE.model_copy(update={"gateways": tuple(described)})

    @property
    def taken(self) -> tuple[int, int, int]:
        """How many were taken as mail, by WhatsApp and by SMS."""
        return len(self.relay.mails), len(self.whatsapp.taken), len(self.twilio.taken)


async def told(harness: ServiceHarness, *reporters: dict[str, Any]) -> Sequence[str]:
    """Let each of these reporters have a notice; return their tickets."""
    tickets = [harness.report(number, **reporter) for number, reporter in enumerate(reporters)]
    await harness.work()
    return tickets


BOTH = {"email": "siti@warga.example", "phone": PHONE}


async def test_a_reporter_is_told_on_the_way_that_she_prefers() -> None:
    city = City()
    async with city.listening() as harness:
        await told(harness, BOTH | {"preferred_channel": "whatsapp"}, BOTH | {"preferred_channel": "sms"}, BOTH)
        await harness.send()

    assert city.taken == (1, 1, 1)
    assert Counter(fact.channel for fact in harness.facts) == {"email": 1, "whatsapp": 1, "sms": 1}


async def test_what_one_way_refuses_for_good_is_told_on_the_next_one_until_one_takes_it() -> None:
    city = City(UNKNOWN_USER)
    city.whatsapp.plan = [REFUSES_NUMBER]
    async with city.listening() as harness:
        await told(harness, BOTH)
        await harness.send()

    [fact] = harness.facts
    assert isinstance(fact, NotificationSent)
    assert (fact.channel, fact.attempt, fact.provider_id) == ("sms", 1, "SM4f5e")
    assert (city.taken, len(city.whatsapp.asked)) == ((0, 0, 1), 1)


async def test_what_every_way_refuses_fails_with_the_last_one_s_reason() -> None:
    city = City(UNKNOWN_USER)
    city.whatsapp.plan, city.twilio.plan = [REFUSES_NUMBER], [Answer(400, {"code": 21610})]
    async with city.listening() as harness:
        await told(harness, BOTH)
        await harness.send()

    [fact] = harness.facts
    assert isinstance(fact, NotificationFailed)
    assert (fact.channel, fact.error) == ("sms", "http_400 21610")


@pytest.mark.parametrize("mood", [DOWN, DROPS, Answer(429, {}), Answer(200, b"garbage")])
async def test_what_a_way_may_have_taken_is_tried_there_again_and_on_no_other(mood: Answer) -> None:
    """On another one it might arrive twice."""
    city = City()
    city.whatsapp.plan = [mood]
    async with city.listening() as harness:
        await told(harness, {"phone": PHONE})
        await harness.send()
        [before] = situations(harness)
        harness.pass_time(timedelta(minutes=2))
        await harness.send()

    assert isinstance(before, Due)
    assert [(fact.TYPE, fact.channel, fact.attempt) for fact in harness.facts] == [
        (NotificationSent.TYPE, "whatsapp", 2)
    ]
    assert city.twilio.asked == []


async def test_a_gateway_that_asks_to_be_left_alone_is_until_then() -> None:
    city = City()
    city.whatsapp.plan = [Answer(429, {}, {"Retry-After": "600"})]
    async with city.listening() as harness:
        await told(harness, {"phone": PHONE})
        await harness.send()

    [situation] = situations(harness)
    assert situation == Due(harness.clock.now() + timedelta(minutes=10), 2)


async def test_a_gateway_that_hangs_holds_up_no_mail() -> None:
    city = City()
    city.whatsapp.usual = lambda _: HANGS
    async with city.listening(timeout_seconds=1.5) as harness:
        await told(harness, *[{"phone": PHONE}] * 40, *[{"email": f"warga{n}@warga.example"} for n in range(60)])
        began = time.monotonic()
        sweep = asyncio.create_task(harness.sender.sweep())
        while len(harness.facts) < 60 and time.monotonic() - began < 10:  # noqa: ASYNC110  # until they are told
            await asyncio.sleep(0.01)
        mails_told_after = time.monotonic() - began
        await sweep

    assert {fact.channel for fact in harness.facts} == {"email"}
    assert (len(city.relay.mails), len(harness.facts)) == (60, 60)
    # Their facts are out before the first message to the gateway that hangs has been given up.
    assert mails_told_after < 1.5
    assert all(isinstance(situation, Due) for situation in situations(harness) if not isinstance(situation, Sent))


async def test_a_gateway_that_is_dead_is_asked_by_few_and_all_arrive_once_it_is_back() -> None:
    city = City()
    city.whatsapp.usual = lambda _: DOWN
    async with city.listening() as harness:
        tickets = await told(harness, *[{"phone": PHONE}] * 100)
        await harness.send()
        asked = len(city.whatsapp.asked)
        city.whatsapp.usual = whatsapp_takes
        for _ in range(12):
            harness.pass_time(timedelta(minutes=2))
            await harness.send()

    # As many as fail before the breaker opens, and those that were on their way beside them.
    assert asked <= 5 + 20
    assert Counter(fact.ticket_id for fact in harness.facts) == Counter(tickets)
    assert {fact.TYPE for fact in harness.facts} == {NotificationSent.TYPE}
    assert len(city.whatsapp.taken) == 100


async def test_no_more_messages_are_on_their_way_to_a_gateway_than_it_may_have() -> None:
    city = City()
    city.whatsapp.usual = lambda asked: Answer(200, {"messages": [{"id": "wamid.1"}]}, after_seconds=0.02)
    async with city.listening() as harness:
        await told(harness, *[{"phone": PHONE}] * 100)
        await harness.send()

    assert len(city.whatsapp.taken) == 100
    assert 10 <= city.whatsapp.at_once_max <= 20


def situations(harness: ServiceHarness) -> list[Due | Sent | Failed]:
    return [
        delivery.situation for document in harness.store.documents.values() for delivery in document.state.deliveries
    ]
