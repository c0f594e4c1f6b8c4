"""How late the sender is shows in metrics and health, and quiet hours and retries are not late."""

from datetime import timedelta

import pytest

from services.notify.sending.lateness import Lateness
from tests.component.notify.harness import ACCEPTED, CONTACT, RecordingChannel, ServiceHarness, puts_off
from tests.fakes.counters import samples
from tests.unit.notify.samples import rules

pytestmark = pytest.mark.component

LATE = timedelta(minutes=15)


async def due(*faults: Exception) -> tuple[ServiceHarness, Lateness]:
    """Return a harness with one notice that is due, and what its sender says of lateness."""
    harness = ServiceHarness(rules(), RecordingChannel(*faults))
    lateness = Lateness(harness.clock, LATE)
    harness.sender = harness.new_sender(note_oldest=lateness.note)
    for message in (CONTACT, ACCEPTED):
        harness.publish(*message)
    await harness.work()
    return harness, lateness


async def test_with_nothing_due_nothing_is_late() -> None:
    harness, lateness = await due()

    await harness.send()

    assert (lateness.seconds(), lateness.remark()) == (0.0, "")


async def test_a_round_that_comes_late_says_how_late_until_it_is_over() -> None:
    harness, lateness = await due()
    harness.pass_time(timedelta(minutes=20))

    await harness.sender.sweep()

    assert lateness.seconds() == 20 * 60
    assert lateness.remark() == "a notice has been due for 1200 s; `tindak notify list --waiting` shows what waits"
    await harness.sender.sweep()
    assert lateness.seconds() == 0


@pytest.mark.parametrize(("minutes", "remarked"), [(15, False), (16, True)])
async def test_a_remark_is_made_only_beyond_its_limit(minutes: int, remarked: bool) -> None:
    harness, lateness = await due()
    harness.pass_time(timedelta(minutes=minutes))

    await harness.sender.sweep()

    assert bool(lateness.remark()) is remarked


async def test_a_notice_that_waits_for_its_next_attempt_is_not_late() -> None:
    harness, lateness = await due(puts_off("smtp_451"))

    await harness.send()
    harness.pass_time(timedelta(seconds=10))
    await harness.send()

    assert lateness.seconds() == 0


async def test_the_metric_tells_the_same() -> None:
    harness, lateness = await due()
    lateness.measured()
    harness.pass_time(timedelta(minutes=1))

    await harness.sender.sweep()

    assert samples("tindak_notices_oldest_due_seconds") == {(): 60.0}
