from datetime import timedelta

import pytest

from services.notify.delivery_rows import Wanted, contact_state, history, unsent, waiting
from services.notify.domain.correspondence import Contact, Erased, Sealed, Unknown
from services.notify.domain.deliveries import Awaited, Due, Failed, Sending, Sent, Situation, Suppressed, Waiting
from services.notify.domain.settlement import put_away, settle
from shared.events import SlaClock
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import EMAIL, correspondence, delivery

pytestmark = pytest.mark.unit

HOUR = timedelta(hours=1)
FAILED = Failed(NOON, 3, "email", "smtp_550")


@pytest.mark.parametrize(
    ("situation", "told"),
    [
        (Waiting(NOON), ("waiting", None, 0, None, NOON, False)),
        (Due(NOON, 3), ("due", None, 2, None, NOON, False)),
        (Sending(NOON, 1), ("sending", None, 1, None, NOON, False)),
        (Sent(NOON, 2, "sms"), ("sent", None, 2, NOON, None, False)),
        (FAILED, ("failed", "smtp_550", 3, NOON, None, True)),
        (Suppressed(NOON, 0, "no_channel"), ("suppressed", "no_channel", 0, NOON, None, True)),
        (Suppressed(NOON, 0, "too_old"), ("suppressed", "too_old", 0, NOON, None, False)),
    ],
)
def test_a_row_says_where_a_delivery_stands(situation: Situation, told: tuple[object, ...]) -> None:
    [row] = history(correspondence(delivery(situation)))

    assert (row.situation, row.why, row.attempts, row.at, row.next_at, row.can_be_sent) == told


def test_what_is_put_away_is_told_in_the_order_in_which_it_was_planned() -> None:
    over = [
        delivery(Sent(NOON, 1, "email"), id="sent", planned_at=NOON),
        settle(delivery(FAILED, id="failed", planned_at=NOON - HOUR), FAILED),
    ]
    state = put_away(correspondence(*over, delivery(id="due", planned_at=NOON - HOUR / 2)), NOON)

    assert [row.delivery_id for row in history(state)] == ["failed", "due", "sent"]
    assert [row.delivery_id for row in unsent(state)] == ["failed"]
    assert [row.delivery_id for row in waiting(state)] == ["due"]


def test_a_waiting_row_says_for_what() -> None:
    waits = delivery(Waiting(NOON), awaited=Awaited(SlaClock.RESPOND))

    [row] = waiting(correspondence(waits, contact=Unknown(), complaint=None))

    assert row.why == "report, contact, due time of the respond clock"


@pytest.mark.parametrize(
    ("contact", "told"), [(Unknown(), "none"), (Erased(), "erased"), (Sealed("sealed", "k1", "id"), "known")]
)
def test_whether_a_reporter_can_be_reached_is_told_without_the_contact(contact: Contact, told: str) -> None:
    state = correspondence(delivery(FAILED), contact=contact)

    assert contact_state(state) == told
    assert EMAIL not in repr(history(state))


def test_a_contact_that_could_not_be_opened_is_unreadable_until_something_goes_out() -> None:
    unreadable = delivery(Suppressed(NOON, 1, "contact_unreadable"), id="1", planned_at=NOON)

    assert contact_state(correspondence(unreadable)) == "unreadable"
    assert (
        contact_state(correspondence(unreadable, delivery(Sent(NOON, 1, "email"), planned_at=NOON + HOUR))) == "known"
    )


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted("failed", None, None, 9), ["f"]),
        (Wanted("failed", "dlh", None, 9), []),
        (Wanted("failed", "dishub", NOON, 9), ["f"]),
        (Wanted("failed", None, NOON + HOUR, 9), []),
        (Wanted("suppressed", None, None, 9), ["s"]),
        (Wanted("waiting", None, None, 9), ["d"]),
    ],
)
def test_rows_are_picked_by_situation_agency_and_time(wanted: Wanted, found: list[str]) -> None:
    state = correspondence(
        delivery(FAILED, id="f", agency="dishub"),
        delivery(Suppressed(NOON, 0, "no_address"), id="s"),
        delivery(Suppressed(NOON, 0, "too_old"), id="o"),
        delivery(Sent(NOON, 1, "email"), id="t"),
        delivery(Due(NOON, 1), id="d"),
    )

    assert [row.delivery_id for row in wanted.among(state)] == found
