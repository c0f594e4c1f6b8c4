import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.city import COMPLAINTS, city_of
from tests.servers.addresses import Namespace, Servers
from tests.servers.fleet import Fleet, running
from tindak.stack import LocalStack
from tindak.stack.node import Node

pytestmark = [pytest.mark.faults, pytest.mark.cluster, pytest.mark.timeout(600)]


def local(stack: Servers) -> LocalStack:
    """Return the stack whose servers may be killed; skip where there is none with three of each."""
    if stack.local is None or len(stack.local.brokers) < 3 or len(stack.local.members) < 3:
        pytest.skip("needs --stack apache --brokers 3 --members 3")
    return stack.local


async def killed_twice(victim: Callable[[], Node]) -> None:
    """Kill a server in the middle of the stream, start it again, and do it once more."""
    for _ in range(2):
        await asyncio.sleep(2)
        node = victim()
        await asyncio.to_thread(node.kill)
        await asyncio.sleep(3)
        await asyncio.to_thread(node.start)


async def test_a_killed_database_primary_loses_and_doubles_nothing(
    stack: Servers, namespace: Namespace, tmp_path: Path
) -> None:
    servers = local(stack)
    async with running(Fleet(namespace, tmp_path)) as fleet, city_of(namespace) as city:
        complaining = asyncio.create_task(city.complain())

        await killed_twice(servers.primary)
        await complaining

        await city.audited()
        assert await city.accepted() == COMPLAINTS
        await fleet.ready()


@pytest.mark.expects_errors  # the client that complains is cut off in mid-sentence, and aiokafka says so
async def test_a_killed_broker_loses_and_doubles_nothing(stack: Servers, namespace: Namespace, tmp_path: Path) -> None:
    servers = local(stack)
    async with running(Fleet(namespace, tmp_path)) as fleet, city_of(namespace) as city:
        complaining = asyncio.create_task(city.complain())

        await killed_twice(lambda: servers.brokers[-1])
        await complaining

        await city.audited()
        assert await city.accepted() == COMPLAINTS
        await fleet.ready()
