import asyncio

import pytest

from shared.delivery.guard import Bug, BugShare, guarded, guarded_call, guarded_lookup
from shared.delivery.ports import TransientError
from tests.fakes.handler_harness import Crashed

pytestmark = pytest.mark.unit

ADDRESS = "siti.aminah@warga.example"
HERE = "test_guard.py"


class Expected(Exception):
    """What a call may raise by its contract."""


def raises(error: BaseException) -> None:
    raise error


async def fails(error: BaseException) -> None:
    raises(error)


@pytest.mark.parametrize(
    "error",
    [ValueError(ADDRESS), UnicodeEncodeError("ascii", ADDRESS, 0, 1, "odd"), RuntimeError(ADDRESS), OSError(ADDRESS)],
)
async def test_an_unexpected_exception_becomes_class_and_place_without_its_message(error: Exception) -> None:
    called = await guarded_call(lambda: fails(error), Expected)
    ruled = guarded(lambda: raises(error))

    assert isinstance(called, Bug)
    assert called == ruled
    assert called.error.startswith(f"{type(error).__name__} at {HERE}:")
    assert ADDRESS not in called.error


async def test_contractual_exceptions_pass_the_guard() -> None:
    with pytest.raises(Expected):
        await guarded_call(lambda: fails(Expected()), Expected, KeyError)


async def test_an_outage_is_no_bug_of_a_look_up() -> None:
    with pytest.raises(TransientError):
        await guarded_lookup(lambda: fails(TransientError()))


async def test_the_end_of_the_process_is_no_bug() -> None:
    with pytest.raises(Crashed):
        await guarded_call(lambda: fails(Crashed()))


async def test_a_cancellation_passes_the_guard() -> None:
    begun = asyncio.Event()

    async def waits() -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(guarded_call(waits))
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_that_a_library_lets_out_is_a_bug() -> None:
    async def waits_for_what_is_cancelled() -> None:
        lost = asyncio.get_running_loop().create_future()
        lost.cancel()
        await lost

    called = await guarded_call(waits_for_what_is_cancelled)

    assert isinstance(called, Bug)
    assert called.error.startswith("CancelledError at ")


async def test_without_a_fault_the_result_is_returned() -> None:
    async def works() -> int:
        return 7

    assert await guarded_call(works) == 7


@pytest.mark.parametrize("sound", [0, 1, 3, 4, 9])
def test_sound_records_push_bugs_out_of_the_window_one_by_one(sound: int) -> None:
    share = BugShare(window_records=4, share_max=0.75)
    share.recent = share.after(["bug", None, "bug"])

    assert list(share.after([None] * sound)) == [True, False, True, *[False] * sound][-4:]
