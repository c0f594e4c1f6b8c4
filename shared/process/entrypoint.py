"""Runs a service as this process; if it cannot start, prints one sentence that says why."""

import sys
from collections.abc import Callable
from typing import TypeVar

import uvloop
from pydantic import ValidationError

from shared.output import terminal_text
from shared.policy.loading import PolicyInvalid
from shared.process import logs, memory
from shared.process.service import Service
from shared.process.settings import CommonSettings

S = TypeVar("S")


def main(name: str, build: Callable[[CommonSettings], Service[S]]) -> None:
    """Run the service that *build* returns, as this process; exits 2 if settings or policy are wrong."""

    async def started() -> int:
        try:
            settings = CommonSettings()
            logs.configure(name, settings.log_level)
            service = build(settings)
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            return _refusal(name, "; ".join(faults))
        except (ValueError, PolicyInvalid, OSError) as error:
            return _refusal(name, str(error))
        return await service.run()

    memory.share_arena()
    sys.exit(uvloop.run(started()))


def _refusal(name: str, sentence: str) -> int:
    """Say on standard error why the service does not start; return the exit code for it."""
    sys.stderr.write(terminal_text(f"{name} does not start: {sentence}\n"))
    return 2
