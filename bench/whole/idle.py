"""What the pipeline costs while nothing happens."""

import time
from typing import Any

from bench.meters.usage import Processes, cpu_seconds

SECONDS = 60.0
SETTLES_SECONDS = 15.0  # what has just come keeps the fetches short for ten of them


def idle(processes: Processes, seconds: float = SECONDS) -> dict[str, Any]:
    """Return the share of a core that each process takes while it waits, in percent, once it has waited for a while."""
    time.sleep(SETTLES_SECONDS)  # no event says that the last fetch was a long one
    before, began = cpu_seconds(processes), time.monotonic()
    time.sleep(seconds)  # being idle for so long is what is measured
    after, took = cpu_seconds(processes), time.monotonic() - began
    return {name: round(100 * (after[name] - before[name]) / took, 2) for name in before}
