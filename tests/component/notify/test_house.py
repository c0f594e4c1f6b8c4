from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from services.notify.domain.correspondence import Sealed
from services.notify.domain.deliveries import Due, Sent
from services.notify.domain.notices import Rules
from services.notify.domain.sending.attempts import NO_HOUSE
from services.notify.domain.sending.timing import QuietHours
from services.notify.messages.renderer import MessageRenderer
from services.notify.sending.house import LogHouse
from shared import topics
from shared.delivery.vitals import Step
from shared.events import (
    ContactErased,
    ContactOpened,
    DeliveryFact,
    NotificationSent,
    NotificationSuppressed,
    TicketRouted,
)
from shared.seal import Contact
from tests.builders import TICKET, event
from tests.component.notify.harness import ACCEPTED, CONTACT, ROUTED, TWO, ServiceHarness
from tests.fakes.handler_harness import NOON, Crashed, dies_after
from tests.fakes.memory import MemoryStore
from tests.sealing import OPENER, SEALER
from tests.unit.notify.samples import POLICY, contact, correspondence, delivery, notice, rules, said

pytestmark = pytest.mark.component

AT_NIGHT = QuietHours(time(21), time(6), ZoneInfo("Asia/Jakarta"))


def sealed(locale: str) -> Sealed:
    given = contact(locale)
    return Sealed(given.sealed, given.key_id, locale, given.scheme)


class CountingStore(MemoryStore[Any]):
    """A collection that counts how often documents are written."""

    written = 0

    async def save(self, documents: Any) -> set[str]:
        self.written += len(documents)
        return await super().save(documents)


def at_home(rules: Rules = TWO, gateways: tuple[str, ...] = (), **options: Any) -> ServiceHarness:
    """Return a harness of a service that has the log, and only those gateways."""
    harness = ServiceHarness(rules, store=CountingStore(), **options)
    harness.handler.house = LogHouse(MessageRenderer(POLICY, OPENER), gateways)
    return harness


async def heard(harness: ServiceHarness, *messages: Any) -> ServiceHarness:
    for message in messages or (CONTACT, ACCEPTED):
        harness.publish(*message)
    await harness.work()
    return harness


async def test_a_notice_without_gateway_is_sent_in_the_save_that_makes_it_due() -> None:
    harness = at_home()

    with capture_logs() as lines:
        await heard(harness, CONTACT, ACCEPTED, ROUTED)

    document = harness.store.documents[TICKET]
    assert [line["notice"] for line in lines if line["event"] == "notice"] == ["accepted", "routed"]
    assert [(fact.TYPE, fact.channel, fact.attempt) for fact in harness.facts] == [
        (NotificationSent.TYPE, "log", 1)
    ] * 2
    assert (document.due_at, document.pending) == (None, ())
    assert await harness.sender.sweep() == 0


async def test_records_of_one_batch_are_one_save_and_no_mark() -> None:
    harness = at_home()

    await heard(harness, CONTACT, ACCEPTED, ROUTED)

    assert harness.store.written == 1


async def test_that_the_contact_is_opened_is_said_before_what_was_sent() -> None:
    harness = await heard(at_home())

    [opened] = harness.data(topics.AUDIT)
    assert isinstance(opened, ContactOpened)
    assert opened.delivery_id == harness.facts[0].delivery_id
    assert harness.state.audit.opened_at == (NOON,)


async def test_where_a_gateway_may_take_it_nothing_is_sent_before_it_is_leased() -> None:
    harness = await heard(at_home(gateways=("email",)))

    assert harness.facts == []
    assert harness.situations == [Due(NOON, 1)]


async def test_a_service_without_log_sends_nothing_within_the_house() -> None:
    harness = at_home()
    harness.handler.house = NO_HOUSE

    await heard(harness)

    assert harness.situations == [Due(NOON, 1)]


async def test_in_quiet_hours_it_waits_for_their_end_and_needs_no_lease_then() -> None:
    harness = at_home(rules(notice(), quiet_hours=AT_NIGHT))
    harness.clock.at = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 22:00 in Jakarta
    await heard(harness)
    [waits] = harness.situations
    over_at = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)

    harness.clock.at = over_at
    await harness.send()

    assert waits == Due(over_at, 1)
    assert harness.situations == [Sent(over_at, 1, "log")]
    assert len(harness.facts) == 1


async def test_a_reporter_without_any_address_is_not_told() -> None:
    sealed, key_id = SEALER.seal_contact(TICKET, Contact.model_validate({"channel": "web", "name": "Siti"}))
    nameless = contact().model_copy(update={"sealed": sealed, "key_id": key_id})

    harness = await heard(at_home(), (topics.CONTACTS, event(nameless)), ACCEPTED)

    [fact] = harness.facts
    assert isinstance(fact, NotificationSuppressed)
    assert (fact.why, fact.attempt) == ("no_address", 1)


async def test_an_erased_reporter_is_not_told() -> None:
    harness = await heard(at_home(), CONTACT, (topics.CONTACTS, event(ContactErased(ticket_id=TICKET))))

    await heard(harness, ACCEPTED)

    assert [getattr(fact, "why", None) for fact in harness.facts] == ["contact_erased"]


class Counting(MessageRenderer):
    """Counts how often it looks up who reads a notice."""

    asked = 0

    def recipient(self, *asked: Any) -> Any:
        self.asked += 1
        return super().recipient(*asked)


async def test_a_contact_is_opened_once_and_said_to_be_for_each_notice() -> None:
    harness = at_home(rules(notice(), notice(code="again")))
    renderer = Counting(POLICY, OPENER)
    house = harness.handler.house = LogHouse(renderer, ())

    await heard(harness)

    assert (renderer.asked, len(harness.data(topics.AUDIT)), len(harness.facts)) == (1, 2, 2)
    assert list(house.languages.values()) == ["id"]


async def test_another_contact_or_policy_is_looked_up_anew() -> None:
    renderer = Counting(POLICY, OPENER)
    house = LogHouse(renderer, ())
    state, other = correspondence(contact=sealed("id")), correspondence(contact=sealed("en"))

    assert [house.language(each, delivery()) for each in (state, other, state)] == ["id", "en", "id"]
    assert renderer.asked == 2
    renderer.use_policy(replace(POLICY, language_of_locale={"id": "en"}))
    assert house.language(state, delivery()) == "en"


async def test_who_reads_for_an_office_is_looked_up_once_per_role_and_agency() -> None:
    renderer = Counting(POLICY, OPENER)
    house = LogHouse(renderer, ())
    liaison = replace(delivery(), role="liaison", agency="dishub")

    for each in (liaison, liaison, replace(liaison, role="agency_head")):
        house.language(correspondence(), each)
    asked = renderer.asked
    renderer.use_policy(replace(POLICY))
    house.language(correspondence(), liaison)

    assert (asked, renderer.asked) == (2, 3)


class Broken(MessageRenderer):
    """Knows nobody, for there is a bug in it, until that is mended."""

    is_mended = False

    def recipient(self, *asked: Any) -> Any:
        return super().recipient(*asked) if self.is_mended else {}["agency"]


async def test_a_bug_costs_that_delivery_an_attempt_and_no_record() -> None:
    harness = at_home()
    renderer = Broken(POLICY, OPENER)
    harness.handler.house = LogHouse(renderer, ())

    with capture_logs() as lines:
        await heard(harness)
    renderer.is_mended = True
    harness.pass_time(timedelta(minutes=1))
    await harness.send()

    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["a bug ended an attempt"]
    assert [(fact.TYPE, fact.attempt) for fact in harness.facts] == [(NotificationSent.TYPE, 2)]
    assert harness.published(topics.dead_letter_topic("notify")) == []


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_after_a_crash_every_notice_is_told_and_counted_once(last: Step) -> None:
    harness = at_home()
    for message in (CONTACT, ACCEPTED, ROUTED):
        harness.publish(*message)
    harness.restart(observe=dies_after(last))

    with capture_logs() as lines:
        with pytest.raises(Crashed):
            await harness.work()
        harness.restart()
        await harness.work()

    said = {(each.id, each.data) for each in harness.published(topics.DELIVERIES)}
    told = [line["delivery_id"] for line in lines if line["event"] == "notice"]
    assert len({id for id, _ in said}) == len(said) == 2
    assert sorted(told) == sorted(fact.delivery_id for _, fact in said if isinstance(fact, DeliveryFact))


async def test_what_was_not_saved_is_told_again_and_counted_once() -> None:
    harness = at_home()
    lost = harness.store.save

    async def lose(documents: Any) -> set[str]:
        harness.store.save = lost
        return {document.id for document in documents}

    harness.store.save = lose  # type: ignore[method-assign]

    with capture_logs() as lines:
        await heard(harness)

    assert [line["event"] for line in lines].count("notice") == 2
    assert len(harness.published(topics.DELIVERIES)) == 1


async def test_an_agency_of_which_nobody_has_an_address_is_not_told() -> None:
    unknown = topics.TICKETS, event(said(TicketRouted, agency="nobody"))

    harness = await heard(at_home(), ACCEPTED, unknown)

    assert [getattr(fact, "why", None) for fact in harness.facts] == ["no_address"]
