"""A service that kills itself (SIGKILL) the n-th time it comes to a step; run as ``-m tests.faults.dying``."""

import importlib
import os
import signal
import sys

from shared.delivery.vitals import Observe, Step
from shared.process import entrypoint


def die_at(fatal: Step, times: int) -> Observe:
    """Return an observer under which the process dies at the *times*-th *fatal* step."""
    left = times

    def observe(step: Step) -> None:
        nonlocal left
        if step is fatal:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return observe


if __name__ == "__main__":
    name, step, times = sys.argv[1:]
    build = importlib.import_module(f"services.{name}.app").build
    entrypoint.main(name, lambda settings: build(settings, die_at(Step(step), int(times))))
