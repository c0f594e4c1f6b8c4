from datetime import timedelta

import pytest

from services.notify.channels import Message
from shared import topics
from shared.delivery.ports import Obstacle
from tests.builders import TICKET
from tests.component.notify.harness import RecordingChannel, puts_off, sent, told
from tests.fakes.handler_harness import NOON, Crashed

pytestmark = pytest.mark.component


async def test_that_a_contact_is_opened_is_saved_before_it_is_and_published_once_whoever_dies() -> None:
    """Who dies in between has opened the contact, so that it must be told by somebody else."""
    waiting: list[str] = []

    async def dies(_: Message) -> None:
        waiting.extend(event.topic for event in harness.store.documents[TICKET].pending)
        raise Crashed

    harness = await told(email=RecordingChannel(meanwhile=dies))
    with pytest.raises(Crashed):
        await harness.send()
    assert waiting == [topics.AUDIT]
    assert harness.published(topics.AUDIT) == []

    harness.pass_time(timedelta(seconds=10))
    await harness.relay.relay()

    [opened] = harness.data(topics.AUDIT)
    assert (opened.delivery_id, opened.at) == (harness.state.deliveries[0].id, NOON)
    assert harness.state.audit.hash == opened.hash


async def test_each_attempt_opens_the_contact_once_and_says_so_before_its_outcome() -> None:
    harness = await told(email=RecordingChannel(puts_off("smtp_451"), None))

    await harness.send()
    harness.pass_time(timedelta(minutes=1))
    await harness.send()

    assert [opened.sequence for opened in harness.data(topics.AUDIT)] == [1, 2]
    assert harness.data(topics.AUDIT)[1].previous == harness.data(topics.AUDIT)[0].hash
    assert harness.facts == [sent(harness, attempt=2)]


async def test_a_missing_audit_topic_holds_back_its_own_facts_only() -> None:
    harness = await told()
    harness.broker.refused[topics.AUDIT] = Obstacle.MISSING

    await harness.send()
    assert harness.facts == [sent(harness)]
    harness.broker.refused.clear()
    harness.pass_time(timedelta(minutes=1))
    await harness.relay.relay()

    assert [opened.sequence for opened in harness.data(topics.AUDIT)] == [1]
