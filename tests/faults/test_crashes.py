import asyncio
from pathlib import Path

import pytest

from shared.delivery.vitals import Step
from shared.topics import SERVICES
from tests.faults.city import COMPLAINTS, city_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

BATCHES_BEFORE_DEATH = 4
SMALL_BATCHES = {"TINDAK_KAFKA_BATCH_RECORDS_MAX": "40"}  # so that each of four deaths finds some left to die of


async def dies_at(fleet: Fleet, service: str, step: Step) -> None:
    """Start a process that kills itself at a step, and return once it is dead."""
    doomed = fleet.start(service, dying_at=(step, BATCHES_BEFORE_DEATH))
    async with asyncio.timeout(120):
        code = await asyncio.to_thread(doomed.process.wait)
    assert code == -9, fleet.last_words()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_killed_at_every_step_loses_and_doubles_nothing(
    namespace: Namespace, tmp_path: Path, service: str
) -> None:
    others = [other for other in SERVICES if other != service]
    fleet = Fleet(namespace, tmp_path, settings=SMALL_BATCHES)
    async with running(fleet, *others), city_of(namespace) as city:
        complaining = asyncio.create_task(city.complain())

        for step in Step:
            await dies_at(fleet, service, step)
        fleet.start(service)
        await complaining

        await city.audited()
        assert await city.accepted() == COMPLAINTS


async def test_a_rebalance_storm_loses_and_doubles_nothing(namespace: Namespace, tmp_path: Path) -> None:
    async with running(Fleet(namespace, tmp_path)) as fleet, city_of(namespace) as city:
        complaining = asyncio.create_task(city.complain())

        for number in range(3):
            for service in SERVICES:
                extra = fleet.start(service)
                await fleet.ready(extra)
                if number % 2:
                    extra.kill()
                else:
                    extra.process.terminate()
        await complaining

        await city.audited()
        assert await city.accepted() == COMPLAINTS
