from datetime import timedelta

import pytest

from services.notify.domain.correspondence import Contact, Erased, RunningClock, Sealed, Unknown
from services.notify.domain.deliveries import Awaited, Due, Failed, Sending, Sent, Situation, Suppressed, Waiting
from services.notify.store import STATE
from shared.events import SlaClock
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import LATER, correspondence, delivery

pytestmark = pytest.mark.unit

SITUATIONS: list[Situation] = [
    Waiting(NOON),
    Due(NOON, 1, unasked=2),
    Sending(NOON, 2, unasked=1),
    Sent(NOON, 2, "email", "<1@x>"),
    Failed(NOON, 3, "email", "smtp_550"),
    Suppressed(NOON, 0, "no_contact"),
]


@pytest.mark.parametrize("contact", [Unknown(), Erased(), Sealed("sealed", "k1", "jv")])
def test_a_stored_state_comes_back_as_it_was(contact: Contact) -> None:
    deliveries = [delivery(situation, id=str(number)) for number, situation in enumerate(SITUATIONS)]
    tells = delivery(
        awaited=Awaited(SlaClock.RESPOND, NOON + timedelta(milliseconds=1)), told={"final": True, "level": 2}
    )
    clocks = {SlaClock.RESPOND: RunningClock(NOON, LATER, in_working_time=True)}
    state = correspondence(*deliveries, tells, contact=contact, clocks=clocks, agency="dishub", question="Di mana?")

    stored = STATE.dump_python(state, mode="json")

    assert STATE.validate_python(stored) == state


@pytest.mark.parametrize("situation", [Due(NOON, 3), Sending(NOON, 3)])
def test_what_was_stored_before_looks_for_a_gateway_were_counted_is_read(situation: Situation) -> None:
    stored = STATE.dump_python(correspondence(delivery(situation)), mode="json")
    del stored["deliveries"][0]["situation"]["unasked"]

    assert STATE.validate_python(stored) == correspondence(delivery(situation))


def test_a_clock_that_was_stored_before_its_kind_was_is_read_as_one_of_the_calendar() -> None:
    stored = STATE.dump_python(correspondence(clocks={SlaClock.RESPOND: RunningClock(NOON, LATER)}), mode="json")
    del stored["clocks"]["respond"]["in_working_time"]

    assert STATE.validate_python(stored).clocks == {SlaClock.RESPOND: RunningClock(NOON, LATER)}
