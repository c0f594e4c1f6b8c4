"""Makes everybody's user on the broker, and the services' users in a database that knows nobody yet."""

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
from tindak.console import Failure
from tindak.stack.credentials import ADMIN, Credentials
from tindak.topics.connection import CHANGE_WITHIN_SECONDS, connect, refusal

SCRAM_ITERATIONS = 4096  # Kafka's least and default; the passwords are long and random
PRIMARY_WITHIN_SECONDS = 60
PRIMARY_ASKED_EVERY_SECONDS = 0.2
UNAUTHORIZED, ALREADY_INITIALIZED, USER_EXISTS = 13, 23, 51003  # MongoDB's error codes

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
    """Form the replica set, and make its administrator and for each service a user who opens its own database only.

    To be run beside a member, in its network: until there is a user, MongoDB lets whoever comes from its own machine
    do just this. Safe to repeat.

    Raises:
        Failure: No member becomes primary within a minute.
    """
    uri = settings.mongo.uri.get_secret_value()
    parsed = parse_uri(uri)
    members = [{"_id": number, "host": f"{host}:{port}"} for number, (host, port) in enumerate(parsed["nodelist"])]
    replica_set, authority = parsed["options"]["replicaSet"], parsed["options"]["tlsCAFile"]
    with Client("localhost", directConnection=True, tls=True, tlsCAFile=authority) as beside:
        _first(beside, {"replSetInitiate": {"_id": replica_set, "members": members}}, ALREADY_INITIALIZED)
        _await_primary(beside)
        root = {"createUser": ADMIN, "pwd": credentials.database[ADMIN], "roles": ["root"]}
        _first(beside, root, USER_EXISTS)
    with Client(uri, w="majority") as administrator:
        for service in SERVICES:
            roles = [{"role": "readWrite", "db": settings.mongo.database_prefix + service}]
            wanted = {"pwd": credentials.database[service], "roles": roles}
            if not _done(administrator, {"createUser": service, **wanted}, USER_EXISTS):
                administrator.admin.command({"updateUser": service, **wanted})


def _first(client: Client, command: dict[str, Any], already: int) -> None:
    # Who is not let in comes late: there are users already.
    _done(client, command, already, UNAUTHORIZED)


def _done(client: Client, command: dict[str, Any], *otherwise: int) -> bool:
    try:
        client.admin.command(command)
    except OperationFailure as error:
        if error.code not in otherwise:
            raise
        return False
    return True


def _await_primary(client: Client) -> None:
    deadline = time.monotonic() + PRIMARY_WITHIN_SECONDS
    while not client.admin.command("hello")["isWritablePrimary"]:
        if time.monotonic() > deadline:
            raise Failure(f"No member of the replica set became primary within {PRIMARY_WITHIN_SECONDS} s.")
        time.sleep(PRIMARY_ASKED_EVERY_SECONDS)
