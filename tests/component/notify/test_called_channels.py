"""A channel without Kafka is called with where its tickets stand: every status, in order, with what repairs them."""

from dataclasses import replace
from typing import Any

import pytest

from services.notify.channels import Message
from services.notify.domain.settlement import put_away
from services.notify.messages.renderer import MessageRenderer
from shared import topics
from shared.events import (
    Author,
    NotificationFailed,
    NotificationSent,
    NotificationSuppressed,
    ResendRequested,
    TicketStatusChanged,
)
from shared.events.envelope import decode
from shared.policy.channels import Channel, ChannelRegistry, Webhook
from tests.builders import TICKET, TRACKING, event
from tests.component.notify.harness import Fault, RecordingChannel, ServiceHarness, puts_off, refuses
from tests.fakes.handler_harness import NOON
from tests.sealing import OPENER
from tests.unit.notify.samples import POLICY, rules
from tests.unit.notify.test_statuses import status

pytestmark = pytest.mark.component

CODE = "partner_klaten"
TOPIC = topics.status_topic(CODE)
WEBHOOK = Webhook.model_validate({"url": "https://klaten.example/tindak", "secret_env": "TINDAK_WEBHOOK_KLATEN"})
REGISTRY = ChannelRegistry((Channel(code=CODE, name="Klaten", replies=True, webhook=WEBHOOK),))
RENDERER = MessageRenderer(replace(POLICY, channels=REGISTRY), OPENER)
DOWN = puts_off("webhook_503")
FACT: dict[str, Any] = {
    "ticket_id": TICKET, "tracking_id": TRACKING, "state": "routed", "version": 9, "at": NOON,
    "by": Author(role="officer", code="triage"),
}  # fmt: skip
STATUSES = tuple(event(status(version=version)) for version in range(2, 5))


async def told(*faults: Fault | None, is_set_up: bool = True, topic: str = TOPIC) -> ServiceHarness:
    """Return a harness that has heard three statuses and done what was due; the server answers by *faults*."""
    server = RecordingChannel(*faults)
    harness = ServiceHarness(rules(called=frozenset({CODE})), **({"webhook": server} if is_set_up else {}))
    harness.sender = harness.new_sender(renderer=RENDERER)
    for each in STATUSES:
        harness.publish(topic, each)
    await harness.work()
    await harness.send()
    return harness


def given(harness: ServiceHarness) -> list[Message]:
    server = harness.channels["webhook"]
    assert isinstance(server, RecordingChannel)
    return server.given


async def test_each_status_is_a_call_that_holds_the_event_of_the_topic() -> None:
    harness = await told()

    calls = given(harness)
    assert [each.id for each in calls] == [each.id for each in STATUSES]
    assert {(each.role, each.address, each.body) for each in calls} == {(f"channel-{CODE}",) * 2 + ("",)}
    for call, said in zip(calls, STATUSES, strict=True):
        assert call.record is not None
        sent = decode(call.record, {}, from_outside=False)
        assert (sent.id, sent.time, sent.subject, sent.data) == (said.id, said.data.at, TICKET, said.data)  # type: ignore[attr-defined]
    assert [type(fact) for fact in harness.facts] == [NotificationSent] * 3
    assert harness.email.given == []


async def test_a_status_that_is_put_off_is_repeated_under_its_id_before_the_next_is_told() -> None:
    harness = await told(DOWN, DOWN)

    await harness.send_in_time()

    first, second, third = (each.id for each in STATUSES)
    assert [each.id for each in given(harness)] == [first, first, first, second, third]


async def test_what_the_server_refuses_has_failed_and_holds_back_nothing() -> None:
    harness = await told(refuses("webhook_410"))

    failed, *sent = harness.facts
    assert isinstance(failed, NotificationFailed)
    assert (failed.recipient_role, failed.error, failed.notice) == (f"channel-{CODE}", "webhook_410", "status")
    assert [type(fact) for fact in sent] == [NotificationSent] * 2


async def test_a_server_that_is_down_for_all_attempts_has_failed_and_the_last_status_can_be_sent_again() -> None:
    harness = await told(*[DOWN] * 9)

    await harness.send_in_time()

    assert [(type(fact), fact.attempt) for fact in harness.facts] == [(NotificationFailed, 3)] * 3
    kept = put_away(harness.state, harness.clock.now()).unsent
    assert [each.id for each in kept] == [STATUSES[-1].id]


async def test_what_has_failed_can_be_sent_again_whole_and_is_known_by_its_id() -> None:
    harness = await told(refuses("webhook_404"))

    harness.publish(topics.TICKETS, event(ResendRequested.model_validate(FACT)))
    await harness.work()
    harness.pass_time(rules().wait_for)
    await harness.send()

    again = given(harness)[-1]
    assert (again.id, again.record) == (STATUSES[0].id, given(harness)[0].record)
    assert isinstance(harness.facts[-1], NotificationSent)


async def test_without_a_secret_nothing_is_called_and_it_is_said() -> None:
    harness = await told(is_set_up=False)

    assert {type(fact) for fact in harness.facts} == {NotificationSuppressed}
    assert {fact.why for fact in harness.facts if isinstance(fact, NotificationSuppressed)} == {"no_channel"}


async def test_the_statuses_of_other_channels_are_not_even_read() -> None:
    harness = await told(topic=topics.status_topic("web"))

    assert harness.store.documents == {}
    assert harness.handler.topics.count(TOPIC) == 1


async def test_heard_twice_a_status_is_one_call() -> None:
    harness = await told()

    for each in STATUSES:
        harness.publish(TOPIC, each)
    await harness.work()
    await harness.send()

    assert len(given(harness)) == 3
    assert all(isinstance(each.data, TicketStatusChanged) for each in STATUSES)
