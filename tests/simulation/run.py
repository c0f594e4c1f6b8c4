"""Runs seeds and says what was wrong with them, and how to see it again."""

import logging
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from tests.simulation import fleet
from tests.simulation.calm import differences
from tests.simulation.operations import PlantedBug
from tests.simulation.scheduler import Entry, Restless
from tests.simulation.world import World

SCRIPTS = 24
STORED_EVERY = 50
QUIET: list[Any] = []  # one list for all: loggers keep the one that they have met first
ACCIDENTS = ("[rest]", "[ended]", "[logged]")


@dataclass(frozen=True)
class Outcome:
    """How one seed went."""

    seed: int
    findings: tuple[str, ...] = ()
    schedule: tuple[Entry, ...] = ()

    @property
    def is_found_out(self) -> bool:
        """Return whether something was not as it must be at rest; that a process ended proves no such thing."""
        return any(not finding.startswith(ACCIDENTS) for finding in self.findings)

    def __str__(self) -> str:
        if not self.findings:
            return f"seed {self.seed}: all is well"
        again = f"  again, with its schedule: pytest tests/simulation --seed {self.seed}"
        return "\n".join((f"seed {self.seed}:", *(f"  {finding}" for finding in self.findings), again))


def simulate(seed: int, *, compare: bool = True) -> Outcome:
    """Return how a seed went; *compare* its end with that of a calm run, which must be as it is without mistakes."""
    world = World(seed, seed % SCRIPTS)
    with errors_logged() as errors:
        try:
            findings = world.run()
            findings += differences(world) if compare else ()
        except Restless as error:
            findings = [f"[rest] {error}"]
        except Exception as error:  # noqa: BLE001  # whatever ends a process is a finding, and the seed shows how
            findings = [f"[ended] {type(error).__name__}: {error}"]
    findings += errors
    if seed % STORED_EVERY == 0:
        findings += not_as_stored(world)
    return Outcome(seed, tuple(findings), tuple(world.scheduler.schedule))


def not_as_stored(world: World) -> Iterator[str]:
    """Yield every state that does not survive being written to a database and read again."""
    for service, store in world.stores.items():
        states = fleet.STATES[service]
        for ticket, document in store.documents.items():
            if (
                document.state is not None
                and states.validate_python(states.dump_python(document.state, mode="json")) != document.state
            ):
                yield f"[stored] {service} reads another state for {ticket} than it wrote: {document.state}"


def failures(seeds: Iterable[int]) -> list[Outcome]:
    """Return the outcomes of those seeds that were not well."""
    return [outcome for seed in seeds if (outcome := simulate(seed)).findings]


def print_fingerprint(seed: int) -> None:
    """Print a number that stands for the whole schedule of a seed."""
    quietly()
    world = World(seed, seed % SCRIPTS)
    with errors_logged():
        world.run()
    sys.stdout.write(str(zlib.crc32(repr(world.scheduler.schedule).encode())))


def quietly() -> None:
    """Let logs below an error cost nothing, for the rest of this process."""
    only_errors = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(processors=QUIET, wrapper_class=only_errors, cache_logger_on_first_use=True)


@contextmanager
def errors_logged() -> Iterator[list[str]]:
    """Yield a list of what is logged as an error meanwhile."""
    errors: list[str] = []

    def note(_: WrappedLogger, method: str, event: EventDict) -> Any:
        if method == "error" and PlantedBug.__name__ not in event.get("error", ""):
            errors.append(f"[logged] {dict(event)}")
        raise structlog.DropEvent

    processors = structlog.get_config()["processors"]
    processors.insert(0, note)
    try:
        yield errors
    finally:
        processors.remove(note)
