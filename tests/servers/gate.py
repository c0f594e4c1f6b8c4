"""A TCP proxy on loopback that can be shut and opened, so that a server that runs on is out of reach for a while."""

import asyncio
import contextlib
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PIECE_BYTES = 64 * 1024
LINGER_NOT = struct.pack("ii", 1, 0)  # a close is a reset then


class Gate:
    """Hands every connection through to one port, or, while it is shut, drops it.

    Args:
        target_port: Of the server on loopback.

    Attributes:
        port: Where it listens.
        turned_away: How many connections it has dropped at once.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = 0
        self.turned_away = 0
        self._is_open = False
        self._guests: set[StreamWriter] = set()

    def open(self) -> None:
        """Let connections through from now on."""
        self._is_open = True

    def shut(self) -> None:
        """Drop every connection, those that are through included."""
        self._is_open = False
        for guest in self._guests:
            guest.transport.abort()

    def reset(self) -> None:
        """Reset every connection that is through, as the kernel of a killed server does; new ones are let through."""
        for guest in self._guests:
            guest.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            guest.transport.abort()

    async def take(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Hand one connection through, or drop it."""
        with contextlib.closing(writer), contextlib.suppress(OSError):
            if not self._is_open:
                self.turned_away += 1
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
            self._guests.add(writer)
            with contextlib.closing(far_writer):
                await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))
        self._guests.discard(writer)


async def carry(source: StreamReader, sink: StreamWriter) -> None:
    """Carry bytes one way until either side is gone, and let the other side know."""
    with contextlib.closing(sink), contextlib.suppress(OSError):
        while piece := await source.read(PIECE_BYTES):
            sink.write(piece)
            await sink.drain()


@asynccontextmanager
async def gate_to(target_port: int) -> AsyncIterator[Gate]:
    """Give a gate, shut at first, that is gone afterwards."""
    gate = Gate(target_port)
    server = await asyncio.start_server(gate.take, "127.0.0.1", 0)
    gate.port = server.sockets[0].getsockname()[1]
    try:
        yield gate
    finally:
        server.close()
        gate.shut()
