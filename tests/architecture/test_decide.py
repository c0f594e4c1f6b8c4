import inspect
from importlib import import_module

import pytest

from tests.architecture.source import SERVICES

pytestmark = pytest.mark.architecture


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_decides_by_the_same_arguments_in_the_same_order(service: str) -> None:
    """Whatever else a service must know beforehand is one named argument."""
    parameters = inspect.signature(import_module(f"services.{service}.handlers").decide).parameters.values()

    ordered = [each.name for each in parameters if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    named = [each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY]
    assert ordered == ["state", "event", "arrival", "policy"]
    assert len(named) <= 1
