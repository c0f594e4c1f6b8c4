"""A fast WhatsApp gateway, as a process of its own that dies with the one that started it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.gateway import Answer, Asked, StandInGateway
from tindak.stack import leash


def takes(asked: Asked) -> Answer:
    """Return the answer of WhatsApp to a message that it takes."""
    return Answer(200, {"messages": [{"id": "wamid.HBgLNjI4MTIzNDU2Nzg5MBUCABEYEjA"}]})


async def answer_for_ever() -> None:
    """Say where, and answer there."""
    gateway = StandInGateway(usual=takes)
    async with gateway.listening():
        print(gateway.url, flush=True)
        await asyncio.Event().wait()


@contextmanager
def listening() -> Iterator[str]:
    """Give the address of a gateway for as long as the block lasts."""
    leashed = [sys.executable, "-I", "-S", str(leash.__file__), str(os.getpid())]
    command = [*leashed, sys.executable, "-m", "bench.notify.gateway"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(answer_for_ever())
