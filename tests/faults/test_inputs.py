import asyncio
from pathlib import Path

import pytest

from shared.delivery.outgoing import Outgoing
from tests.builders import FROM_WEB
from tests.faults.city import COMPLAINTS, as_outgoing, city_of, complaint
from tests.faults.poison import POISON
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running
from tindak.client.kafka import Client

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

REPEATED = 500


async def test_submissions_sent_three_times_in_parallel_become_one_ticket_each(
    namespace: Namespace, tmp_path: Path
) -> None:
    async def channel(repeat: int) -> None:
        async with Client(namespace.kafka) as client:
            await client.publish([as_outgoing(complaint(number, repeat=repeat)) for number in range(REPEATED)])

    fleet = Fleet(namespace, tmp_path)
    fleet.start("intake")
    async with running(fleet) as _, city_of(namespace) as city:
        await asyncio.gather(*map(channel, range(3)))

        await city.audited()

        assert await city.accepted() == REPEATED


async def test_poison_ends_among_the_dead_letters_and_stops_nobody(namespace: Namespace, tmp_path: Path) -> None:
    async with running(Fleet(namespace, tmp_path)), city_of(namespace) as city:
        complaining = asyncio.create_task(city.complain())

        planted = set()
        for topic, value in POISON:
            (lies,) = await city.client.publish([Outgoing("", topic, "poison", value)])
            if topic != FROM_WEB:
                planted.add((topic, lies.partition, lies.offset))
        await complaining

        await city.audited(planted)
        assert await city.accepted() == COMPLAINTS
