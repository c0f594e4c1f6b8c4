import json

import pytest

from services.routing.domain.lifecycle.early_updates import remember
from services.routing.domain.ticket.state import Awaited, DueClock, Led, ReporterView, State
from services.routing.store import STATE
from shared.events import Classification, Priority, Tenure, state_after
from tests.fakes.handler_harness import NOON
from tests.unit.routing.commands import COMMANDS, sender_for
from tests.unit.routing.samples import POLICY, SITUATIONS, at, filed, report, update

pytestmark = pytest.mark.unit

AWAITED = [
    state_after(None, remember(POLICY, None, update(COMMANDS[name], by=sender_for(name)), NOON)) for name in COMMANDS
]
ENDED = Awaited(linked=True, withdrawn=True, ended_at=NOON)
FULL = filed(
    "held_for_reporter",
    report=report(location=at("Ciputat", "depan pasar"), flags=("burst",), occurred_on="2026-03-01"),
    classification=Classification.ASPIRATION,
    category="penerangan_jalan",
    priority=Priority.HIGH,
    requested="dlh",
    agencies=("dlh", "dishub"),
    stays=(
        Tenure(agency="dlh", since=NOON, until=NOON, declined_because="Bukan."),
        Tenure(agency="dishub", since=NOON),
    ),
    returns=1,
    updates=7,
    cluster="6d3f2c5e-1d5b-5c0e-9a53-3f0b6f1c7a10",
    assigned=True,
    led=Led("6d3f2c5e-1d5b-5c0e-9a53-3f0b6f1c7a10", 2),
    at=NOON,
    source_id="2026-0001",
    respond=DueClock(1, None, "dlh", ended=True),
    resolve=DueClock(2, NOON, "dishub"),
    view=ReporterView("Besok.", "Dijadwalkan.", False, "Urusan PLN.", "It is PLN's."),
)


@pytest.mark.parametrize("state", [*map(filed, SITUATIONS), FULL, *AWAITED, ENDED], ids=lambda state: state.kind)
def test_every_state_comes_back_as_it_was_stored(state: State) -> None:
    stored = json.loads(json.dumps(STATE.dump_python(state, mode="json")))

    assert STATE.validate_python(stored) == state


def test_a_state_that_was_stored_before_leaders_led_is_of_a_ticket_that_no_officer_assigned() -> None:
    stored = json.loads(json.dumps(STATE.dump_python(filed(), mode="json")))
    del stored["ticket"]["assigned"], stored["ticket"]["led"]

    assert STATE.validate_python(stored) == filed()


def test_a_state_that_was_stored_before_channels_were_told_reads_as_one_of_which_nothing_was_said() -> None:
    stored = json.loads(json.dumps(STATE.dump_python(filed(), mode="json")))
    for name in ("source_id", "respond", "resolve", "view"):
        del stored["ticket"][name]

    assert STATE.validate_python(stored) == filed()
