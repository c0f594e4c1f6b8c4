from itertools import permutations

import pytest

from services.notify.domain.correspondence import Erased
from shared import topics
from shared.events import ContactErased, Event, NotificationSuppressed, SlaClock
from shared.events.envelope import HEADERS
from tests.builders import TICKET, TRACKING, event
from tests.component.notify.harness import ACCEPTED, CONTACT, ROUTED, ServiceHarness
from tests.fakes.handler_harness import Crashed, Step, dies_after
from tests.unit.notify.samples import EMAIL, NAME, rules, started

pytestmark = pytest.mark.component

RESPOND = topics.SLA, event(started(SlaClock.RESPOND))
DEAD = topics.dead_letter_topic("notify")


def heard_before_the_contact_is_erased() -> ServiceHarness:
    harness = ServiceHarness(rules())
    harness.publish(*ACCEPTED)
    return harness


def suppressed(harness: ServiceHarness) -> NotificationSuppressed:
    [delivery] = harness.state.deliveries
    return NotificationSuppressed(
        ticket_id=TICKET, tracking_id=TRACKING, delivery_id=delivery.id, notice="accepted",
        recipient_role="reporter", channel="email", attempt=0, why="contact_erased",
    )  # fmt: skip


async def test_a_tombstone_erases_the_contact() -> None:
    harness = ServiceHarness()
    harness.publish(*CONTACT)
    await harness.work()
    harness.write(topics.CONTACTS, None, key=TICKET)

    await harness.work()

    assert harness.state.contact == Erased()
    assert harness.broker.topic(DEAD) == []


async def test_a_suppressed_notice_is_published() -> None:
    harness = heard_before_the_contact_is_erased()
    await harness.work()
    harness.write(topics.CONTACTS, None, key=TICKET)

    await harness.work()

    assert harness.data(topics.DELIVERIES) == [suppressed(harness)]


async def test_the_same_event_twice_changes_nothing() -> None:
    harness = ServiceHarness()
    for told in (ACCEPTED, CONTACT, ACCEPTED):
        harness.publish(*told)
        await harness.work()

    assert len(harness.state.deliveries) == 1


async def test_a_crash_after_saving_publishes_once_per_id() -> None:
    harness = heard_before_the_contact_is_erased()
    await harness.work()
    harness.write(topics.CONTACTS, None, key=TICKET)
    harness.restart(dies_after(Step.SAVED))
    with pytest.raises(Crashed):
        await harness.work()
    harness.restart()

    await harness.work()
    harness.restart()
    await harness.work()

    assert harness.data(topics.DELIVERIES) == [suppressed(harness)]


@pytest.mark.parametrize("value", [b"no JSON", b"{}", None], ids=["garbage", "no event", "tombstone elsewhere"])
async def test_a_malformed_message_becomes_a_dead_letter_and_the_next_is_handled(value: bytes | None) -> None:
    harness = ServiceHarness()
    harness.write(topics.ACCEPTED, value, key=TICKET)
    harness.publish(*ACCEPTED)

    await harness.work()

    assert [record.value for record in harness.broker.topic(DEAD)] == [value]
    assert len(harness.state.deliveries) == 1


async def test_a_tombstone_without_a_ticket_becomes_a_dead_letter() -> None:
    harness = ServiceHarness()
    harness.write(topics.CONTACTS, None, key="siapa")

    await harness.work()

    assert [record.key for record in harness.broker.topic(DEAD)] == [b"siapa"]


async def test_a_replayed_dead_letter_is_handled() -> None:
    harness = ServiceHarness()
    harness.write(topics.ACCEPTED, b"no JSON", key=TICKET)
    await harness.work()
    [dead] = harness.broker.topic(DEAD)
    mended = dict(dead.headers) | dict(HEADERS)
    topic, told = ACCEPTED

    harness.write(topics.replay_topic("notify"), desk_value(told), key=TICKET, headers=mended)
    await harness.work()

    assert dict(dead.headers)["dlq-topic"] == topic.encode()
    assert len(harness.state.deliveries) == 1


def desk_value(told: Event) -> bytes:
    harness = ServiceHarness()
    harness.publish(topics.ACCEPTED, told)
    [record] = harness.broker.topic(topics.ACCEPTED)
    assert record.value is not None
    return record.value


@pytest.mark.parametrize("order", list(permutations([ACCEPTED, CONTACT, ROUTED, RESPOND])))
async def test_the_order_of_topics_makes_no_difference(order: tuple[tuple[str, Event], ...]) -> None:
    harness = ServiceHarness()
    for told in order:
        harness.publish(*told)
        await harness.work()

    await harness.send_in_time()

    assert sorted((data.notice, data.recipient_role) for data in harness.facts) == [
        ("accepted", "reporter"),
        ("agency_new_ticket", "liaison"),
        ("routed", "reporter"),
    ]
    assert {message.notice: "5 Maret 2026" in message.body for message in harness.email.given} == {
        "accepted": False,
        "agency_new_ticket": True,
        "routed": True,
    }


async def test_an_erasing_event_in_an_envelope_is_handled() -> None:
    harness = ServiceHarness()
    harness.publish(topics.CONTACTS, event(ContactErased(ticket_id=TICKET)))

    await harness.work()

    assert harness.state.contact == Erased()


async def test_address_and_name_stay_sealed(capsys: pytest.CaptureFixture[str]) -> None:
    harness = ServiceHarness()
    for told in (CONTACT, ACCEPTED, ROUTED, RESPOND):
        harness.publish(*told)

    await harness.work()
    await harness.send_in_time()

    kept = repr(harness.store.documents) + capsys.readouterr().out
    published = [record for (name, _), log in harness.broker.logs.items() if name != topics.CONTACTS for record in log]
    assert [message.address for message in harness.email.given].count(EMAIL) == 2
    assert not {secret for secret in (EMAIL, NAME, "siti.aminah", "dishub@tangsel") if secret in kept + repr(published)}
