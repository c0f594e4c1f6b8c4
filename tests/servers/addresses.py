"""What tests know of the servers they run against, wherever these run."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.process.settings import KafkaSettings, MongoSettings
from tindak.stack import LocalStack


@dataclass(frozen=True)
class Servers:
    """A broker and a database that tests may use.

    ``environment`` holds the variables by which services find them; ``local`` is the local stack, whose nodes can be
    killed and started, or None if the servers run in containers.
    """

    environment: Mapping[str, str]
    local: LocalStack | None = None

    @property
    def bootstrap_servers(self) -> str:
        return self.environment["TINDAK_KAFKA_BOOTSTRAP_SERVERS"]

    @property
    def mongo_uri(self) -> str:
        return self.environment["TINDAK_MONGO_URI"]


@dataclass(frozen=True)
class Namespace:
    """A test's own topics, consumer groups and databases on servers that it shares with others.

    ``prefix`` stands before every one of their names.
    """

    servers: Servers
    prefix: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which services find the servers and stay within this namespace."""
        own = {"TINDAK_KAFKA_TOPIC_PREFIX": self.prefix, "TINDAK_MONGO_DATABASE_PREFIX": self.prefix}
        return {**self.servers.environment, **own}

    @property
    def kafka(self) -> KafkaSettings:
        """The same as settings."""
        return KafkaSettings.model_validate(self._settings("TINDAK_KAFKA_"))

    @property
    def mongo(self) -> MongoSettings:
        """The same as settings."""
        return MongoSettings.model_validate(self._settings("TINDAK_MONGO_"))

    def _settings(self, prefix: str) -> dict[str, str]:
        named = self.environment.items()
        return {name.removeprefix(prefix).lower(): value for name, value in named if name.startswith(prefix)}
