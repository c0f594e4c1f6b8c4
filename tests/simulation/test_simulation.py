"""All four services under thousands of schedules: whatever goes wrong, every complaint gets everywhere exactly once."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS, Mutant, put_in
from tests.simulation.run import Outcome, failures, simulate
from tests.simulation.scheduler import told

pytestmark = pytest.mark.simulation

CHUNK_SEEDS = 25
MUTANT_SEEDS_MAX = 200
FAILURES_SHOWN = 5
ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(900)
def test_every_seed_ends_well(request: pytest.FixtureRequest) -> None:
    option = request.config.getoption
    seed = option("--seed", None)
    if seed is not None:
        outcome = simulate(seed)
        sys.stdout.write(told(outcome.schedule))
        assert not outcome.findings, str(outcome)
        return
    first, count = option("--first-seed", 0), option("--seeds", 2000)

    failed = sorted(each_in_parallel(range(first, first + count)), key=lambda outcome: outcome.seed)

    assert not failed, "\n".join([f"{len(failed)} of {count} seeds failed", *map(str, failed[:FAILURES_SHOWN])])


def each_in_parallel(seeds: range) -> Iterator[Outcome]:
    """Yield the outcomes of those *seeds* that were not well; each processor runs a chunk at a time."""
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 8), context) as pool:
        chunks = [seeds[begin : begin + CHUNK_SEEDS] for begin in range(0, len(seeds), CHUNK_SEEDS)]
        for done in as_completed([pool.submit(failures, chunk) for chunk in chunks]):
            yield from done.result()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_mistake_in_the_core_is_found(mutant: Mutant, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--seed", None) is not None:
        pytest.skip("one seed was asked for")

    with put_in(mutant):
        found = next((seed for seed in range(MUTANT_SEEDS_MAX) if simulate(seed, compare=False).is_found_out), None)

    assert found is not None, f"{MUTANT_SEEDS_MAX} seeds did not find it"


def test_a_seed_repeats_its_schedule_in_another_process() -> None:
    """Sets of texts have another order in each process: a schedule must not depend on one."""
    script = "from tests.simulation.run import print_fingerprint; print_fingerprint(7)"

    def printed(hash_seed: str) -> bytes:
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        ran = subprocess.run(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment, cwd=ROOT, check=True
        )
        return ran.stdout

    assert printed("1") == printed("2")
