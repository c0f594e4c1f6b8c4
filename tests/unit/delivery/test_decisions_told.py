"""What was decided is logged where that level is told, and costs nothing where it is not."""

import logging

import pytest
import structlog
from structlog.testing import LogCapture

from shared import topics
from tests.builders import accepted, event
from tests.fakes.counter import Counter
from tests.fakes.handler_harness import HandlerHarness

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("level", "told"), [(logging.INFO, ["decided"]), (logging.WARNING, [])])
async def test_decisions_are_logged_at_info(level: int, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    captured = LogCapture()
    levelled = structlog.wrap_logger(
        structlog.PrintLogger(),
        processors=[captured],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    monkeypatch.setattr("shared.delivery.decider.log", levelled)
    harness = HandlerHarness(Counter())
    harness.publish(topics.ACCEPTED, event(accepted()))

    await harness.work()

    assert harness.runner.rules.tells_decisions is bool(told)
    assert [entry["event"] for entry in captured.entries] == told
