from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.routing.domain.agency_choice.rules import EarlyUpdates
from services.routing.domain.lifecycle.early_updates import LATE_MAX, due_at, end_waits, expires_at, remember
from services.routing.domain.ticket.refusals import EARLY_MAX, TOO_MANY_WAIT, WAITED_IN_VAIN, Refusal
from services.routing.domain.ticket.state import Awaited, EarlyUpdate, State
from services.routing.store import STATE
from shared.events import Applied, Fact, Ignored, Untracked, UpdateRefused
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import CHANNEL, DISHUB, LATER, POLICY, UPDATE_ID, filed, update

pytestmark = pytest.mark.unit

RULES = EarlyUpdates(wait_for=timedelta(hours=24), remember_for=timedelta(days=7))
END = LATER + timedelta(hours=24)
TICK = timedelta(microseconds=1)


def early(name: str = "acknowledge", until: datetime | None = END, source: str = DISHUB) -> EarlyUpdate:
    command = COMMANDS[name]
    return EarlyUpdate(UPDATE_ID, source, command.TYPE, command.model_dump_json(), NOON, until)


def refused(refusal: Refusal, at: datetime, source: str = DISHUB) -> UpdateRefused:
    return UpdateRefused(
        ticket_id=TICKET, tracking_id="", state="unchanged", version=0, at=at, update_id=UPDATE_ID,
        update_source=source, code="unknown_ticket", message_id=refusal.message_id, message_en=refusal.message_en,
    )  # fmt: skip


def in_vain(topic: str, source: str = DISHUB) -> Fact:
    occasion = f"in vain|{UPDATE_ID}|{END.isoformat()}|{topic}"
    return Fact(refused(WAITED_IN_VAIN, END, source), topic, TICKET, END, occasion)


@pytest.mark.parametrize("before", [None, Awaited(), Awaited(ended_at=NOON)])
def test_an_early_update_waits_from_its_arrival(before: Awaited | None) -> None:
    decision = remember(POLICY, before, update(COMMANDS["acknowledge"], when=NOON), LATER)

    assert decision == Ignored("its complaint has not come yet; it is remembered", Awaited((early(),)))


def test_early_updates_keep_their_order() -> None:
    first = remember(POLICY, None, update(COMMANDS["acknowledge"], when=NOON), LATER).state
    assert isinstance(first, Awaited)

    second = remember(POLICY, first, update(COMMANDS["answer"], when=NOON), LATER + LATE_MAX)

    assert second.state == Awaited((early(), early("answer", END + LATE_MAX)))


def test_updates_beyond_the_limit_are_refused() -> None:
    full = Awaited((early(),) * EARLY_MAX)

    decision = remember(POLICY, full, update(COMMANDS["acknowledge"]), LATER)

    data = refused(TOO_MANY_WAIT, LATER)
    assert decision == Untracked(
        (Fact(data, "tickets.events", TICKET, LATER), Fact(data, "tickets.routed.dishub", TICKET, LATER))
    )


def test_what_waits_is_looked_at_when_the_first_wait_ends() -> None:
    assert due_at(RULES, Awaited((early(until=END), early(until=LATER)))) == LATER


@pytest.mark.parametrize("state", [Awaited(), Awaited(withdrawn=True), Awaited(ended_at=NOON), filed()])
def test_without_updates_that_wait_there_is_nothing_to_look_at(state: State) -> None:
    assert due_at(RULES, state) is None
    assert end_waits(POLICY, state, END) == Ignored("no wait has ended")


def test_an_update_of_release_0_1_0_waits_from_when_it_came() -> None:
    stored = STATE.validate_python(
        {"kind": "awaited", "withdrawn": False, "updates": [
            {"id": UPDATE_ID, "source": DISHUB, "type": early().type, "data": early().data, "arrived_at": NOON}
        ]}
    )  # fmt: skip

    assert stored == Awaited((early(until=None),))
    assert due_at(RULES, stored) == NOON + timedelta(hours=24)


def test_a_wait_does_not_end_early() -> None:
    state = Awaited((early(),))

    assert end_waits(POLICY, state, END - TICK) == Ignored("no wait has ended")


@pytest.mark.parametrize("late_by", [timedelta(), LATE_MAX])
def test_an_update_that_waited_in_vain_is_answered(late_by: timedelta) -> None:
    decision = end_waits(POLICY, Awaited((early(),)), END + late_by)

    assert decision == Applied(
        Awaited(ended_at=END + late_by), (in_vain("tickets.events"), in_vain("tickets.routed.dishub"))
    )


def test_a_reporters_update_that_waited_in_vain_is_answered_in_the_history_alone() -> None:
    decision = end_waits(POLICY, Awaited((early("reply", source=CHANNEL),)), END)

    assert decision.facts == (in_vain("tickets.events", CHANNEL),)


def test_an_update_that_came_later_waits_on() -> None:
    later = early("answer", END + TICK)

    decision = end_waits(POLICY, Awaited((early(), later), withdrawn=True), END)

    assert decision.state == Awaited((later,), withdrawn=True)
    assert {fact.data for fact in decision.facts} == {refused(WAITED_IN_VAIN, END)}


@pytest.mark.parametrize(
    ("late_by", "goes_on_for"),
    [(LATE_MAX + TICK, LATE_MAX + TICK), (timedelta(days=9), timedelta(hours=24))],
)
def test_a_wait_that_ended_while_nobody_was_here_goes_on(late_by: timedelta, goes_on_for: timedelta) -> None:
    """Complaints may have come meanwhile, and lie unread on their topic."""
    later = early("answer", END + timedelta(days=30))
    now = END + late_by

    decision = end_waits(POLICY, Awaited((early(), later)), now)

    assert decision == Ignored("nobody was here when the wait ended", Awaited((early(until=now + goes_on_for), later)))


def test_what_waited_in_vain_is_forgotten_in_the_end() -> None:
    assert expires_at(RULES, Awaited(ended_at=END)) == END + timedelta(days=7)


@pytest.mark.parametrize(
    "state",
    [
        Awaited((early(),)),
        Awaited(),
        Awaited(withdrawn=True, ended_at=END),
        Awaited(linked=True, ended_at=END),
        filed(),
    ],
)
def test_early_updates_and_links_survive_each_other(state: State) -> None:
    assert expires_at(RULES, state) is None


def test_the_city_decides_how_long_updates_wait() -> None:
    patient = replace(POLICY, early_updates=EarlyUpdates(timedelta(hours=72), timedelta(days=1)))

    decision = remember(patient, None, update(COMMANDS["acknowledge"], when=NOON), LATER)

    assert decision.state == Awaited((early(until=LATER + timedelta(hours=72)),))
    assert expires_at(patient.early_updates, Awaited(ended_at=END)) == END + timedelta(days=1)
