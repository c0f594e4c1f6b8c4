"""A service whose rules fail at every event of one type, as after a bad deploy; run as ``-m tests.faults.failing``."""

import importlib
import sys
from typing import Any

from shared.events import Arrival, Decision, Event
from shared.process import entrypoint
from shared.process.service import Service
from shared.process.settings import CommonSettings


def failing_at(built: Service[Any], type_: str) -> Service[Any]:
    """Return the service with a bug in it."""
    handler = built.runner.handler
    decide = handler.decide

    def fail(state: Any, event: Event, arrival: Arrival) -> Decision[Any]:
        if event.type == type_:
            raise ZeroDivisionError
        return decide(state, event, arrival)

    vars(handler)["decide"] = fail
    return built


def build(settings: CommonSettings) -> Service[Any]:
    """Return the service that the command line names."""
    name, type_ = sys.argv[1:]
    return failing_at(importlib.import_module(f"services.{name}.app").build(settings), type_)


if __name__ == "__main__":
    entrypoint.main(sys.argv[1], build)
