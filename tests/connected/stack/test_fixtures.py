"""The servers that the other connected tests rely on."""

from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pymongo import MongoClient

from tests.servers.addresses import Namespace

pytestmark = [pytest.mark.connected, pytest.mark.every_stack, pytest.mark.without_agencies]


async def test_a_record_published_in_a_namespace_is_read_there(namespace: Namespace) -> None:
    topic = f"{namespace.prefix}complaints.submitted.web"
    where = namespace.servers.bootstrap_servers
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=where,
        group_id=topic,
        auto_offset_reset="earliest",
        session_timeout_ms=namespace.kafka.session_timeout_ms,
    )

    async with AIOKafkaProducer(bootstrap_servers=where) as producer:
        await producer.send_and_wait(topic, b"jalan berlubang", key=b"web/1")
    async with consumer:
        record = await consumer.getone()

    assert (record.key, record.value) == (b"web/1", b"jalan berlubang")


def test_a_transaction_over_two_documents_is_committed(namespace: Namespace) -> None:
    with MongoClient[dict[str, Any]](namespace.servers.mongo_uri) as client:
        tickets = client[f"{namespace.prefix}intake"].tickets
        with client.start_session() as session, session.start_transaction():
            tickets.insert_many([{"_id": 1}, {"_id": 2}], session=session)

        assert sorted(document["_id"] for document in tickets.find()) == [1, 2]


def test_a_fail_point_can_be_set_where_test_commands_are_allowed(namespace: Namespace) -> None:
    if namespace.servers.local is None:
        pytest.skip("containers run without test commands")
    with MongoClient[dict[str, Any]](namespace.servers.mongo_uri) as client:
        answer = client.admin.command("configureFailPoint", "failCommand", mode="off")

    assert answer["ok"] == 1
