"""Who asks where a ticket stands is told by its own channel what that was told last; nobody else learns anything."""

from dataclasses import replace

import pytest

from services.routing.domain.decide import decide
from services.routing.domain.lifecycle.status import STATUS_ASKED_MAX
from services.routing.domain.ticket.state import Archived, Filed, State
from shared.events import Applied, Arrival, Decision, EventData, Ignored, StatusAsked, TicketStatusChanged
from tests.builders import TICKET, TRACKING, accepted, event
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS, sender_for
from tests.unit.routing.samples import LATER, POLICY, SITUATIONS, filed, said

pytestmark = pytest.mark.unit

WEB = "tickets.status.web"
ASKED = StatusAsked(ticket_id=TICKET, tracking_id=TRACKING, channel="web", source_id="q-1", asked_at=LATER)
KNOWN = {name: state for name, state in SITUATIONS.items() if not isinstance(state, Archived)}


def heard(state: State | None, data: EventData, source: str = "/tindak/intake") -> Decision[State]:
    arrival = Arrival("tickets.questions", 0, 0, arrived_at=LATER, now=LATER)
    return decide(state, event(data, at=NOON, source=source), arrival, POLICY)


def statuses(decision: Decision[State]) -> list[TicketStatusChanged]:
    return [data for data in said(decision, WEB) if isinstance(data, TicketStatusChanged)]


@pytest.mark.parametrize("situation", KNOWN)
def test_the_channel_is_told_where_its_ticket_stands(situation: str) -> None:
    state = filed(situation)

    decision = heard(state, ASKED)

    (status,) = statuses(decision)
    assert len(decision.facts) == 1
    assert decision.facts[0].key == TICKET
    assert (status.tracking_id, status.version, status.asked_as) == (TRACKING, state.ticket.version, "q-1")
    assert isinstance(decision, Applied)
    assert decision.state == Filed(replace(state.ticket, status_asked=1), state.situation)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_it_is_told_the_same_as_last_time(name: str) -> None:
    for situation in ("acknowledged", "answered", "in_triage"):
        after = heard(filed(situation), COMMANDS[name], sender_for(name))
        last = statuses(after)
        if last and isinstance(after, Applied):
            assert statuses(heard(after.state, ASKED)) == [last[-1].model_copy(update={"asked_as": "q-1"})]


def test_a_new_report_is_told_of_as_it_was() -> None:
    after = heard(None, accepted(title="", body="Lampu jalan mati"))
    assert isinstance(after, Applied)

    assert statuses(heard(after.state, ASKED)) == [statuses(after)[-1].model_copy(update={"asked_as": "q-1"})]


@pytest.mark.parametrize("channel", ["whatsapp", "web2", ""])
def test_another_channel_is_told_nothing(channel: str) -> None:
    decision = heard(filed(), ASKED.model_copy(update={"channel": channel}))

    assert decision == Ignored("another channel asks than the one that the report came through")


def test_of_a_ticket_that_has_not_come_nothing_is_told() -> None:
    assert heard(None, ASKED) == Ignored("the complaint has not come yet")


@pytest.mark.parametrize(("asked", "told"), [(STATUS_ASKED_MAX - 1, 1), (STATUS_ASKED_MAX, 0)])
def test_who_asks_again_and_again_is_told_so_often(asked: int, told: int) -> None:
    assert len(statuses(heard(filed(status_asked=asked), ASKED))) == told


def test_why_an_earlier_release_put_it_away_is_not_guessed() -> None:
    assert heard(filed("archived"), ASKED) == Ignored("release 0.1.0 put it away, and why is not known any more")
