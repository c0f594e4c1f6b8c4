from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from services.notify.channels import Message, Undeliverable
from services.notify.domain.deliveries import Due, Failed, Sending, Sent, Situation, Untried
from services.notify.sender import Attempt, claims_of
from shared import topics
from shared.delivery.documents.document import Document, Quarantined, QuarantineReason
from shared.delivery.ports import TransientError
from tests.builders import TICKET, event
from tests.component.notify.desk import ACCEPTED, CONTACT, ROUTED, TWO, Desk, FakeChannel, sent, told
from tests.fakes.bench import NOON, Crashed, CrashingBroker
from tests.unit.notify.samples import LEASE, PHONE, contact, notice, rules

pytestmark = pytest.mark.component

SEND_WITHIN = timedelta(seconds=20)


@dataclass
class Interference:
    """Lets something go wrong in a store: after *saves* more saves each raises what stands next in *errors*."""

    desk: Desk
    saves: int
    errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.real, self.desk.store.save = self.desk.store.save, self.save  # type: ignore[method-assign]

    async def save(self, documents: Sequence[Document[Any]]) -> set[str]:
        self.saves -= 1
        if self.saves < 0 and self.errors:
            raise self.errors.pop(0)
        return await self.real(documents)


async def test_a_process_that_dies_while_sending_leaves_the_message_to_another() -> None:
    async def dies(_: Message) -> None:
        raise Crashed

    email = FakeChannel(meanwhile=dies)
    desk = await told(email=email)
    with pytest.raises(Crashed):
        await desk.send()
    email.meanwhile = FakeChannel().meanwhile

    await desk.new_sender().sweep()
    assert len(email.given) == 1
    desk.pass_time(LEASE)
    await desk.new_sender().sweep()

    assert desk.data(topics.DELIVERIES) == [sent(desk, attempt=2)]
    assert len({message.id for message in email.given}) == 1


async def test_a_process_that_dies_before_noting_the_outcome_sends_the_same_message_again() -> None:
    desk = await told()
    Interference(desk, saves=1, errors=[Crashed()])
    with pytest.raises(Crashed):
        await desk.send()

    desk.pass_time(LEASE)
    await desk.send()

    assert desk.data(topics.DELIVERIES) == [sent(desk, attempt=2)]
    assert [message.id for message in desk.email.given] == [desk.state.deliveries[0].id] * 2


async def test_an_outcome_that_was_saved_and_not_told_is_told_by_whoever_comes_next() -> None:
    desk = await told()
    with pytest.raises(Crashed):
        await desk.new_sender(CrashingBroker()).sweep()
    assert isinstance(desk.situations[0], Sent)

    assert await desk.relay.relay() == 0
    desk.pass_time(timedelta(seconds=10))
    assert await desk.relay.relay() == 1

    assert desk.data(topics.DELIVERIES) == [sent(desk)]
    assert len(desk.email.given) == 1
    assert await desk.relay.relay() == 0


async def test_an_outage_after_sending_is_sat_out_and_nothing_is_sent_twice() -> None:
    desk = await told()
    Interference(desk, saves=1, errors=[TransientError("MongoDB: no primary")] * 3)

    await desk.send()

    assert desk.facts == [sent(desk)]
    assert len(desk.email.given) == 1
    assert desk.sender.vitals.troubles == {}


async def test_no_message_is_sent_before_its_claim_is_saved() -> None:
    stored: list[Situation] = []

    async def look(_: Message) -> None:
        stored.extend(desk.situations)

    desk = await told(email=FakeChannel(meanwhile=look))

    await desk.send()

    assert stored == [Sending(NOON + LEASE, 1)]


async def test_a_claim_that_was_lost_to_somebody_faster_sends_nothing() -> None:
    desk = await told()

    async def always_lost(documents: Sequence[Document[Any]]) -> set[str]:
        return {document.id for document in documents}

    desk.store.save = always_lost  # type: ignore[method-assign]
    await desk.sender.sweep()

    assert desk.email.given == []


async def test_an_outage_before_sending_sends_nothing() -> None:
    desk = await told()
    Interference(desk, saves=0, errors=[TransientError("MongoDB: no primary")])

    with pytest.raises(TransientError):
        await desk.sender.sweep()

    assert desk.email.given == []


async def test_two_processes_that_find_the_same_notice_send_it_once() -> None:
    desk = await told()
    second = desk.new_sender()
    load = desk.store.load

    async def overtaken(ids: Collection[str]) -> dict[str, Document[Any]]:
        found = await load(ids)
        desk.store.load = load  # type: ignore[method-assign]
        await second.sweep()
        return found

    desk.store.load = overtaken  # type: ignore[method-assign]
    await desk.sender.sweep()

    assert len(desk.email.given) == 1
    assert desk.data(topics.DELIVERIES) == [sent(desk)]


async def test_an_attempt_that_outlasts_its_lease_leaves_the_word_to_the_next() -> None:
    async def slow(_: Message) -> None:
        email.meanwhile = FakeChannel().meanwhile
        desk.pass_time(LEASE)
        await desk.new_sender().sweep()

    email = FakeChannel(meanwhile=slow)
    desk = await told(email=email)

    await desk.send()

    assert desk.data(topics.DELIVERIES) == [sent(desk, attempt=2)]
    assert len(email.given) == 2


async def test_an_overtaken_lease_is_not_accepted() -> None:
    """Whoever saved "not tried", and never heard that it was saved, says so again while another is sending."""
    desk = await told()
    first = desk.new_sender()
    [before] = (await desk.store.load([TICKET])).values()
    [held], _ = await first.settle(first.loop.moved(before, NOON))
    untried = {TICKET: [Attempt(claim.delivery.id, claim.lease, Untried()) for claim in claims_of(before, held)]}
    await first.conclude([held], untried)
    assert desk.situations == [Due(NOON, 1)]
    desk.pass_time(timedelta(milliseconds=1))

    async def said_again(_: Message) -> None:
        desk.email.meanwhile = FakeChannel().meanwhile
        await first.conclude([held], untried)
        await desk.new_sender().sweep()

    desk.email.meanwhile = said_again
    await desk.new_sender().sweep()

    assert len(desk.email.given) == 1
    assert desk.data(topics.DELIVERIES) == [sent(desk)]


@pytest.mark.parametrize(("left", "begins"), [(timedelta(), True), (timedelta(milliseconds=-1), False)])
async def test_a_message_is_begun_only_if_its_lease_leaves_time_to_save_how_it_went(
    left: timedelta, begins: bool
) -> None:
    async def slow(message: Message) -> None:
        if message.role == "reporter":
            desk.clock.at = NOON + LEASE - 2 * SEND_WITHIN - left

    desk = await told(CONTACT, ACCEPTED, ROUTED, rules=TWO, email=FakeChannel(meanwhile=slow))

    await desk.new_sender(send_within=SEND_WITHIN).sweep()

    assert len(desk.email.given) == (2 if begins else 1)


@pytest.mark.parametrize(("left", "begins"), [(timedelta(), True), (timedelta(milliseconds=-1), False)])
async def test_the_next_channel_is_asked_only_within_the_lease(left: timedelta, begins: bool) -> None:
    async def slow(_: Message) -> None:
        desk.clock.at = NOON + LEASE - 2 * SEND_WITHIN - left

    email, sms = FakeChannel(Undeliverable("smtp_550"), meanwhile=slow), FakeChannel()
    both = rules(notice(channels=("email", "sms")))
    desk = await told((topics.CONTACTS, event(contact(phone=PHONE))), ACCEPTED, rules=both, email=email, sms=sms)

    await desk.new_sender(send_within=SEND_WITHIN).sweep()

    assert len(sms.given) == begins
    assert [situation.kind for situation in desk.situations] == ["sent" if begins else "due"]


async def test_what_a_slow_round_cannot_send_within_its_lease_goes_out_in_the_next() -> None:
    async def slow(_: Message) -> None:
        email.meanwhile = FakeChannel().meanwhile
        desk.pass_time(LEASE - timedelta(seconds=19))

    email = FakeChannel(meanwhile=slow)
    desk = await told(CONTACT, ACCEPTED, ROUTED, rules=TWO, email=email)

    await desk.sender.sweep()

    now = desk.clock.now()
    assert desk.situations == [
        Sent(now, 1, "email", f"<{desk.state.deliveries[0].id}@tangsel.example>"),
        Due(now, 1),
    ]
    await desk.send()
    assert [fact.attempt for fact in desk.facts] == [1, 1]


async def test_a_lease_is_kept_until_it_runs_out() -> None:
    desk = await told()
    Interference(desk, saves=1, errors=[Crashed()])
    with pytest.raises(Crashed):
        await desk.send()

    desk.pass_time(LEASE - timedelta(milliseconds=1))
    assert await desk.sender.sweep() == 0

    assert desk.situations == [Sending(NOON + LEASE, 1)]


async def test_a_message_that_kills_every_process_is_given_up() -> None:
    async def dies(_: Message) -> None:
        raise Crashed

    desk = await told(email=FakeChannel(meanwhile=dies))
    for _ in range(3):
        with pytest.raises(Crashed):
            await desk.send()
        desk.pass_time(LEASE)

    await desk.send()

    assert desk.situations == [Failed(NOON + 3 * LEASE, 3, "email", "outcome_unknown")]


async def test_a_document_that_others_keep_changing_is_given_up_for_now() -> None:
    desk = await told()
    before = await desk.store.load([TICKET])
    await desk.sender.loop.settle([moved for held in before.values() for moved in desk.sender.loop.moved(held, NOON)])

    async def always_lost(documents: Sequence[Document[Any]]) -> set[str]:
        return {document.id for document in documents}

    desk.store.save = always_lost  # type: ignore[method-assign]

    with pytest.raises(TransientError, match="20 times in a row"):
        await desk.sender.conclude(list(before.values()), {TICKET: []})


async def test_an_attempt_whose_document_was_set_aside_meanwhile_ends_and_holds_back_nobody() -> None:
    desk = await told()
    before = await desk.store.load([TICKET])

    async def quarantined(documents: Sequence[Document[Any]]) -> set[str]:
        return {document.id for document in documents}

    async def skip_quarantined(ids: Collection[str]) -> dict[str, Quarantined]:
        return {id: Quarantined(id, QuarantineReason.TOO_LARGE, "17 MB") for id in ids}

    desk.store.save, desk.store.load = quarantined, skip_quarantined  # type: ignore[method-assign, assignment]

    await desk.sender.conclude(list(before.values()), {TICKET: []})

    assert desk.facts == []
