"""One of fourteen channels floods its topic; the others hardly notice. `bench/flood.py` tells by how many seconds."""

from pathlib import Path

import pytest

from tests.faults.flooded import FLOOD, FLOODED, HONEST, flooded
from tests.servers.addresses import Namespace

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

OVERTAKEN_BY_MAX, SECONDS_MAX = 500, 2
"""Of the 3,000 of the flood, or what routing does in so many seconds where that is more: 0.8 s of its work are sent
ahead, and it has a batch in its hands. Without its turn the last one waits for all."""


async def test_an_honest_complaint_is_overtaken_by_few_of_a_flood(namespace: Namespace, tmp_path: Path) -> None:
    outcome = await flooded(namespace, tmp_path)

    assert outcome.deferred == f"channel-{FLOODED} sends more than is handled behind us"
    at_most = max(OVERTAKEN_BY_MAX, SECONDS_MAX * outcome.routed_per_second)
    assert {name: one for name, one in outcome.honest.items() if one.overtaken_by > at_most} == {}
    assert outcome.accepted == FLOOD + HONEST
