"""Notify passes over what says nothing new, unless there is a notice for it."""

import pytest

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.decide import FOR_DIGESTS, NOTHING_NEW
from services.notify.domain.projection import BY_REPORTER, ERASING, MAY_BE_BY_REPORTER, WISHES, project
from services.notify.domain.standing import MOVING, SAYING_WHERE
from services.notify.handlers import NotifyHandler
from shared import topics
from shared.delivery.reading import TYPES_ON
from shared.events import (
    ClockMet,
    ClockResumed,
    ContactErased,
    EventData,
    ReporterErased,
    TicketClosed,
    TicketProgressed,
    TicketRouted,
)
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

    assert project(KNOWN, data) is KNOWN


def concerning(kind: str) -> EventData | None:
    """Return an event of that type; None if it is about no ticket."""
    promise = read(kind)
    assert promise is not None
    data = DATA_BY_TYPE[kind].model_validate(promise["example"]["data"])
    return data if "ticket_id" in vars(data) else None


@pytest.mark.parametrize("kind", sorted(DATA_BY_TYPE))
def test_what_says_nothing_new_leaves_the_projection_itself(kind: str) -> None:
    data = concerning(kind)
    if data is None:
        return
    known = project(Correspondence(TICKET), data)

    assert project(known, data) is known


@pytest.mark.parametrize("kind", DATA_BY_TYPE.values(), ids=lambda kind: kind.__name__)
def test_what_is_asked_by_type_holds_for_all_types_of_a_class(kind: type[EventData]) -> None:
    assert (kind.TYPE in MAY_BE_BY_REPORTER) == issubclass(kind, (TicketClosed, *BY_REPORTER, *WISHES))
    assert (kind.TYPE in ERASING) == issubclass(kind, (ContactErased, ReporterErased))
    assert (kind.TYPE in SAYING_WHERE) == issubclass(kind, (ClockResumed, *MOVING))


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
