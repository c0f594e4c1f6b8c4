"""gateways.yaml is changed while a message is on its way: nothing is lost, and what is sent next goes the new way."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.notify.app import Outlets
from services.notify.channels import Message
from services.notify.domain.outcomes import Delivered
from services.notify.messages.renderer import MessageRenderer
from services.notify.policy import load_notices
from services.notify.settings import Settings
from shared.delivery.vitals import Vitals
from shared.policy.watch import PolicyWatch
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock
from tests.sealing import OPENER
from tests.servers.gateway import Answer, Asked, StandInGateway
from tests.unit.notify.samples import DELIVERY, POLICY, POLICY_DIR

pytestmark = pytest.mark.loopback

MESSAGE = Message(
    id=DELIVERY, ticket_id=TICKET, notice="accepted", role="reporter", channel="sms", language="id", written_at=NOON,
    address="0812-3456-7890", subject="Kabar", body="Laporan diterima.",
)  # fmt: skip
FILE = """\
version: 1
gateways:
  - code: city
    channel: sms
    url: "{url}/messages"
    environment: {{sender: TINDAK_GATEWAY_CITY_FROM}}
    address: e164
    format: form
    body: {{To: "{{{{ to }}}}", From: "{{{{ env.sender }}}}", Body: "{{{{ text }}}}"}}
    answer: {{success: {{statuses: [200, 201]}}}}
"""


class City:
    """The channels of a city whose policy lies in a folder that a test changes."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "gateways.yaml"
        (folder / "receipts.yaml").unlink()
        own = Settings.model_validate({"TINDAK_CONTACT_PRIVATE_KEYS": "unused"})
        renderer = MessageRenderer(POLICY, OPENER)
        self.outlets = Outlets("cluster", own, MemoryClock(NOON), Vitals(), renderer)

    def describe(self, gateway: StandInGateway) -> None:
        self.file.write_text(FILE.format(url=gateway.url), "utf-8")

    def start(self) -> None:
        self.watch = PolicyWatch("notify", self.file.parent, lambda path: load_notices(path, timedelta(minutes=5)))
        self.outlets.use_policy(self.watch.policy)

    async def follow(self) -> None:
        for _ in range(2):
            await self.watch.look(self.outlets.use_policy)


@pytest.fixture
async def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[City]:
    monkeypatch.setenv("TINDAK_GATEWAY_CITY_FROM", "TANGSEL")
    found = City(shutil.copytree(POLICY_DIR, tmp_path / "policy"))
    yield found
    found.outlets.ways.use({})
    await found.outlets.ways.close_replaced()


async def test_a_message_on_its_way_ends_at_the_old_gateway_and_the_next_goes_to_the_new_one(city: City) -> None:
    arrived = asyncio.Event()

    def slow(_: Asked) -> Answer:
        arrived.set()
        return Answer(201, {}, after_seconds=1)

    old, new = StandInGateway(usual=slow), StandInGateway()
    async with old.listening(), new.listening():
        city.describe(old)
        city.start()
        on_its_way = asyncio.create_task(city.outlets.ways["sms"].send(MESSAGE))
        async with asyncio.timeout(5):
            await arrived.wait()
        city.describe(new)
        await city.follow()
        await city.outlets.ways.close_replaced()

        assert isinstance(await city.outlets.ways["sms"].send(MESSAGE), Delivered)
        assert not on_its_way.done()
        assert isinstance(await on_its_way, Delivered)
        await city.outlets.ways.close_replaced()

    assert (len(old.taken), len(new.taken)) == (1, 1)
    assert city.outlets.ways.replaced == []


async def test_a_broken_file_leaves_the_gateways_as_they_are_and_says_so(city: City) -> None:
    gateway = StandInGateway()
    async with gateway.listening():
        city.describe(gateway)
        city.start()
        city.file.write_text(FILE.format(url=gateway.url).replace("env.sender", "env.sennder"), "utf-8")
        await city.follow()

        assert "gateways.yaml" in city.watch.remark()
        assert "sennder" in city.watch.remark()
        assert isinstance(await city.outlets.ways["sms"].send(MESSAGE), Delivered)


async def test_a_gateway_that_is_taken_out_is_no_way_any_more(city: City) -> None:
    gateway = StandInGateway()
    async with gateway.listening():
        city.describe(gateway)
        city.start()
        city.file.write_text("version: 1\ngateways: []\n", "utf-8")
        await city.follow()

    assert list(city.outlets.ways) == []
