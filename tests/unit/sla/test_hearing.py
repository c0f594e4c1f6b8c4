"""Sla passes over what moves no clock."""

import pytest

from services.sla.domain.history import MOVING_CLOCKS, to_clock_event
from services.sla.handlers import SlaHandler
from shared import topics
from shared.delivery.reading import TYPES_ON
from shared.events import ComplaintAccepted
from shared.events.catalogue import DATA_BY_TYPE
from tests.contract.golden import read
from tests.unit.sla.cases import RULES

pytestmark = pytest.mark.unit


def test_sla_hears_exactly_what_moves_a_clock() -> None:
    moving = {ComplaintAccepted.TYPE}
    for kind in TYPES_ON[topics.TICKETS]:
        promise = read(kind)
        assert promise is not None
        data = DATA_BY_TYPE[kind].model_validate(promise["example"]["data"])
        moving |= set() if to_clock_event(data) is None else {kind}

    heard = {kind for topic in SlaHandler.topics for kind in TYPES_ON[topic] if SlaHandler(RULES).hears(kind)}

    assert heard == moving == MOVING_CLOCKS
