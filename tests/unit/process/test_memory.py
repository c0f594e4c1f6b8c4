import gc
import platform
import subprocess
import sys
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


COUNT_ARENAS = """
import ctypes, sys, threading
from shared.process import memory

if sys.argv[1] == "shared":
    memory.share_arena()
together = threading.Barrier(4)

def hold():
    held = [bytearray(10_000) for _ in range(100)]
    together.wait()

threads = [threading.Thread(target=hold) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have no arenas to share")
def test_all_threads_take_memory_from_one_arena() -> None:
    def arenas(how: str) -> int:
        said = subprocess.run([sys.executable, "-c", COUNT_ARENAS, how], capture_output=True, check=True)
        return said.stdout.count(b"<heap nr=")

    assert (arenas("shared"), arenas("apart") > 1) == (1, True)


def test_what_cycles_hold_stays_bounded() -> None:
    memory.settle()

    for _ in range(6 * memory.NEW_OBJECTS):
        Ring()

    assert Ring.most < 1.1 * memory.NEW_OBJECTS
