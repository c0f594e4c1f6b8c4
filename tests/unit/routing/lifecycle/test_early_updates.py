from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.routing.domain.agency_choice.rules import EarlyUpdates
from services.routing.domain.lifecycle.early_updates import LATE_MAX, due_at, end_waits, expires_at, remember
from services.routing.domain.ticket.refusals import (
    EARLY_MAX,
    EARLY_PER_SENDER_MAX,
    NOT_FOUND,
    NOT_PERMITTED,
    UNKNOWN_OFFICER,
    Refusal,
)
from services.routing.domain.ticket.state import Awaited, EarlyUpdate, State
from services.routing.store import STATE
from shared.events import Applied, Fact, Ignored, Untracked, state_after
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS
from tests.unit.routing.samples import CHANNEL, DISHUB, LATER, POLICY, UPDATE_ID, filed, refused, update

pytestmark = pytest.mark.unit

RULES = EarlyUpdates(wait_for=timedelta(hours=24), remember_for=timedelta(days=7))
END = LATER + timedelta(hours=24)
TICK = timedelta(microseconds=1)


def early(name: str = "acknowledge", until: datetime | None = END, source: str = DISHUB) -> EarlyUpdate:
    command = COMMANDS[name]
    return EarlyUpdate(UPDATE_ID, source, command.TYPE, command.model_dump_json(), NOON, until)


def in_vain(topic: str, source: str = DISHUB) -> Fact:
    occasion = f"in vain|{UPDATE_ID}|{END.isoformat()}|{topic}"
    return Fact(refused(source, NOT_FOUND, when=END), topic, TICKET, END, occasion)


@pytest.mark.parametrize("before", [None, Awaited(), Awaited(ended_at=NOON)])
def test_an_early_update_waits_from_its_arrival(before: Awaited | None) -> None:
    decision = remember(POLICY, before, update(COMMANDS["acknowledge"], when=NOON), LATER)

    assert decision == Ignored("its complaint has not come yet; it is remembered", Awaited((early(),)))


def test_early_updates_keep_their_order() -> None:
    first = remember(POLICY, None, update(COMMANDS["acknowledge"], when=NOON), LATER).state
    assert isinstance(first, Awaited)

    second = remember(POLICY, first, update(COMMANDS["answer"], when=NOON), LATER + LATE_MAX)

    assert second.state == Awaited((early(), early("answer", END + LATE_MAX)))


def of_agencies(number: int) -> tuple[EarlyUpdate, ...]:
    """Return that many updates, none of which is of the same agency as another."""
    return tuple(early(source=f"/agencies/dinas_{one}") for one in range(number))


@pytest.mark.parametrize(
    "waiting", [(early(),) * EARLY_PER_SENDER_MAX, of_agencies(EARLY_MAX)], ids=["of the sender", "of all"]
)
def test_updates_beyond_the_limit_are_refused_as_if_the_ticket_were_anothers(waiting: tuple[EarlyUpdate, ...]) -> None:
    decision = remember(POLICY, Awaited(waiting), update(COMMANDS["acknowledge"]), LATER)

    assert decision == Untracked((Fact(refused(DISHUB, NOT_FOUND), "tickets.routed.dishub", TICKET, LATER),))


@pytest.mark.parametrize("waiting", [(early(),) * (EARLY_PER_SENDER_MAX - 1), of_agencies(EARLY_MAX - 1)])
def test_updates_within_the_limit_wait(waiting: tuple[EarlyUpdate, ...]) -> None:
    decision = remember(POLICY, Awaited(waiting), update(COMMANDS["acknowledge"]), LATER)

    after = state_after(None, decision)
    assert isinstance(after, Awaited)
    assert len(after.updates) == len(waiting) + 1


def test_one_sender_does_not_take_the_places_of_another() -> None:
    full = Awaited((early(),) * EARLY_PER_SENDER_MAX)

    decision = remember(POLICY, full, update(COMMANDS["reply"], by=CHANNEL), LATER)

    assert isinstance(decision, Ignored)


@pytest.mark.parametrize(
    ("name", "source", "refusal"),
    [("archive", "/officers/nobody", UNKNOWN_OFFICER), ("archive", DISHUB, NOT_PERMITTED)],
)
def test_what_nobody_would_be_allowed_does_not_wait(name: str, source: str, refusal: Refusal) -> None:
    decision = remember(POLICY, None, update(COMMANDS[name], by=source), LATER)

    assert [fact.data for fact in decision.facts] == [refused(source, refusal)]
    assert isinstance(decision, Untracked)


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

    assert decision == Applied(Awaited(ended_at=END + late_by), (in_vain("tickets.routed.dishub"),))


def test_a_reporters_update_that_waited_in_vain_is_answered_to_its_channel() -> None:
    decision = end_waits(POLICY, Awaited((early("reply", source=CHANNEL),)), END)

    assert decision.facts == (in_vain("tickets.status.web", CHANNEL),)


def test_an_update_that_came_later_waits_on() -> None:
    later = early("answer", END + TICK)

    decision = end_waits(POLICY, Awaited((early(), later), withdrawn=True), END)

    assert decision.state == Awaited((later,), withdrawn=True)
    assert {fact.data for fact in decision.facts} == {refused(DISHUB, NOT_FOUND, when=END)}


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
