"""The folder of a deployment's secrets: made once, completed at every start, and of each part its owner's alone."""

import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from shared.sealing_keys import FORMER_KEYS, PRIVATE_KEYS, PUBLIC_KEYS, published
from shared.signed_links import LINK_KEYS
from shared.topics import SERVICES
from tindak.console import ADMIN
from tindak.deployment.certificates import Authority
from tindak.environment import own_variable
from tindak.keys import KeyPair, new_id_key, new_link_key
from tindak.stack.credentials import Credentials
from tindak.stack.files import write_for_owner

SERVER, REPLICA_SET_KEY, CLIENT, ENVIRONMENT = "server.pem", "replica-set.key", "client.pem", "environment"
ID_KEY = "TINDAK_ID_KEY"
HOLDERS = {PRIVATE_KEYS: "notify", FORMER_KEYS: "notify", LINK_KEYS: "notify", ID_KEY: "intake"}
"""Whose the keys are; those that seal contacts follow from those that open them."""

DRAWN: Mapping[str, Callable[[], str]] = {
    PRIVATE_KEYS: lambda: KeyPair.draw().private,
    ID_KEY: new_id_key,
    LINK_KEYS: new_link_key,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Who needs what.

    Args:
        servers: Names of the servers, under which they are reached, each of which gets a certificate.
        databases: Those of them that are members of the replica set, and get its key.
        hosts: Further names and addresses under which any of them is reached.
        principals: Everybody who writes or reads a topic.
        owners: Numbers of the users as whom servers and services run, by name; whose is not named stays with root.
        mongo_uri: Of the replica set, without credentials.
        keys: Variables that hold a key already; others are drawn and kept.
    """

    servers: Sequence[str]
    databases: Sequence[str]
    hosts: Sequence[str]
    principals: Iterable[str]
    owners: Mapping[str, int]
    mongo_uri: str
    keys: Mapping[str, str] = field(default_factory=dict)


def fill(folder: Path, plan: Plan, now: datetime) -> list[str]:
    """Make what is missing in *folder* and return the names of those who got a new certificate; safe to repeat.

    Below it there is a folder for each server, each service and the administrator, which its owner alone may open.
    """
    authority = Authority.kept(folder, now)
    credentials = Credentials.kept(_part(folder, ADMIN), {*plan.principals, ADMIN})
    renewed = [
        server for server in plan.servers if authority.issue(_part(folder, server) / SERVER, server, plan.hosts, now)
    ]
    if authority.issue(folder / ADMIN / CLIENT, ADMIN, (), now):
        renewed.append(ADMIN)
    for database in plan.databases:
        write_for_owner(folder / database / REPLICA_SET_KEY, credentials.database_key)
        _write(folder / database / ENVIRONMENT, _of_first_start(credentials))
    keys = {variable: plan.keys.get(variable) or _kept(folder / ADMIN / variable) for variable in HOLDERS}
    for service in SERVICES:
        own = {variable: keys[variable] for variable, holder in HOLDERS.items() if service == holder and keys[variable]}
        if service == "intake":
            own[PUBLIC_KEYS] = published(keys[PRIVATE_KEYS])
        _write(_part(folder, service) / ENVIRONMENT, own | _of_service(service, credentials, plan.mongo_uri))
    # With what opens contacts, which is kept there in any case: so the administrator can rotate it.
    opening = {variable: keys[variable] for variable in (PRIVATE_KEYS, FORMER_KEYS) if keys[variable]}
    _write(folder / ADMIN / ENVIRONMENT, opening | _of_everybody(credentials, plan.mongo_uri))
    for name in (*plan.servers, *SERVICES, ADMIN):
        _hand_over(folder / name, plan.owners.get(name))
    return renewed


def _of_first_start(credentials: Credentials) -> dict[str, str]:
    """Return the variables by which the image of MongoDB makes its administrator."""
    return {
        "MONGO_INITDB_ROOT_USERNAME": ADMIN,
        "MONGO_INITDB_ROOT_PASSWORD": credentials.database[ADMIN],
    }


def _of_service(service: str, credentials: Credentials, mongo_uri: str) -> dict[str, str]:
    return {
        "TINDAK_KAFKA_SASL_PASSWORD": credentials.broker[service],
        "TINDAK_MONGO_URI": credentials.database_uri(service, mongo_uri),
    }


def _of_everybody(credentials: Credentials, mongo_uri: str) -> dict[str, str]:
    """Return the variables from which each command takes those of the principal for whom it speaks."""
    found: dict[str, str] = {}
    for name, password in credentials.broker.items():
        if name != ADMIN:
            found |= {
                own_variable(name, "KAFKA_SASL_USERNAME"): name,
                own_variable(name, "KAFKA_SASL_PASSWORD"): password,
            }
    for service in SERVICES:
        found[own_variable(service, "MONGO_URI")] = credentials.database_uri(service, mongo_uri)
    return found | {"TINDAK_MONGO_URI": credentials.database_uri(ADMIN, mongo_uri)}


def _part(folder: Path, name: str) -> Path:
    part = folder / name
    part.mkdir(mode=0o700, exist_ok=True)
    return part


def _kept(path: Path) -> str:
    """Return the key that lies there, drawn if there is none yet; of those that only an earlier release drew, none."""
    if not path.exists() and path.name in DRAWN:
        write_for_owner(path, DRAWN[path.name]())
    return path.read_text() if path.exists() else ""


def _write(path: Path, variables: Mapping[str, str]) -> None:
    write_for_owner(path, "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items()))


def _hand_over(part: Path, owner: int | None) -> None:
    if owner is None:
        return
    for path in (part, *part.iterdir()):
        os.chown(path, owner, owner)
