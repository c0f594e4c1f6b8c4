"""A flood on one of fourteen channels, and how long the honest complaints of the others take meanwhile.

    python -m bench.flood

One Apache Kafka broker, one mongod member, the four services and the sender of the flood, all on this machine. Times
are from the broker's stamp of the submission to its stamp of the ticket on the agency's topic. Ends with 1 if one of
them is longer than two seconds.
"""

import asyncio
import secrets
import statistics
import sys
import tempfile
from pathlib import Path

from bench.routing_throughput import log_to_nowhere, machine
from tests.faults.flooded import FLOOD, HONEST, Outcome, flooded
from tests.servers.addresses import Namespace, Servers
from tindak.stack import LocalStack

SECONDS_MAX = 2.0


def main() -> None:
    log_to_nowhere()
    with LocalStack("apache") as local, tempfile.TemporaryDirectory() as folder:
        own = Namespace(Servers(local.layout.environment(), local), f"b{secrets.token_hex(3)}-")
        outcome = asyncio.run(flooded(own, Path(folder)))
    slowest = shown(outcome)
    sys.exit(1 if slowest > SECONDS_MAX else 0)


def shown(outcome: Outcome) -> float:
    """Print the figures; return the longest time in seconds."""
    took = sorted(one.took.total_seconds() for one in outcome.honest.values())
    overtaken_by = [one.overtaken_by for one in outcome.honest.values()]
    sys.stdout.write(
        f"{machine()}\n{FLOOD:,} complaints flood one of 14 channels; {HONEST} of the others reached their agency\n"
        f"  p50 {statistics.median(took):.2f} s, slowest {took[-1]:.2f} s;"
        f" overtaken by at most {max(overtaken_by)} of the flood\n"
    )
    return took[-1]


if __name__ == "__main__":
    main()
