"""aiokafka's client, which outlives connections that are reset and answers that do not come."""

from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import NodeNotReadyError, RequestTimedOutError
from aiokafka.protocol.produce import ProduceRequest

C = TypeVar("C", AIOKafkaConsumer, AIOKafkaProducer)


class SafeClient(AIOKafkaClient):  # type: ignore[misc]  # aiokafka is not typed
    """Asks over a connection only while it is open, and raises nothing but errors of Kafka.

    uvloop raises RuntimeError where something is written to a connection that was reset a moment ago, which aiokafka
    (0.14) takes for a bug (https://github.com/aio-libs/aiokafka/issues/1038): the task that refreshes its metadata ends
    without a word, and whoever waits for it does so for ever.
    """

    async def _get_conn(
        self, node_id: int, *, group: ConnectionGroup = ConnectionGroup.DEFAULT, no_hint: bool = False
    ) -> AIOKafkaConnection | None:
        """Return an open connection, or None; nothing may be awaited between this and what is written to it."""
        _close_if_reset(self._conns.get((node_id, group)))
        conn = await super()._get_conn(node_id, group=group, no_hint=no_hint)
        return None if _close_if_reset(conn) else conn

    async def send(self, node_id: int, request: Any, *, group: ConnectionGroup = ConnectionGroup.DEFAULT) -> Any:
        """Return the answer to *request*; aiokafka's own closes whatever connection there is by the time it gives up.

        Raises:
            KafkaError: The broker is out of reach, or does not answer in time.
        """
        conn = await self._get_conn(node_id, group=group)
        if conn is None:
            raise NodeNotReadyError(f"no connection to node {node_id}")
        is_answered = not (isinstance(request, ProduceRequest) and request.required_acks == 0)
        try:
            return await conn.send(request, expect_response=is_answered)
        except TimeoutError as error:
            conn.close(reason=CloseReason.CONNECTION_TIMEOUT)
            raise RequestTimedOutError from error


def with_safe_client(made: C) -> C:
    """Return a consumer or producer of aiokafka, which makes its client itself, with ours; before it is started."""
    client = made._client if isinstance(made, AIOKafkaConsumer) else made.client
    client.__class__ = SafeClient
    return made


def _close_if_reset(conn: AIOKafkaConnection | None) -> bool:
    """Close a connection whose transport is gone, though its reader does not know that yet; return whether it was."""
    if conn is None or conn._writer is None or not conn._writer.transport.is_closing():
        return False
    conn.close(reason=CloseReason.CONNECTION_BROKEN)
    return True
