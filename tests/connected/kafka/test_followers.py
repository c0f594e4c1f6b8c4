"""How far another service is can be seen by its group's commits, and nobody is held back where it cannot."""

import asyncio

import pytest

from shared import topics
from shared.adapters.kafka.followers import GroupFollowers
from shared.delivery.outgoing import Outgoing
from shared.fairness.backlog import ROOM_RECORDS_MIN, UNKNOWN_MAX_SECONDS
from tests.contract.streams import KafkaStream
from tests.servers.addresses import Namespace

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies, pytest.mark.timeout(120)]

WITHIN_SECONDS = 60


def now() -> float:
    return asyncio.get_running_loop().time()


async def published(stream: KafkaStream, count: int) -> None:
    some = [Outgoing(f"{count}-{number}", topics.ACCEPTED, str(number), b"") for number in range(count)]
    await stream.publisher.publish(some)


async def room_is(followers: GroupFollowers, *wanted: int | None) -> None:
    async with asyncio.timeout(WITHIN_SECONDS):
        while followers.room(now()) not in wanted:  # noqa: ASYNC110  # asking for it asks the broker
            await asyncio.sleep(0.02)


async def test_what_a_group_has_not_committed_takes_room_and_what_it_has_does_not(namespace: Namespace) -> None:
    stream, followers = KafkaStream(namespace.kafka), GroupFollowers(namespace.kafka, "routing", topics.ACCEPTED)
    try:
        assert followers.room(now()) == 0  # nobody knows yet
        await room_is(followers, ROOM_RECORDS_MIN)

        await published(stream, 15)
        await room_is(followers, ROOM_RECORDS_MIN - 15)
        await published(stream, 55)
        await room_is(followers, 0)

        await stream.read("routing", [topics.ACCEPTED], 70, commit=True)
        followers.took(10)
        await room_is(followers, *range(ROOM_RECORDS_MIN, 500))
    finally:
        await followers.close()
        await stream.publisher.close()
    assert followers.remark() == ""


@pytest.mark.expects_errors  # aiokafka logs that nobody answers
async def test_a_broker_that_does_not_answer_holds_nobody_back_for_long(namespace: Namespace) -> None:
    nowhere = namespace.kafka.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})
    followers = GroupFollowers(nowhere, "routing", topics.ACCEPTED)
    began = now()
    try:
        assert followers.room(now()) == 0
        await room_is(followers, None)
    finally:
        await followers.close()

    assert now() - began > UNKNOWN_MAX_SECONDS
    assert followers.remark() == ("takes whatever comes, for how far routing is cannot be seen: KafkaConnectionError")
