from datetime import timedelta
from itertools import permutations

import pytest

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Due, Suppressed, Waiting
from services.notify.store import STATE
from shared.events import Applied, Event, NotificationSuppressed, SlaClock, TicketHeld, TicketRouted
from tests.builders import accepted, arrival, event
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import contact, said, started
from tests.unit.notify.test_decide import ALL, UNTIL, after, decide, situations

pytestmark = pytest.mark.unit

NAMELESS = event(accepted(has_contact=False))
ROUTED = event(said(TicketRouted))
NEVER = Suppressed(NOON, 0, "no_contact")


def test_a_report_without_contact_has_its_notices_suppressed_at_once() -> None:
    decision = decide(None, NAMELESS, arrival(NOON), ALL)

    assert isinstance(decision, Applied)
    assert situations(decision.state) == [NEVER]
    [fact] = decision.facts
    assert isinstance(fact.data, NotificationSuppressed)
    assert (fact.data.why, fact.data.attempt) == ("no_contact", 0)


@pytest.mark.parametrize("order", list(permutations([NAMELESS, ROUTED, event(started(SlaClock.RESPOND))])))
def test_in_any_order_the_reporter_waits_for_nothing_and_the_agency_is_told(order: tuple[Event, ...]) -> None:
    state = after(*order)

    assert [(each.role, each.why) for each in state.over] == [("reporter", "no_contact")] * 2
    assert [each.situation for each in state.deliveries if each.role == "liaison"] == [Due(NOON, 1)]


@pytest.mark.parametrize("said_so", [True, None])
def test_a_contact_that_is_promised_or_of_which_nobody_spoke_is_waited_for(said_so: bool | None) -> None:
    assert situations(after(event(accepted(has_contact=said_so)))) == [Waiting(UNTIL)]


def test_a_contact_that_comes_all_the_same_is_used_from_then_on() -> None:
    state = after(NAMELESS, event(contact()), ROUTED, event(started(SlaClock.RESPOND)))

    assert [each.why for each in state.over] == ["no_contact"]
    assert situations(state) == [Due(NOON, 1), Due(NOON, 1)]


def test_a_contact_that_came_first_counts_whatever_the_report_says() -> None:
    assert situations(after(event(contact()), NAMELESS)) == [Due(NOON, 1)]


def test_a_document_of_the_earlier_release_says_nothing_of_a_contact() -> None:
    stored = STATE.dump_python(after(NAMELESS), mode="json")
    del stored["complaint"]["has_contact"]

    read: Correspondence = STATE.validate_python(stored)

    assert read.complaint is not None
    assert read.complaint.has_contact is None


def test_later_notices_are_suppressed_as_they_are_planned() -> None:
    held = event(said(TicketHeld), at=NOON + timedelta(hours=1))

    assert all(each.is_settled for each in after(NAMELESS, held).deliveries)
