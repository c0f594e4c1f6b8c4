"""What sla lets itself be watched by: how late it says a breach, and how clocks end."""

from typing import Any

import pytest

from shared.events import TicketWithdrawn
from tests.component.sla.harness import COMPLAINT, ROUTED, SlaHarness
from tests.fakes.counters import counted
from tests.unit.sla.cases import answered, fact
from tests.unit.working_time.calendars import at

pytestmark = pytest.mark.component


async def test_breach_lateness_is_measured_from_the_due_time() -> None:
    name = "tindak_breach_lateness_seconds"
    seconds, breaches = counted(f"{name}_sum", clock="respond"), counted(f"{name}_count", clock="respond")
    harness = SlaHarness()
    harness.receive(COMPLAINT, ROUTED)
    await harness.work()
    harness.clock.at = at("2026-04-13 16:02")

    await harness.sweep()
    await harness.sweep()

    assert counted(f"{name}_count", clock="respond") - breaches == 1
    assert counted(f"{name}_sum", clock="respond") - seconds == 120


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (answered(2, "2026-04-13 16:00", final=False), "in_time"),
        (answered(2, "2026-04-13 16:01", final=False), "late"),
        (fact(TicketWithdrawn, 2, "2026-04-13 15:00"), "stopped"),
    ],
)
async def test_ended_clocks_are_counted_by_outcome(end: Any, outcome: str) -> None:
    before = counted("tindak_clocks_ended_total", clock="respond", outcome=outcome)
    harness = SlaHarness()
    harness.receive(COMPLAINT, ROUTED, end)

    await harness.work()

    assert counted("tindak_clocks_ended_total", clock="respond", outcome=outcome) - before == 1
