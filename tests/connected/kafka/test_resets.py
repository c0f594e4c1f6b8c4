"""Connections that are reset, or on which no answer comes, while something is asked over them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop
from aiokafka.client import ConnectionGroup
from aiokafka.cluster import BrokerMetadata
from aiokafka.errors import NodeNotReadyError, RequestTimedOutError
from aiokafka.protocol.metadata import MetadataRequest

from shared.adapters.kafka.client import SafeClient
from shared.adapters.kafka.producer import producer
from tests.servers.addresses import Namespace
from tests.servers.gate import Gate, gate_to

pytestmark = [
    pytest.mark.connected,
    pytest.mark.without_agencies,
    pytest.mark.expects_errors,  # aiokafka logs each connection that it loses as one
    pytest.mark.timeout(120),
]

WITHIN_SECONDS = 30
MAIN = ConnectionGroup.DEFAULT


@asynccontextmanager
async def client_behind_gate(namespace: Namespace) -> AsyncIterator[tuple[SafeClient, int, Gate]]:
    """Give a client with one connection, through a gate, to the broker whose number is given, too."""
    made = producer(namespace.kafka)
    await made.start()
    client = made.client
    try:
        await client.close()  # what it asked while it started
        await client.bootstrap()
        (broker,) = client.cluster.brokers()
        async with gate_to(broker.port) as gate:
            gate.open()
            client.cluster._brokers[broker.nodeId] = BrokerMetadata(broker.nodeId, "127.0.0.1", gate.port, None)
            assert await client.ready(broker.nodeId)
            yield client, broker.nodeId, gate
    finally:
        await made.stop()


async def reset(gate: Gate, client: SafeClient) -> None:
    """Reset the connection; return when its transport has just closed, which its reader is yet to hear."""
    (conn,) = client._conns.values()
    lost = asyncio.get_running_loop().create_future()
    close = conn._protocol.connection_lost

    def connection_lost(error: Exception | None) -> None:
        close(error)
        lost.set_result(error)

    conn._protocol.connection_lost = connection_lost
    gate.reset()
    assert isinstance(await lost, ConnectionResetError)
    assert conn.connected()


def on_uvloop(work: Callable[[], Awaitable[None]]) -> None:
    """Do *work* as the services run."""

    async def in_time() -> None:
        async with asyncio.timeout(WITHIN_SECONDS):
            await work()

    uvloop.run(in_time())


async def asked(client: SafeClient, node: int) -> Any:
    return await client.send(node, MetadataRequest([]))


async def refreshed(client: SafeClient, node: int) -> Any:
    return await client._metadata_update(client.cluster, [])


@pytest.mark.parametrize("work", [asked, refreshed])
def test_what_is_asked_just_after_a_reset_is_asked_over_a_new_connection(
    namespace: Namespace, work: Callable[[SafeClient, int], Awaitable[Any]]
) -> None:
    async def after_reset() -> None:
        async with client_behind_gate(namespace) as (client, node, gate):
            await reset(gate, client)
            assert await work(client, node)
            assert await client.force_metadata_update()

    on_uvloop(after_reset)


def test_a_connection_that_gives_no_answer_is_closed_and_none_that_took_its_place(namespace: Namespace) -> None:
    async def without_answer() -> None:
        async with client_behind_gate(namespace) as (client, node, _):
            silent = client._conns[node, MAIN]
            silent._request_timeout = 0
            asking = asyncio.create_task(asked(client, node))
            await asyncio.sleep(0)
            del client._conns[node, MAIN]
            assert await asked(client, node)

            with pytest.raises(RequestTimedOutError):
                await asking
            assert (silent.connected(), client._conns[node, MAIN].connected()) == (False, True)

    on_uvloop(without_answer)


def test_a_broker_that_nobody_knows_is_out_of_reach(namespace: Namespace) -> None:
    async def of_a_stranger() -> None:
        async with client_behind_gate(namespace) as (client, node, _):
            with pytest.raises(NodeNotReadyError):
                await asked(client, node + 1)

    on_uvloop(of_a_stranger)
