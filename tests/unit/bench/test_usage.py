"""What Linux tells of a process is read right."""

import pytest

from bench.meters.usage import TICKS_PER_SECOND, cpu_seconds_in, resident_mib_in

pytestmark = pytest.mark.unit


def stat(state: str = "S") -> str:
    return (
        f"4711 (a (b) c) {state} 1 4711 4711 0 -1 4194560 9 8 7 6 {3 * TICKS_PER_SECOND} {TICKS_PER_SECOND} 99 98 20 0"
    )


def test_user_and_system_time_count_and_the_childrens_does_not() -> None:
    assert cpu_seconds_in(stat()) == 4


def test_a_process_that_has_ended_has_no_time() -> None:
    with pytest.raises(ChildProcessError, match="4711"):
        cpu_seconds_in(stat("Z"))


def test_memory_is_what_is_resident() -> None:
    assert resident_mib_in("Name:\tx\nVmHWM:\t  9999 kB\nVmRSS:\t    2048 kB\nVmSwap:\t 1 kB\n") == 2


def test_a_process_without_memory_has_ended() -> None:
    assert resident_mib_in("Name:\tx\n") == 0
