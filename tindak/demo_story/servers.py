"""Where the demo's broker and database come from: the local stack, or Docker where that cannot run."""

import asyncio
import platform
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from tindak.demo_story.containers import Containers, docker_answers
from tindak.stack import LocalStack, StackError


@asynccontextmanager
async def servers(show: Callable[[str], None]) -> AsyncIterator[Mapping[str, str]]:
    """Give the environment of a broker and a database that run from entry to exit.

    Raises:
        StackError: They cannot run here; the sentence says what is needed.
    """
    try:
        local = LocalStack()
    except StackError as error:
        if not await asyncio.to_thread(docker_answers):
            here = f"{platform.system()} on {platform.machine()}"
            raise StackError(
                f"The demo needs Linux on x86-64 or a Docker that answers; this is {here}, and no Docker answers."
            ) from error
        containers = Containers()
        async with up(containers.start, containers.stop):
            show("a Kafka broker and a mongod run in containers, on 127.0.0.1")
            yield containers.environment
        return
    async with up(local.start, local.stop):
        show(f"{local.layout.shape} listen on 127.0.0.1")
        yield local.layout.environment()


@asynccontextmanager
async def up(start: Callable[[], object], stop: Callable[[], None]) -> AsyncIterator[None]:
    """Keep servers up from entry to exit.

    Whoever interrupts the start waits for its end, so that everything that it has started is stopped again.
    """
    starting = asyncio.create_task(asyncio.to_thread(start))
    try:
        await asyncio.shield(starting)
        yield
    finally:
        await asyncio.wait({starting})
        if starting.exception() is None:
            await asyncio.to_thread(stop)
