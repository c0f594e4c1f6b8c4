from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from services.notify.channels import Message
from services.notify.domain.deliveries import Due, Failed, Sending, Sent, Situation
from services.notify.domain.outcomes import Refused, Untried
from services.notify.sending.sender import Attempt, claims_of
from shared import topics
from shared.delivery.documents.document import Document, Quarantined, QuarantineReason
from shared.delivery.ports import TransientError
from tests.builders import TICKET, event
from tests.component.notify.harness import ACCEPTED, CONTACT, ROUTED, TWO, RecordingChannel, ServiceHarness, sent, told
from tests.fakes.handler_harness import NOON, Crashed, CrashingBroker
from tests.unit.notify.samples import LEASE, PHONE, contact, notice, rules

pytestmark = pytest.mark.component

SEND_WITHIN = timedelta(seconds=20)


@dataclass
class Interference:
    """Lets something go wrong in a store: after *saves* more saves each raises what stands next in *errors*."""

    harness: ServiceHarness
    saves: int
    errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.real, self.harness.store.save = self.harness.store.save, self.save  # type: ignore[method-assign]

    async def save(self, documents: Sequence[Document[Any]]) -> set[str]:
        self.saves -= 1
        if self.saves < 0 and self.errors:
            raise self.errors.pop(0)
        return await self.real(documents)


async def test_a_process_that_dies_while_sending_leaves_the_message_to_another() -> None:
    async def dies(_: Message) -> None:
        raise Crashed

    email = RecordingChannel(meanwhile=dies)
    harness = await told(email=email)
    with pytest.raises(Crashed):
        await harness.send()
    email.meanwhile = RecordingChannel().meanwhile

    await harness.new_sender().sweep()
    assert len(email.given) == 1
    harness.pass_time(LEASE)
    await harness.new_sender().sweep()

    assert harness.data(topics.DELIVERIES) == [sent(harness, attempt=2)]
    assert len({message.id for message in email.given}) == 1


async def test_a_process_that_dies_before_noting_the_outcome_sends_the_same_message_again() -> None:
    harness = await told()
    Interference(harness, saves=1, errors=[Crashed()])
    with pytest.raises(Crashed):
        await harness.send()

    harness.pass_time(LEASE)
    await harness.send()

    assert harness.data(topics.DELIVERIES) == [sent(harness, attempt=2)]
    assert [message.id for message in harness.email.given] == [harness.state.deliveries[0].id] * 2


async def test_a_saved_but_unpublished_outcome_is_published_by_the_next_process() -> None:
    harness = await told()
    with pytest.raises(Crashed):
        await harness.new_sender(CrashingBroker()).sweep()
    assert isinstance(harness.situations[0], Sent)

    assert await harness.relay.relay() == 0
    harness.pass_time(timedelta(seconds=10))
    assert await harness.relay.relay() == 1

    assert harness.data(topics.DELIVERIES) == [sent(harness)]
    assert len(harness.email.given) == 1
    assert await harness.relay.relay() == 0


async def test_an_outage_after_sending_is_waited_out_and_nothing_is_sent_twice() -> None:
    harness = await told()
    Interference(harness, saves=1, errors=[TransientError("MongoDB: no primary")] * 3)

    await harness.send()

    assert harness.facts == [sent(harness)]
    assert len(harness.email.given) == 1
    assert harness.sender.vitals.troubles == {}


async def test_no_message_is_sent_before_its_claim_is_saved() -> None:
    stored: list[Situation] = []

    async def look(_: Message) -> None:
        stored.extend(harness.situations)

    harness = await told(email=RecordingChannel(meanwhile=look))

    await harness.send()

    assert stored == [Sending(NOON + LEASE, 1)]


async def test_a_lost_claim_sends_nothing() -> None:
    harness = await told()

    async def always_lost(documents: Sequence[Document[Any]]) -> set[str]:
        return {document.id for document in documents}

    harness.store.save = always_lost  # type: ignore[method-assign]
    await harness.sender.sweep()

    assert harness.email.given == []


async def test_an_outage_before_sending_sends_nothing() -> None:
    harness = await told()
    Interference(harness, saves=0, errors=[TransientError("MongoDB: no primary")])

    with pytest.raises(TransientError):
        await harness.sender.sweep()

    assert harness.email.given == []


async def test_two_processes_that_find_the_same_notice_send_it_once() -> None:
    harness = await told()
    second = harness.new_sender()
    load = harness.store.load

    async def overtaken(ids: Collection[str]) -> dict[str, Document[Any]]:
        found = await load(ids)
        harness.store.load = load  # type: ignore[method-assign]
        await second.sweep()
        return found

    harness.store.load = overtaken  # type: ignore[method-assign]
    await harness.sender.sweep()

    assert len(harness.email.given) == 1
    assert harness.data(topics.DELIVERIES) == [sent(harness)]


async def test_an_attempt_that_outlasts_its_lease_reports_no_outcome() -> None:
    async def slow(_: Message) -> None:
        email.meanwhile = RecordingChannel().meanwhile
        harness.pass_time(LEASE)
        await harness.new_sender().sweep()

    email = RecordingChannel(meanwhile=slow)
    harness = await told(email=email)

    await harness.send()

    assert harness.data(topics.DELIVERIES) == [sent(harness, attempt=2)]
    assert len(email.given) == 2


async def test_an_overtaken_lease_is_not_accepted() -> None:
    """Whoever saved "not tried", and never heard that it was saved, says so again while another is sending."""
    harness = await told()
    first = harness.new_sender()
    [before] = (await harness.store.load([TICKET])).values()
    [held], _ = await first.settled(first.loop.ticked(before, NOON), first.loop.save)
    untried = {TICKET: [Attempt(claim.delivery.id, claim.lease, Untried()) for claim in claims_of(before, held)]}
    await first.conclude([held], untried)
    assert harness.situations == [Due(NOON, 1)]
    harness.pass_time(timedelta(milliseconds=1))

    async def said_again(_: Message) -> None:
        harness.email.meanwhile = RecordingChannel().meanwhile
        await first.conclude([held], untried)
        await harness.new_sender().sweep()

    harness.email.meanwhile = said_again
    await harness.new_sender().sweep()

    assert len(harness.email.given) == 1
    assert harness.data(topics.DELIVERIES) == [sent(harness)]


@pytest.mark.parametrize(("left", "begins"), [(timedelta(), True), (timedelta(milliseconds=-1), False)])
async def test_a_message_is_begun_only_if_its_lease_leaves_time_to_save_how_it_went(
    left: timedelta, begins: bool
) -> None:
    async def slow(message: Message) -> None:
        if message.role == "reporter":
            harness.clock.at = NOON + LEASE - 2 * SEND_WITHIN - left

    harness = await told(CONTACT, ACCEPTED, ROUTED, rules=TWO, email=RecordingChannel(meanwhile=slow))

    await harness.new_sender().sweep()

    assert len(harness.email.given) == (2 if begins else 1)


@pytest.mark.parametrize(("left", "begins"), [(timedelta(), True), (timedelta(milliseconds=-1), False)])
async def test_the_next_channel_is_asked_only_within_the_lease(left: timedelta, begins: bool) -> None:
    async def slow(_: Message) -> None:
        harness.clock.at = NOON + LEASE - 2 * SEND_WITHIN - left

    email, sms = RecordingChannel(lambda to: Refused(to, "smtp_550"), meanwhile=slow), RecordingChannel()
    both = rules(notice(channels=("email", "sms")))
    harness = await told((topics.CONTACTS, event(contact(phone=PHONE))), ACCEPTED, rules=both, email=email, sms=sms)

    await harness.new_sender().sweep()

    assert len(sms.given) == begins
    assert [situation.kind for situation in harness.situations] == ["sent" if begins else "due"]


async def test_messages_beyond_the_lease_of_a_slow_round_go_out_in_the_next() -> None:
    async def slow(_: Message) -> None:
        email.meanwhile = RecordingChannel().meanwhile
        harness.pass_time(LEASE - timedelta(seconds=19))

    email = RecordingChannel(meanwhile=slow)
    harness = await told(CONTACT, ACCEPTED, ROUTED, rules=TWO, email=email)

    await harness.sender.sweep()

    now = harness.clock.now()
    assert harness.situations == [
        Sent(now, 1, "email", f"<{harness.state.deliveries[0].id}@tangsel.example>"),
        Due(now, 1),
    ]
    await harness.send()
    assert [fact.attempt for fact in harness.facts] == [1, 1]


async def test_a_lease_is_kept_until_it_runs_out() -> None:
    harness = await told()
    Interference(harness, saves=1, errors=[Crashed()])
    with pytest.raises(Crashed):
        await harness.send()

    harness.pass_time(LEASE - timedelta(milliseconds=1))
    assert await harness.sender.sweep() == 0

    assert harness.situations == [Sending(NOON + LEASE, 1)]


async def test_a_message_that_kills_every_process_is_given_up() -> None:
    async def dies(_: Message) -> None:
        raise Crashed

    harness = await told(email=RecordingChannel(meanwhile=dies))
    for _ in range(3):
        with pytest.raises(Crashed):
            await harness.send()
        harness.pass_time(LEASE)

    await harness.send()

    assert harness.situations == [Failed(NOON + 3 * LEASE, 3, "email", "outcome_unknown")]


async def test_a_document_that_others_keep_changing_is_given_up_for_now() -> None:
    harness = await told()
    before = await harness.store.load([TICKET])
    await harness.sender.loop.save_and_publish(
        [moved for held in before.values() for moved in harness.sender.loop.ticked(held, NOON)]
    )

    async def always_lost(documents: Sequence[Document[Any]]) -> set[str]:
        return {document.id for document in documents}

    harness.store.save = always_lost  # type: ignore[method-assign]

    with pytest.raises(TransientError, match="20 times in a row"):
        await harness.sender.conclude(list(before.values()), {TICKET: []})


async def test_an_attempt_on_a_document_quarantined_meanwhile_ends_and_holds_back_no_other() -> None:
    harness = await told()
    before = await harness.store.load([TICKET])

    async def quarantined(documents: Sequence[Document[Any]]) -> set[str]:
        return {document.id for document in documents}

    async def skip_quarantined(ids: Collection[str]) -> dict[str, Quarantined]:
        return {id: Quarantined(id, QuarantineReason.TOO_LARGE, "17 MB") for id in ids}

    harness.store.save, harness.store.load = quarantined, skip_quarantined  # type: ignore[method-assign, assignment]

    await harness.sender.conclude(list(before.values()), {TICKET: []})

    assert harness.facts == []
