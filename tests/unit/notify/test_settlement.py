from datetime import timedelta

import bson
import pytest

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.decide import decide
from services.notify.domain.deliveries import Due, Failed, Sent, Settled, Situation, Suppressed
from services.notify.domain.settlement import SETTLED_MAX, put_away
from services.notify.exporter import Exporter
from services.notify.store import STATE
from services.notify.tooling import archived_notices
from shared.events import TicketProgressed, state_after
from tests.builders import arrival, event
from tests.fakes.handler_harness import NOON
from tests.sealing import OPENER
from tests.unit.notify.samples import correspondence, delivery, notice, rules, said

pytestmark = pytest.mark.unit

YESTERDAY = NOON - timedelta(days=1)
SENT_YESTERDAY = Sent(YESTERDAY, 1, "email")
PROGRESSED = rules(notice(code="progressed", on=TicketProgressed.TYPE, template="progressed"), daily_max=20)


def over(count: int, situation: Situation = SENT_YESTERDAY, **changes: object) -> Correspondence:
    """Return a ticket with so many deliveries that are over, sent a day ago and so counting no more."""
    planned = {"planned_at": YESTERDAY} | changes
    return correspondence(*(delivery(situation, id=f"{number:03}", **planned) for number in range(count)))


@pytest.mark.parametrize(
    ("situation", "outcome", "channel", "why"),
    [
        (Sent(NOON, 2, "email", "<1@x>"), "sent", "email", None),
        (Failed(NOON, 3, "email", "smtp_550"), "failed", "email", "smtp_550"),
        (Suppressed(NOON, 0, "no_contact"), "suppressed", None, "no_contact"),
    ],
)
def test_of_what_is_over_it_is_kept_what_became_of_it(
    situation: Situation, outcome: str, channel: str | None, why: str | None
) -> None:
    state = put_away(over(1, situation), NOON)

    [kept] = state.settled
    assert state.deliveries == ()
    assert (kept.id, kept.outcome, kept.at, kept.channel, kept.why) == ("000", outcome, NOON, channel, why)


def test_what_is_not_over_stays_as_it_is() -> None:
    state = correspondence(delivery(Due(NOON, 1)))

    assert put_away(state, NOON) is state


def test_only_the_last_ones_are_listed_and_the_others_of_the_reporter_counted() -> None:
    state = put_away(over(SETTLED_MAX + 3), NOON)
    agency = put_away(over(SETTLED_MAX + 3, role="liaison"), NOON)

    assert [kept.id for kept in state.settled] == [f"{number:03}" for number in range(3, SETTLED_MAX + 3)]
    assert state.unlisted == 3
    assert (len(agency.settled), agency.unlisted) == (SETTLED_MAX, 0)


def test_what_counts_for_the_day_is_kept_however_much_it_is() -> None:
    assert len(put_away(over(SETTLED_MAX + 3, Sent(NOON, 1, "email")), NOON).settled) == SETTLED_MAX + 3


def test_what_was_put_away_counts_for_the_day() -> None:
    state = put_away(over(20, Sent(NOON, 1, "email"), agency="dishub"), NOON)

    decision = decide(state, event(said(TicketProgressed)), arrival(NOON), PROGRESSED)

    assert decision.facts == ()
    assert decision.state is not None
    assert [one.situation for one in decision.state.deliveries] == [Due(NOON + timedelta(days=1), 1)]


def test_a_ticket_with_2000_notices_is_as_large_as_one_with_a_few_hundred() -> None:
    def size_after(updates: int) -> int:
        state: Correspondence | None = correspondence()
        for number in range(updates):
            progressed = event(said(TicketProgressed, note=f"Hari ke-{number}.", version=number + 2), at=NOON)
            state = state_after(state, decide(state, progressed, arrival(NOON), PROGRESSED))
        return len(bson.encode(STATE.dump_python(state, mode="json")))

    assert size_after(2000) <= 1.1 * size_after(200)


def test_an_export_lists_them_and_says_how_many_there_were_before() -> None:
    held = Exporter(OPENER).held(put_away(over(SETTLED_MAX + 3), NOON))

    assert (len(held.notices), held.unlisted) == (SETTLED_MAX, 3)
    assert {(each.notice, each.situation, each.channel, each.at) for each in held.notices} == {
        ("accepted", "sent", "email", YESTERDAY)
    }


def test_an_archive_lists_what_is_put_away_and_what_is_not() -> None:
    state = put_away(over(1), NOON)
    last = Suppressed(NOON, 0, "no_contact")

    state = correspondence(delivery(last, id="last"), settled=state.settled)

    assert [each["outcome"] for each in archived_notices(state)] == ["sent", "suppressed"]


def test_what_was_put_away_comes_back_from_a_database_as_it_was() -> None:
    state = put_away(over(2, Failed(NOON, 1, "email", "smtp_550")), NOON)

    assert STATE.validate_python(STATE.dump_python(state, mode="json")) == state


def test_a_document_of_the_earlier_release_lists_all_of_its_deliveries() -> None:
    stored = STATE.dump_python(over(1), mode="json")
    del stored["settled"], stored["unlisted"]

    assert STATE.validate_python(stored).over == (
        Settled("000", "accepted", "reporter", None, YESTERDAY, "sent", YESTERDAY, "email"),
    )
