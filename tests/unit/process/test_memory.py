import gc
from collections.abc import Iterator

import pytest

from shared.process import memory

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def own_collector() -> Iterator[None]:
    """Give back the collector as it was."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    gc.freeze()  # as the tests begin


class Ring:
    """Refers to itself, so that only the collector finds it; counts how many are there."""

    there = 0
    most = 0

    def __init__(self) -> None:
        self.itself = self
        Ring.there += 1
        Ring.most = max(Ring.most, Ring.there)

    def __del__(self) -> None:
        Ring.there -= 1


def test_what_was_loaded_is_left_out_of_later_collections() -> None:
    loaded = [[number] for number in range(1000)]

    memory.settle()

    assert not any(each is loaded for each in gc.get_objects())
    assert gc.get_threshold()[0] == memory.NEW_OBJECTS


def test_what_cycles_hold_stays_bounded() -> None:
    memory.settle()

    for _ in range(6 * memory.NEW_OBJECTS):
        Ring()

    assert Ring.most < 1.1 * memory.NEW_OBJECTS
