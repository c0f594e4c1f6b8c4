"""Makes everybody's user on the broker, and each service's in the database."""

import time
from typing import Any

from confluent_kafka import KafkaException
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from pymongo.uri_parser import parse_uri

from shared.process.settings import CommonSettings, KafkaSettings
from tindak.console import ADMIN, Failure
from tindak.stack.credentials import Credentials
from tindak.stack.kafka import set_passwords
from tindak.stack.mongo import ALREADY_INITIALIZED, make_service_users
from tindak.topics.connection import connect, refusal

PRIMARY_WITHIN_SECONDS = 60
PRIMARY_ASKED_EVERY_SECONDS = 0.2


def make_broker_users(settings: KafkaSettings, credentials: Credentials) -> None:
    """Give every principal its password; the administrator, who comes by certificate, has none. Safe to repeat.

    Raises:
        BrokerRefused: The broker cannot be reached, or refused.
    """
    passwords = {name: password for name, password in credentials.broker.items() if name != ADMIN}
    try:
        set_passwords(connect(settings), passwords)
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
    make_service_users(uri, credentials, settings.mongo.database_prefix)


def _form_replica_set(uri: str) -> None:
    parsed = parse_uri(uri)
    nodes, options = parsed["nodelist"], parsed["options"]
    members = [{"_id": number, "host": f"{host}:{port}"} for number, (host, port) in enumerate(nodes)]
    # Asked by its address alone: the driver finds no member of a set that is not formed yet.
    alone = {name: value for name, value in options.items() if name != "replicaSet"}
    name, password = parsed["username"], parsed["password"]
    first = MongoClient[dict[str, Any]](*nodes[0], username=name, password=password, directConnection=True, **alone)
    with first:
        try:
            first.admin.command({"replSetInitiate": {"_id": options["replicaSet"], "members": members}})
        except OperationFailure as error:
            if error.code != ALREADY_INITIALIZED:
                raise
        deadline = time.monotonic() + PRIMARY_WITHIN_SECONDS
        while not first.admin.command("hello")["isWritablePrimary"]:
            if time.monotonic() > deadline:
                raise Failure(f"No member of the replica set became primary within {PRIMARY_WITHIN_SECONDS} s.")
            time.sleep(PRIMARY_ASKED_EVERY_SECONDS)  # an election is told to nobody, it can only be asked for
