"""A channel's own server is told each status of its tickets, one after the other."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notify.domain.correspondence import Correspondence, Erased
from services.notify.domain.decide import document_of, tell_channel
from services.notify.domain.deliveries import Delivery, Due, Sending, Suppressed
from services.notify.domain.outcomes import Deferred, Delivered, Refused, Setback
from services.notify.domain.projection import forgotten
from services.notify.domain.sending.attempts import conclude, tick
from services.notify.domain.sending.statuses import LINE_MAX, joined, status_delivery
from shared import topics
from shared.events import Applied, Arrival, Decision, Ignored, TicketStatusChanged
from shared.ids import named, part_id
from tests.builders import TICKET, TRACKING, event
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import LEASE, correspondence, rules

pytestmark = pytest.mark.unit

RULES = rules(called=frozenset({"web"}))
SECOND, MS = timedelta(seconds=1), timedelta(milliseconds=1)
PART = part_id(TICKET, 1)
DOWN = Deferred("webhook", "webhook_503", Setback.GATEWAY)


def status(**changes: Any) -> TicketStatusChanged:
    plain: dict[str, Any] = {
        "ticket_id": TICKET, "tracking_id": TRACKING, "version": 2, "at": NOON, "state": "routed",
        "state_id": "di instansi", "state_en": "with the agency", "rating_wanted": False,
        "message_id": "Laporan ada di Dishub.", "message_en": "The report is with Dishub.",
    }  # fmt: skip
    return TicketStatusChanged.model_validate(plain | changes)


def waiting(number: int, channel: str = "web", **changes: Any) -> Delivery:
    return status_delivery(named(TICKET, str(number)), channel, status(**changes), NOON)


def heard(
    state: Correspondence | None = None, data: TicketStatusChanged | None = None, channel: str = "web", **arrival: Any
) -> Decision[Correspondence]:
    said = event(data or status(), at=arrival.pop("at", NOON))
    arrived = Arrival(topics.status_topic(channel), 0, 0, NOON, NOON)
    return tell_channel(state, said, data or status(), channel, arrived, RULES)


def test_a_status_is_told_at_once_and_under_the_id_of_its_event() -> None:
    said = event(status())
    arrived = Arrival(topics.status_topic("web"), 0, 0, NOON, NOON)

    decision = tell_channel(None, said, status(), "web", arrived, RULES)

    told = Delivery(
        id=said.id, notice="status", template="status", role="channel-web", agency=None, channels=("webhook",),
        urgent=True, planned_at=NOON, situation=Due(NOON, 1), told=status().model_dump(mode="json", exclude_none=True),
    )  # fmt: skip
    assert decision == Applied(Correspondence(ticket_id=TICKET, tracking_id=TRACKING, deliveries=(told,)))


@pytest.mark.parametrize("channel", ["android", "links"])
def test_a_channel_without_a_server_leaves_no_trace(channel: str) -> None:
    assert isinstance(heard(channel=channel), Ignored)


@pytest.mark.parametrize(("at", "is_told"), [(NOON - RULES.stale_for, True), (NOON - RULES.stale_for - MS, False)])
def test_what_was_said_long_before_anybody_listened_is_not_told(at: datetime, is_told: bool) -> None:
    assert isinstance(heard(at=at), Applied) is is_told


def test_the_status_of_a_part_stands_in_the_document_of_the_whole() -> None:
    of_part = status(ticket_id=PART, parent=TICKET, part=1, tracking_id=f"{TRACKING}/1")

    assert document_of(event(of_part)) == TICKET
    [told] = heard(correspondence(), of_part).state.deliveries  # type: ignore[union-attr]
    assert told.part == PART


def test_a_status_waits_for_the_one_before_it() -> None:
    first, second, of_part, elsewhere = waiting(1), waiting(2), waiting(3), waiting(4, "ios")
    of_part = waiting(3, parent=TICKET, ticket_id=PART)

    moved = tick(correspondence(first, second, of_part, elsewhere), RULES, NOON).state.deliveries

    until = NOON + LEASE
    leased = Sending(until, 1)
    assert [each.situation for each in moved] == [leased, Due(until, 1), leased, leased]


@pytest.mark.parametrize("outcome", [Delivered("webhook"), Refused("webhook", "webhook_410")])
def test_once_one_has_ended_the_next_has_its_turn(outcome: Delivered | Refused) -> None:
    held = tick(correspondence(waiting(1), waiting(2), waiting(3)), RULES, NOON).state
    lease = held.deliveries[0].situation
    assert isinstance(lease, Sending)

    ended = conclude(held, held.deliveries[0].id, lease, outcome, RULES, NOON + SECOND)

    assert isinstance(ended, Applied)
    assert [each.situation for each in ended.state.deliveries[1:]] == [Due(NOON + SECOND, 1), Due(NOON + LEASE, 1)]
    moved = tick(ended.state, RULES, NOON + SECOND).state
    assert isinstance(moved.deliveries[0].situation, Sending)


def test_one_that_is_put_off_lets_none_pass() -> None:
    held = tick(correspondence(waiting(1), waiting(2)), RULES, NOON).state
    lease = held.deliveries[0].situation
    assert isinstance(lease, Sending)
    ended = conclude(held, held.deliveries[0].id, lease, DOWN, RULES, NOON)
    assert isinstance(ended, Applied)
    [first, second] = tick(ended.state, RULES, NOON + LEASE).state.deliveries

    assert isinstance(first.situation, Sending)
    assert second.situation == Due(NOON + 2 * LEASE, 1)


def test_of_a_line_that_is_too_long_the_first_that_is_not_on_its_way_gives_way() -> None:
    line = [waiting(number) for number in range(LINE_MAX - 1)]
    on_its_way = tick(correspondence(*line), RULES, NOON).state.deliveries

    as_long_as_may_be = joined(on_its_way, waiting(98), NOON)
    too_long = joined(as_long_as_may_be, waiting(99), NOON)

    assert not any(isinstance(each.situation, Suppressed) for each in as_long_as_may_be)
    assert isinstance(too_long[0].situation, Sending)
    assert (too_long[1].situation, too_long[1].told) == (Suppressed(NOON, 1, "superseded"), {})
    assert len([each for each in too_long if not each.is_settled]) == LINE_MAX


def test_whoever_is_erased_is_told_of_without_anybodys_words() -> None:
    asks = waiting(1, question="Di depan toko siapa?", message_id="Mohon jawab. Di depan toko siapa?", answer="Ya.")

    [told] = forgotten(correspondence(asks)).deliveries

    assert "toko" not in repr(told)
    assert told.told["message_id"] == told.told["state_id"]
    assert TicketStatusChanged.model_validate(told.told).answer is None


def test_of_who_is_erased_nothing_that_comes_later_is_kept_in_words() -> None:
    state = correspondence(contact=Erased())

    decision = heard(state, status(question="Di depan toko siapa?"))

    assert isinstance(decision, Applied)
    assert "toko" not in repr(decision.state.deliveries)
