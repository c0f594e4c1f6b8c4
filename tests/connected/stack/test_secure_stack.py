"""A stack that lets in none but its users, as their own clients see it."""

from itertools import permutations
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from shared.topics import SERVICES

pytestmark = [pytest.mark.connected, pytest.mark.xdist_group("secure")]

UNAUTHORIZED = 13  # MongoDB's error code
Stack = dict[str, Any]


def admin_client(stack: Stack, username: str, password: str) -> AdminClient:
    return AdminClient(
        {
            "bootstrap.servers": stack["bootstrap_servers"],
            "security.protocol": stack["security_protocol"],
            "sasl.mechanism": stack["sasl_mechanism"],
            "sasl.username": username,
            "sasl.password": password,
            "log_level": 0,
        }
    )


def test_a_principal_sees_the_topics_that_concern_it_and_no_others(secure_stack: Stack) -> None:
    client = admin_client(secure_stack, **secure_stack["principals"]["agency-dlh"])

    seen = set(client.list_topics(timeout=10).topics)

    assert "tickets.routed.dlh" in seen
    assert not {topic for topic in seen if topic.startswith("tickets.routed.")} - {"tickets.routed.dlh"}


def test_nobody_gets_in_with_anothers_password(secure_stack: Stack) -> None:
    password = secure_stack["principals"]["agency-dlh"]["password"]
    refused: list[int] = []
    options = {"error_cb": lambda error: refused.append(error.code())}

    client = AdminClient(
        {
            "bootstrap.servers": secure_stack["bootstrap_servers"],
            "security.protocol": secure_stack["security_protocol"],
            "sasl.mechanism": secure_stack["sasl_mechanism"],
            "sasl.username": "ops",
            "sasl.password": password,
            "log_level": 0,
            **options,
        }
    )

    with pytest.raises(KafkaException):
        client.list_topics(timeout=2)
    client.poll(0)
    assert KafkaError._AUTHENTICATION in refused


def test_nobody_gets_in_without_a_name(secure_stack: Stack) -> None:
    client = AdminClient({"bootstrap.servers": secure_stack["bootstrap_servers"], "log_level": 0})

    with pytest.raises(KafkaException):
        client.list_topics(timeout=2)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_and_writes_its_own_database(secure_stack: Stack, service: str) -> None:
    with MongoClient[dict[str, Any]](secure_stack["mongo_users"][service]["uri"]) as client:
        own = client[f"tindak_{service}"].uji
        own.insert_one({"_id": 1})

        assert own.find_one() == {"_id": 1}
        assert client.list_database_names() == [f"tindak_{service}"]
        own.drop()


@pytest.mark.parametrize(("service", "other"), list(permutations(SERVICES, 2)))
def test_a_service_cannot_open_the_database_of_another(secure_stack: Stack, service: str, other: str) -> None:
    user = secure_stack["mongo_users"][service]
    asked = MongoClient[dict[str, Any]](secure_stack["mongo_uri"], username=user["username"], password=user["password"])
    with asked as client:
        database = client[f"tindak_{other}"]

        for forbidden in (
            database.list_collection_names,
            lambda: database.tickets.find_one(),
            lambda: database.tickets.insert_one({"_id": 1}),
            lambda: database.tickets.delete_many({}),
            lambda: client.drop_database(database.name),
        ):
            with pytest.raises(OperationFailure) as refused:
                forbidden()
            assert refused.value.code == UNAUTHORIZED


def test_the_database_shows_nothing_without_a_name(secure_stack: Stack) -> None:
    with (
        MongoClient[dict[str, Any]](secure_stack["mongo_uri"]) as client,
        pytest.raises(OperationFailure, match="requires authentication"),
    ):
        client.tindak_intake.tickets.find_one()
