"""All four services under thousands of schedules: whatever goes wrong, every complaint gets everywhere exactly once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS, Mutant, put_in
from tests.simulation.run import failures, simulate
from tests.simulation.scheduler import told

pytestmark = pytest.mark.simulation

MUTANT_SEEDS_MAX = 200
FAILURES_SHOWN = 5
ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(600)
def test_every_seed_ends_well(seeds: range) -> None:
    failed = failures(seeds)

    if len(seeds) == 1:
        sys.stdout.write(told(simulate(seeds[0]).schedule))
    assert not failed, "\n".join([f"{len(failed)} of {len(seeds)} seeds failed", *map(str, failed[:FAILURES_SHOWN])])


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
