"""A MongoDB replica set of local processes; not a production layout (no encryption, small caches)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from shared.process.settings import MongoSettings
from shared.topics import SERVICES
from tindak.console import ADMIN
from tindak.stack import programs
from tindak.stack.credentials import Credentials
from tindak.stack.files import write_for_owner
from tindak.stack.node import Node, accepts_connections

ANSWER_WITHIN_MS = 2000
UNAUTHORIZED, ALREADY_INITIALIZED, USER_EXISTS = 13, 23, 51003  # MongoDB's error codes
KEY_FILE = "mongo.key"
DATABASE_PREFIX: str = MongoSettings.model_fields["database_prefix"].default
# A primary that died is missed after two seconds, not ten: nobody waits for a local stack as long as for a data centre.
SETTINGS = {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500}


def members(
    folder: Path,
    ports: Sequence[int],
    replica_set: str,
    *,
    detached: bool,
    test_commands: bool,
    credentials: Credentials | None = None,
) -> list[Node]:
    """Return the members of one replica set, not started yet.

    Args:
        folder: Where their data and logs lie.
        ports: Of each.
        replica_set: Its name.
        detached: Whether they outlive this process.
        test_commands: Whether ``configureFailPoint`` may be called.
        credentials: By which they know each other and their users; None: everybody may do all.
    """
    key = folder / KEY_FILE
    if credentials is not None:
        write_for_owner(key, credentials.database_key)
    nodes = []
    for number, port in enumerate(ports, 1):
        name = f"mongo-{number}"
        data = folder / name
        data.mkdir(exist_ok=True)
        command = (
            str(programs.mongod()),
            f"--replSet={replica_set}",
            "--bind_ip=127.0.0.1",
            f"--port={port}",
            f"--dbpath={data}",
            "--nounixsocket",
            "--oplogSize=512",
            # The default, half of the memory, is meant for a machine of its own.
            f"--wiredTigerCacheSizeGB={1.0 if len(ports) == 1 else 0.5}",
            "--setParameter=diagnosticDataCollectionEnabled=false",
            f"--setParameter=enableTestCommands={int(test_commands)}",
            *([f"--keyFile={key}"] if credentials else []),
        )
        is_ready = partial(is_member, port, replica_set)
        nodes.append(Node(name, port, command, folder / f"{name}.log", is_ready, detached))
    return nodes


def initiate(nodes: Sequence[Node], replica_set: str) -> None:
    """Make launched members a replica set with a primary, or find that they are one already.

    Raises:
        StackError: A member ended, or there was no primary in time.
    """
    for node in nodes:
        node.wait_until(partial(answers, node.port))
    config = {
        "_id": replica_set,
        "members": [{"_id": number, "host": f"127.0.0.1:{node.port}"} for number, node in enumerate(nodes)],
        "settings": SETTINGS,
    }
    try:
        command(nodes[0].port, "replSetInitiate", config)
    except OperationFailure as error:
        # A set that has users was initiated before they were made.
        if error.code not in (ALREADY_INITIALIZED, UNAUTHORIZED):
            raise
    nodes[0].wait_until(lambda: primary(nodes, replica_set) is not None)
    for node in nodes:
        node.wait_until(node.is_ready)


def make_users(port: int, mongo_uri: str, credentials: Credentials) -> None:
    """Make the administrator, and for every service a user who can open its own database only; safe to repeat.

    Args:
        port: Of the primary.
        mongo_uri: Of the replica set, without credentials.
        credentials: Names and passwords.
    """
    try:
        # As long as there is no user at all, whoever comes from the same machine may make the first.
        command(port, "createUser", ADMIN, pwd=credentials.database[ADMIN], roles=["root"])
    except OperationFailure as error:
        if error.code != UNAUTHORIZED:
            raise
    make_service_users(credentials.database_uri(ADMIN, mongo_uri), credentials, DATABASE_PREFIX)


def make_service_users(uri: str, credentials: Credentials, database_prefix: str) -> None:
    """Make for every service a user who can open its own database only; safe to repeat.

    Args:
        uri: Of the replica set, as its administrator.
        credentials: Names and passwords.
        database_prefix: Before the service's name in that of its database.
    """
    with MongoClient[dict[str, Any]](uri, w="majority") as client:
        for service in SERVICES:
            roles = [{"role": "readWrite", "db": database_prefix + service}]
            wanted = {"pwd": credentials.database[service], "roles": roles}
            try:
                client.admin.command({"createUser": service, **wanted})
            except OperationFailure as error:
                if error.code != USER_EXISTS:
                    raise
                client.admin.command({"updateUser": service, **wanted})


def primary(nodes: Sequence[Node], replica_set: str) -> Node | None:
    """Return the member that takes writes now, or None while there is none."""
    return next((node for node in nodes if _hello(node.port, replica_set).get("isWritablePrimary")), None)


def is_member(port: int, replica_set: str) -> bool:
    """Return whether the server on this port takes part in that replica set, as primary or secondary."""
    hello = _hello(port, replica_set)
    return bool(hello.get("isWritablePrimary") or hello.get("secondary"))


def answers(port: int) -> bool:
    """Return whether the server on this port answers at all; before the set is initiated it can do no more."""
    with suppress(PyMongoError):
        return accepts_connections(port) and bool(command(port, "ping"))
    return False


def _hello(port: int, replica_set: str) -> Mapping[str, Any]:
    if not accepts_connections(port):
        return {}
    with suppress(PyMongoError):
        hello = command(port, "hello")
        return hello if hello.get("setName") == replica_set else {}
    return {}


def command(port: int, name: str, value: object = 1, **options: object) -> dict[str, Any]:
    """Return what the member on this port answers to an admin command.

    Raises:
        pymongo.errors.PyMongoError: It refused, or did not answer within two seconds.
    """
    client: MongoClient[dict[str, Any]] = MongoClient(
        "127.0.0.1",
        port,
        directConnection=True,
        serverSelectionTimeoutMS=ANSWER_WITHIN_MS,
        socketTimeoutMS=10 * ANSWER_WITHIN_MS,
    )
    with client:
        return client.admin.command({name: value, **options})
