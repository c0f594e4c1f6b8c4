"""Mistakes put into what notify does with receipts, requests and limits, as `mutants` puts them into delivery."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from services.notify import handlers as notify
from services.notify.domain import decide as planning
from services.notify.domain import receipts, repair
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Delivery, Due, Sent, Situation, Suppressed
from services.notify.domain.outcomes import Delivered
from services.notify.domain.sending import addresses, attempts
from services.notify.domain.settlement import settle
from services.notify.sending import admission, sender
from shared.events import Applied, Ignored, NotificationDelivered
from tests.simulation.scheduler import give_way

BEFORE_IT_STEPS = 100  # the more messages leave before this one, the likelier it is unwanted by its turn


def early_receipt_taken_for_known(patch: pytest.MonkeyPatch) -> None:
    original = receipts.receive

    def receive(state: Correspondence, receipt: receipts.Receipt, now: datetime) -> Any:
        decision = original(state, receipt, now)
        return Ignored(receipts.KNOWN) if isinstance(decision, receipts.Early) else decision

    patch.setattr(notify, "receive", receive)


def receipt_of_another_way_believed(patch: pytest.MonkeyPatch) -> None:
    original = receipts.receive

    def receive(state: Correspondence, receipt: receipts.Receipt, now: datetime) -> Any:
        for delivery in state.deliveries:
            if delivery.id == receipt.delivery_id and isinstance(delivery.situation, Sent):
                return original(state, replace(receipt, channel=delivery.situation.channel, provider_id=None), now)
        return original(state, receipt, now)

    patch.setattr(notify, "receive", receive)


def failed_receipt_ends_it(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(receipts, "_next_way", lambda *_: None)


def failed_way_taken_again(patch: pytest.MonkeyPatch) -> None:
    def next_way(state: Correspondence, delivery: Delivery, sent: Sent, now: datetime) -> Delivery | None:
        failed_ways = (*delivery.failed_ways, sent.channel)
        return None if len(failed_ways) > 2 else replace(delivery, failed_ways=failed_ways, situation=Due(now, 1))

    patch.setattr(receipts, "_next_way", next_way)


def arrival_without_a_word(patch: pytest.MonkeyPatch) -> None:
    original = receipts.receive

    def receive(state: Correspondence, receipt: receipts.Receipt, now: datetime) -> Any:
        decision = original(state, receipt, now)
        if not isinstance(decision, Applied):
            return decision
        facts = tuple(fact for fact in decision.facts if not isinstance(fact.data, NotificationDelivered))
        return replace(decision, facts=facts)

    patch.setattr(notify, "receive", receive)


def repeat_without_its_ways(patch: pytest.MonkeyPatch) -> None:
    original = repair._sent_again

    def sent_again(state: Correspondence, *asked: Any) -> Iterator[Delivery]:
        ways = {delivery.id: delivery.failed_ways for delivery in state.unsent}
        for again in original(state, *asked):
            yield replace(again, failed_ways=ways.get(again.repeats or "", ()))

    patch.setattr(repair, "_sent_again", sent_again)


def taken_outcome_tried_again(patch: pytest.MonkeyPatch) -> None:
    original = attempts.after_attempt

    def after_attempt(delivery: Delivery, attempt: int, outcome: Any, *rest: Any) -> Situation:
        after = original(delivery, attempt, outcome, *rest)
        is_first = isinstance(outcome, Delivered) and isinstance(after, Sent) and attempt == 1
        return Due(after.at, 2) if is_first and delivery.repeats else after  # type: ignore[union-attr]

    patch.setattr(attempts, "after_attempt", after_attempt)


def resent_as_often_as_it_is_asked(patch: pytest.MonkeyPatch) -> None:
    original = repair.repair

    def repeated(state: Correspondence | None, *asked: Any, **house: Any) -> Any:
        decision = original(state, *asked, **house)
        if not isinstance(decision, Applied) or state is None:
            return decision
        kept = {delivery.id: delivery for delivery in (*state.unsent, *decision.state.unsent)}
        return replace(decision, state=replace(decision.state, unsent=tuple(kept.values())))

    patch.setattr(notify, "repair", repeated)


def request_heard_and_forgotten(patch: pytest.MonkeyPatch) -> None:
    def sent_again(*asked: Any) -> Iterator[Delivery]:
        yield from ()

    patch.setattr(repair, "_sent_again", sent_again)


def held_back_under_a_lease(patch: pytest.MonkeyPatch) -> None:
    def held_back(delivery: Delivery, request: Any, now: datetime) -> Delivery:
        return delivery if delivery.is_settled else settle(delivery, Suppressed(now, 0, "by_officer"))

    patch.setattr(repair, "_held_back", held_back)


def stopped_and_sent(patch: pytest.MonkeyPatch) -> None:
    original = attempts.barred_because

    def barred_because(delivery: Delivery, state: Correspondence) -> str | None:
        return original(delivery, replace(state, is_stopped=False))

    for where in (attempts, planning):
        patch.setattr(where, "barred_because", barred_because)


def stopped_after_its_claim_and_sent(patch: pytest.MonkeyPatch) -> None:
    original = admission.still_wanted

    async def still_wanted(known_of: admission.Known, *about: Any) -> Any:
        async def known_late(ticket: str) -> Correspondence | None:
            for _ in range(BEFORE_IT_STEPS):
                await give_way("linger")
            return await known_of(ticket)

        return await original(known_late, *about)

    patch.setattr(sender, "still_wanted", still_wanted)
    patch.setattr(admission, "barred_because", lambda delivery, state: None)


def told_of_each_ticket_of_a_cluster(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(admission, "cluster_news", lambda state, delivery, rules: None)


def address_without_limits(patch: pytest.MonkeyPatch) -> None:
    def behind(times: Collection[datetime], limits: Any, now: datetime) -> datetime:
        return now

    patch.setattr(addresses, "_behind", behind)


def next_way_told_as_the_first(patch: pytest.MonkeyPatch) -> None:
    original = attempts.report_settled

    def report_settled(before: Correspondence, after: Correspondence) -> Any:
        def forget(state: Correspondence) -> Correspondence:
            deliveries: Sequence[Delivery] = state.deliveries
            return replace(state, deliveries=tuple(replace(each, failed_ways=()) for each in deliveries))

        decision = original(before, forget(after))
        return replace(decision, state=after)

    patch.setattr(attempts, "report_settled", report_settled)


MUTANTS: tuple[Callable[[pytest.MonkeyPatch], None], ...] = (
    early_receipt_taken_for_known,
    receipt_of_another_way_believed,
    failed_receipt_ends_it,
    failed_way_taken_again,
    arrival_without_a_word,
    repeat_without_its_ways,
    taken_outcome_tried_again,
    resent_as_often_as_it_is_asked,
    request_heard_and_forgotten,
    held_back_under_a_lease,
    stopped_and_sent,
    stopped_after_its_claim_and_sent,
    told_of_each_ticket_of_a_cluster,
    address_without_limits,
    next_way_told_as_the_first,
)
