from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.correspondence import Correspondence, Erased
from services.notify.domain.deliveries import (
    Delivery,
    Due,
    Failed,
    Sending,
    Sent,
    Settled,
    Situation,
    Suppressed,
    Waiting,
)
from services.notify.domain.outcomes import Delivered
from services.notify.domain.receipts import Early, Receipt, receive
from services.notify.domain.sending.attempts import conclude, tick
from services.notify.domain.settlement import put_away
from shared.events import Applied, Ignored, NotificationDelivered, NotificationFailed, NotificationSent
from tests.builders import TICKET, TRACKING
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import DELIVERY, LEASE, correspondence, delivery, rules

pytestmark = pytest.mark.unit

WAYS = ("whatsapp", "sms", "email", "log")
LATER = NOON + timedelta(hours=1)
BY = NOON + timedelta(days=1)
MS = timedelta(milliseconds=1)
SENT = Sent(NOON, 2, "whatsapp", "wamid.1", receipt_by=BY)
TOLD = {"answer": "Lubang sudah ditambal."}
ABOUT: dict[str, Any] = {
    "ticket_id": TICKET, "tracking_id": TRACKING, "delivery_id": DELIVERY, "notice": "accepted",
    "recipient_role": "reporter",
}  # fmt: skip
FAILED = NotificationFailed(**ABOUT, channel="whatsapp", attempt=2, error="receipt_failed 131026")
SMS = {"channels": ("sms", "email"), "failed_ways": ("whatsapp",)}


def sent(situation: Situation = SENT, **changes: Any) -> Delivery:  # frozen
    return delivery(situation, **({"channels": WAYS, "told": TOLD} | changes))


def receipt(outcome: Any = "delivered", channel: str = "whatsapp", provider_id: str | None = "wamid.1") -> Receipt:
    error = "receipt_failed 131026" if outcome == "failed" else "receipt_failed"
    return Receipt(TICKET, DELIVERY, channel, outcome, provider_id, error)


def applied(state: Correspondence, said: Receipt) -> Applied[Correspondence]:
    decision = receive(state, said, LATER)
    assert isinstance(decision, Applied)
    return decision


def test_what_has_arrived_stays_sent_and_its_text_goes() -> None:
    decision = applied(correspondence(sent()), receipt())

    arrived = Sent(NOON, 2, "whatsapp", "wamid.1", delivered_at=LATER)
    assert decision.state == correspondence(sent(arrived, told={}))
    [fact] = decision.facts
    assert fact.data == NotificationDelivered(
        **ABOUT, channel="whatsapp", attempt=2, provider_id="wamid.1", at=LATER
    )  # fmt: skip


def test_what_did_not_arrive_goes_by_the_next_way() -> None:
    decision = applied(correspondence(sent()), receipt("failed"))

    assert decision.state == correspondence(sent(Due(LATER, 1), **SMS))
    assert [fact.data for fact in decision.facts] == [FAILED]


def test_its_last_way_having_failed_it_has_failed_and_an_officer_can_have_it_sent() -> None:
    decision = applied(correspondence(sent(channels=("whatsapp", "log"))), receipt("failed"))

    failed = Failed(LATER, 2, "whatsapp", "receipt_failed 131026")
    assert decision.state == correspondence(sent(failed, channels=("whatsapp", "log")))
    assert decision.state.unsent_at == LATER
    assert [fact.data for fact in decision.facts] == [FAILED]


@pytest.mark.parametrize(
    ("situation", "changes"),
    [
        (SENT, {"contact": Erased()}),
        (Sent(NOON, 2, "whatsapp", "wamid.1", receipt_by=LATER), {}),
        (Sent(NOON, 2, "whatsapp", "wamid.1"), {}),
    ],
    ids=["erased", "too late", "text not kept"],
)
def test_nothing_goes_by_another_way_that_cannot_be_written_any_more(
    situation: Situation, changes: dict[str, Any]
) -> None:
    decision = applied(correspondence(sent(situation), **changes), receipt("failed"))

    [over] = decision.state.deliveries
    assert over.situation == Failed(LATER, 2, "whatsapp", "receipt_failed 131026")


def test_a_repeated_receipt_changes_nothing() -> None:
    arrived = applied(correspondence(sent()), receipt()).state
    failed = applied(correspondence(sent()), receipt("failed")).state

    for state, said in ((arrived, receipt()), (failed, receipt("failed"))):
        assert receive(state, said, LATER + MS) == Ignored("the receipt is known already")


def test_what_has_once_arrived_stays_so() -> None:
    arrived = applied(correspondence(sent()), receipt()).state

    assert isinstance(receive(arrived, receipt("failed"), LATER), Ignored)


def test_what_arrives_after_all_is_not_sent_by_the_next_way() -> None:
    failed = applied(correspondence(sent()), receipt("failed")).state

    decision = applied(failed, receipt())

    [over] = decision.state.deliveries
    assert over.situation == Sent(LATER, 1, "whatsapp", "wamid.1", delivered_at=LATER)
    assert [type(fact.data) for fact in decision.facts] == [NotificationDelivered]


@pytest.mark.parametrize("situation", [Sending(NOON + LEASE, 1), Sent(LATER, 1, "sms", "SM1", receipt_by=BY)])
@pytest.mark.parametrize("outcome", ["delivered", "failed"])
def test_once_the_next_way_is_taken_the_first_one_says_nothing_new(situation: Situation, outcome: str) -> None:
    state = correspondence(sent(situation, **SMS))

    assert receive(state, receipt(outcome), LATER) == Ignored("the receipt is known already")


def test_a_failure_of_another_message_than_the_one_that_counts_is_ignored() -> None:
    assert receive(correspondence(sent()), receipt("failed", provider_id="wamid.0"), LATER) == Ignored(
        "another message counts as sent"
    )
    assert isinstance(receive(correspondence(sent()), receipt("failed", provider_id=None), LATER), Applied)


def test_a_receipt_of_another_channel_is_ignored() -> None:
    assert receive(correspondence(sent()), receipt("failed", "sms"), LATER) == Ignored("another way has been taken")


def test_a_receipt_that_is_here_before_the_outcome_is_saved_is_early() -> None:
    assert receive(correspondence(sent(Sending(NOON + LEASE, 1))), receipt(), NOON) == Early()


def test_what_a_provider_took_without_our_knowing_is_not_sent_again() -> None:
    decision = applied(correspondence(sent(Due(LATER, 3))), receipt())

    [over] = decision.state.deliveries
    assert over.situation == Sent(LATER, 2, "whatsapp", "wamid.1", delivered_at=LATER)
    assert [type(fact.data) for fact in decision.facts] == [NotificationSent, NotificationDelivered]


@pytest.mark.parametrize(
    ("situation", "outcome"),
    [
        (Due(LATER, 1), "delivered"), (Due(LATER, 3), "failed"), (Waiting(LATER), "delivered"),
        (Failed(NOON, 3, "whatsapp", "timeout"), "delivered"), (Suppressed(NOON, 0, "too_many"), "failed"),
    ],
)  # fmt: skip
def test_a_receipt_of_what_is_not_on_its_way_is_ignored(situation: Situation, outcome: str) -> None:
    assert isinstance(receive(correspondence(sent(situation)), receipt(outcome), LATER), Ignored)


def test_a_receipt_of_no_delivery_or_of_one_put_away_is_ignored() -> None:
    away = Settled(DELIVERY, "accepted", "reporter", None, NOON, "sent", NOON, "whatsapp")

    assert receive(correspondence(), receipt(), LATER) == Ignored("there is no such delivery")
    assert receive(correspondence(settled=(away,)), receipt(), LATER) == Ignored("the delivery is over")


def test_a_text_is_kept_for_as_long_as_a_receipt_may_ask_for_another_way() -> None:
    lease = Sending(NOON + LEASE, 1)
    state = correspondence(sent(lease))

    waiting = conclude(
        state, DELIVERY, lease, Delivered("whatsapp", "wamid.1", timedelta(days=1)), rules(), NOON
    ).state  # fmt: skip
    plain = conclude(state, DELIVERY, lease, Delivered("whatsapp", "wamid.1"), rules(), NOON).state

    assert waiting == correspondence(sent(Sent(NOON, 1, "whatsapp", "wamid.1", receipt_by=BY)))
    assert put_away(waiting, BY - MS) is waiting
    assert put_away(waiting, BY).deliveries == ()
    assert plain is not None
    assert [each.told for each in plain.deliveries] == [{}]


def test_whoever_has_heard_that_it_arrived_remembers_it() -> None:
    arrived = applied(correspondence(sent()), receipt()).state

    [kept] = put_away(arrived, LATER).settled

    assert (kept.outcome, kept.channel, kept.delivered_at) == ("sent", "whatsapp", LATER)


def test_the_next_way_is_told_as_another_fact_than_the_first() -> None:
    lease = Sending(LATER + LEASE, 1)
    first = conclude(
        correspondence(sent(Sending(NOON + LEASE, 1))), DELIVERY, Sending(NOON + LEASE, 1), Delivered("whatsapp"),
        rules(), NOON,
    )  # fmt: skip
    second = conclude(correspondence(sent(lease, **SMS)), DELIVERY, lease, Delivered("sms"), rules(), LATER)

    assert [fact.occasion for fact in first.facts] == [f"delivery|{DELIVERY}"]
    assert [fact.occasion for fact in second.facts] == [f"delivery|{DELIVERY}|whatsapp"]


def test_the_next_way_is_leased_by_the_sweep() -> None:
    failed = applied(correspondence(sent()), receipt("failed")).state

    [leased] = tick(failed, rules(), LATER).state.deliveries

    assert (leased.situation, leased.channels, leased.told) == (Sending(LATER + LEASE, 1), ("sms", "email"), TOLD)
