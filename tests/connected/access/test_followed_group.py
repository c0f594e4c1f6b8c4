"""Intake sees how far routing is under its own name, and nobody else's group."""

import pytest

from shared import topics
from shared.adapters.kafka.followers import GroupFollowers
from shared.fairness.backlog import ROOM_RECORDS_MIN
from tests.connected.access.administrator import Stack, kafka_of
from tests.connected.kafka.test_followers import now, room_is

pytestmark = [pytest.mark.connected, pytest.mark.xdist_group("secure"), pytest.mark.timeout(120)]


@pytest.mark.expects_errors  # aiokafka logs the refusal
@pytest.mark.parametrize(
    ("service", "room", "remark"),
    [
        ("routing", ROOM_RECORDS_MIN, ""),
        ("sla", None, "takes whatever comes, for how far sla is cannot be seen: GroupAuthorizationFailedError"),
    ],
)
async def test_intake_may_look_at_the_group_of_routing_alone(
    secure_stack: Stack, prefix: str, service: str, room: int | None, remark: str
) -> None:
    followers = GroupFollowers(kafka_of(secure_stack, "intake", prefix), service, topics.ACCEPTED)
    try:
        assert followers.room(now()) == 0
        await room_is(followers, room)
    finally:
        await followers.close()

    assert followers.remark() == remark
