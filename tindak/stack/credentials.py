"""Names and passwords of a secured stack, drawn once for its folder and kept there for its owner's eyes alone."""

import secrets
from collections import ChainMap
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Self

from pydantic.dataclasses import dataclass

from shared.topics import SERVICES, Topic
from tindak.environment import STACK_DIR, of_stack, own_variable
from tindak.stack import files
from tindak.stack.layout import SASL_MECHANISM, SECURITY_PROTOCOL, Layout

FILE = "credentials.json"
ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Passwords by name.

    Args:
        broker: Of everybody who writes or reads a topic, and of the administrator.
        database: Of the services, and of the administrator.
        database_key: By which the members of the replica set know each other.
    """

    broker: dict[str, str]
    database: dict[str, str]
    database_key: str

    @classmethod
    def kept(cls, folder: Path, principals: Iterable[str]) -> Self:
        """Return what is kept in *folder*, with a password for each of *principals* that had none, kept from now on.

        Raises:
            StackError: The file there is not one of ours.
        """
        there = cls.read(folder) or cls({}, {}, secrets.token_hex(64))
        new = {name: secrets.token_urlsafe(24) for name in principals if name not in there.broker}
        users = {name: secrets.token_urlsafe(24) for name in (*SERVICES, ADMIN) if name not in there.database}
        whole = replace(there, broker=there.broker | new, database=there.database | users)
        files.write(whole, folder / FILE)
        return whole

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return what is kept in *folder*, or None if that stack is not secured.

        Raises:
            StackError: The file there is not one of ours.
        """
        return files.read(cls, folder / FILE)

    def database_uri(self, name: str, mongo_uri: str) -> str:
        """Return *mongo_uri* with name and password of a user of the database."""
        return mongo_uri.replace("://", f"://{name}:{self.database[name]}@", 1) + "&authSource=admin"

    def client_options(self, name: str) -> dict[str, str]:
        """Return how librdkafka shows the broker that it is *name*."""
        return {
            "security.protocol": SECURITY_PROTOCOL,
            "sasl.mechanism": SASL_MECHANISM,
            "sasl.username": name,
            "sasl.password": self.broker[name],
        }

    def variables(self, name: str, layout: Layout) -> dict[str, str]:
        """Return the variables that are *name*'s alone, such as ``TINDAK_INTAKE_KAFKA_SASL_PASSWORD``."""
        own = {"KAFKA_SASL_USERNAME": name, "KAFKA_SASL_PASSWORD": self.broker[name]}
        if name in self.database:
            own["MONGO_URI"] = self.database_uri(name, layout.mongo_uri)
        return {own_variable(name, setting): value for setting, value in own.items()}

    def report(self, folder: Path, layout: Layout) -> dict[str, object]:
        """Return where the servers are, and name and password of everybody there, for scripts.

        ``environment`` holds what `tindak run` and, through the folder, all other commands need.
        """
        services = [self.variables(service, layout) for service in SERVICES]
        users = {name: self._user(name, layout.mongo_uri) for name in self.database}
        return {
            "bootstrap_servers": layout.bootstrap_servers,
            "security_protocol": SECURITY_PROTOCOL,
            "sasl_mechanism": SASL_MECHANISM,
            "mongo_uri": layout.mongo_uri,
            "principals": {name: {"username": name, "password": password} for name, password in self.broker.items()},
            "mongo_users": {service: users[service] for service in SERVICES},
            "mongo_admin": users[ADMIN],
            "environment": {**of_stack(layout), STACK_DIR: str(folder.absolute()), **ChainMap(*services)},
        }

    def _user(self, name: str, mongo_uri: str) -> dict[str, str]:
        uri = self.database_uri(name, mongo_uri)
        return {"username": name, "password": self.database[name], "auth_source": "admin", "uri": uri}


def principals_of(topics: Iterable[Topic]) -> tuple[str, ...]:
    """Return everybody who writes or reads one of *topics*, and the administrator."""
    named = (name for topic in topics for name in (*topic.written_by, *topic.read_by))
    return tuple(dict.fromkeys([*named, ADMIN]))
