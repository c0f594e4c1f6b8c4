"""Makes everybody's user on the broker, and each service's in the database."""

import time
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from pymongo.uri_parser import parse_uri

from shared.process.settings import CommonSettings, KafkaSettings
from shared.topics import SERVICES
from tindak.console import ADMIN, Failure
from tindak.stack.credentials import Credentials
from tindak.topics.connection import CHANGE_WITHIN_SECONDS, connect, refusal

SCRAM_ITERATIONS = 4096  # Kafka's least and default; the passwords are long and random
PRIMARY_WITHIN_SECONDS = 60
PRIMARY_ASKED_EVERY_SECONDS = 0.2
ALREADY_INITIALIZED, USER_EXISTS = 23, 51003  # MongoDB's error codes

Client = MongoClient[dict[str, Any]]


def make_broker_users(settings: KafkaSettings, credentials: Credentials) -> None:
    """Give every principal its password, all in one request; the administrator needs none. Safe to repeat.

    Raises:
        BrokerRefused: The broker cannot be reached, or refused.
    """
    client = connect(settings)
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
    wanted: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(name, info, password.encode())
        for name, password in credentials.broker.items()
        if name != ADMIN
    ]
    try:
        asked = client.alter_user_scram_credentials(wanted, request_timeout=CHANGE_WITHIN_SECONDS)
        for done in asked.values():
            done.result(2 * CHANGE_WITHIN_SECONDS)
    except (KafkaException, TimeoutError) as error:
        raise refusal(error) from error


def make_database_users(settings: CommonSettings, credentials: Credentials) -> None:
    """Form the replica set, and make for each service a user who opens its own database only. Safe to repeat.

    Args:
        settings: With the address of the replica set, as its administrator.
        credentials: Names and passwords.

    Raises:
        Failure: No member becomes primary within a minute.
        pymongo.errors.PyMongoError: The database does not answer, or refuses.
    """
    uri = settings.mongo.uri.get_secret_value()
    _form_replica_set(uri)
    with Client(uri, w="majority") as administrator:
        for service in SERVICES:
            roles = [{"role": "readWrite", "db": settings.mongo.database_prefix + service}]
            wanted = {"pwd": credentials.database[service], "roles": roles}
            if not _done(administrator, {"createUser": service, **wanted}, USER_EXISTS):
                administrator.admin.command({"updateUser": service, **wanted})


def _form_replica_set(uri: str) -> None:
    parsed = parse_uri(uri)
    nodes, options = parsed["nodelist"], parsed["options"]
    members = [{"_id": number, "host": f"{host}:{port}"} for number, (host, port) in enumerate(nodes)]
    wanted = {"replSetInitiate": {"_id": options["replicaSet"], "members": members}}
    # Asked by its address alone: the driver finds no member of a set that is not formed yet.
    alone = {name: value for name, value in options.items() if name != "replicaSet"}
    first = Client(*nodes[0], username=parsed["username"], password=parsed["password"], directConnection=True, **alone)
    with first:
        _done(first, wanted, ALREADY_INITIALIZED)
        deadline = time.monotonic() + PRIMARY_WITHIN_SECONDS
        while not first.admin.command("hello")["isWritablePrimary"]:
            if time.monotonic() > deadline:
                raise Failure(f"No member of the replica set became primary within {PRIMARY_WITHIN_SECONDS} s.")
            time.sleep(PRIMARY_ASKED_EVERY_SECONDS)


def _done(client: Client, command: dict[str, Any], otherwise: int) -> bool:
    try:
        client.admin.command(command)
    except OperationFailure as error:
        if error.code != otherwise:
            raise
        return False
    return True
