"""Options of the simulation, and its seeds in ranges that several processes may share."""

import pytest

RANGE_SEEDS = 50


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("simulation")
    group.addoption("--seed", type=int, help="run this seed alone; with -s, or if it fails, its schedule is shown")
    group.addoption("--seeds", type=int, default=2000, help="how many seeds to run")
    group.addoption("--first-seed", type=int, default=0, help="where to begin")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seeds" not in metafunc.fixturenames:
        return
    option = metafunc.config.getoption
    alone, first, count = option("--seed", None), option("--first-seed", 0), option("--seeds", 2000)
    seeds = range(first, first + count) if alone is None else range(alone, alone + 1)
    ranges = [seeds[at : at + RANGE_SEEDS] for at in range(0, len(seeds), RANGE_SEEDS)]
    metafunc.parametrize("seeds", ranges, ids=lambda some: f"{some[0]}-{some[-1]}")
