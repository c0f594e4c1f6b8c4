"""Options of the simulation."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("simulation")
    group.addoption("--seed", type=int, help="run this seed alone; with -s, or if it fails, its schedule is shown")
    group.addoption("--seeds", type=int, default=2000, help="how many seeds to run")
    group.addoption("--first-seed", type=int, default=0, help="where to begin")
