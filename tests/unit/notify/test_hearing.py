"""Notify passes over what says nothing new, unless there is a notice for it."""

import pytest

from services.notify.domain.correspondence import Correspondence, project
from services.notify.domain.decide import FOR_DIGESTS, NOTHING_NEW
from services.notify.handlers import NotifyHandler
from shared import topics
from shared.delivery.reading import TYPES_ON
from shared.events import ClockMet, TicketProgressed, TicketRouted
from shared.events.catalogue import DATA_BY_TYPE
from tests.builders import TICKET, TRACKING
from tests.contract.golden import read
from tests.unit.notify.samples import MORNINGS, notice, rules

pytestmark = pytest.mark.unit

KNOWN = Correspondence(ticket_id=TICKET, tracking_id=TRACKING, agency="dishub", agency_version=1)


@pytest.mark.parametrize("kind", sorted(NOTHING_NEW))
def test_what_is_passed_over_would_change_nothing(kind: str) -> None:
    promise = read(kind)
    assert promise is not None
    said = {name: value for name, value in promise["example"]["data"].items() if name not in ("parent", "part")}
    data = DATA_BY_TYPE[kind].model_validate(said | {"tracking_id": TRACKING})

    assert project(KNOWN, data) == KNOWN


def test_everything_else_on_its_topics_is_heard() -> None:
    handler = NotifyHandler(rules(notice()))

    unheard = {kind for topic in handler.topics for kind in TYPES_ON.get(topic, ()) if not handler.hears(kind)}

    assert unheard == NOTHING_NEW | FOR_DIGESTS


def test_when_a_clock_is_over_is_heard_while_somebody_gets_digests() -> None:
    handler = NotifyHandler(rules(notice(), digests={("dishub", "liaison"): MORNINGS}))

    assert all(map(handler.hears, FOR_DIGESTS))


def test_what_a_notice_is_about_is_heard_from_then_on() -> None:
    handler = NotifyHandler(rules(notice()))
    before = [handler.hears(kind.TYPE) for kind in (TicketProgressed, ClockMet, TicketRouted)]

    handler.use_policy(rules(notice(on=TicketProgressed.TYPE), notice(code="met", on=ClockMet.TYPE)))

    assert before == [False, False, True]
    assert [handler.hears(kind.TYPE) for kind in (TicketProgressed, ClockMet)] == [True, True]
    assert topics.SLA in handler.topics
