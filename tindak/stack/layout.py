"""The ports, names and contact key of one local stack."""

import base64
import secrets
from dataclasses import dataclass, field
from typing import Literal, Self

from tindak.keys import KeyPair
from tindak.stack.node import free_ports
from tindak.stack.programs import StackError

BrokerKind = Literal["embedded", "apache"]
SIZES = (1, 3)
SECURITY_PROTOCOL: Literal["SASL_PLAINTEXT"] = "SASL_PLAINTEXT"  # on the loopback nobody else can listen
SASL_MECHANISM: Literal["SCRAM-SHA-512"] = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True)
class Layout:
    """Ports, names and the private contact key, drawn once, so that a stack started again with its data fits them."""

    kind: BrokerKind
    cluster_id: str
    replica_set: str
    broker_ports: tuple[int, ...]
    controller_ports: tuple[int, ...]
    member_ports: tuple[int, ...]
    contact_key: str = field(default_factory=lambda: KeyPair.draw().private)
    secured: bool = False

    @classmethod
    def draw(cls, kind: BrokerKind, brokers: int, members: int, *, secured: bool = False) -> Self:
        """Return a layout of free ports and fresh names.

        Args:
            kind: Which broker.
            brokers: How many of them.
            members: Of the replica set.
            secured: Whether everybody must give name and password.

        Raises:
            StackError: There is no such stack.
        """
        if brokers not in SIZES or members not in SIZES:
            raise StackError("A local stack has 1 or 3 brokers and 1 or 3 database members.")
        if kind == "embedded" and brokers != 1:
            raise StackError("The embedded broker is always a single one; use the broker `apache` for 3.")
        if kind == "embedded" and secured:
            raise StackError("The embedded broker knows no users; a secured stack needs the broker `apache`.")
        ports = tuple(free_ports(2 * brokers + members))
        name = secrets.token_hex(8)
        return cls(
            kind=kind,
            # Kafka demands 16 bytes in base64url; these never begin with a dash, which would look like an option.
            cluster_id=base64.urlsafe_b64encode(name.encode()).decode().rstrip("="),
            replica_set=f"tindak-{name[:8]}",
            broker_ports=ports[:brokers],
            controller_ports=ports[brokers : 2 * brokers],
            member_ports=ports[2 * brokers :],
            secured=secured,
        )

    @property
    def bootstrap_servers(self) -> str:
        """Kafka's addresses, as clients take them."""
        return _addresses(self.broker_ports)

    @property
    def mongo_uri(self) -> str:
        """MongoDB's addresses, as clients take them."""
        return f"mongodb://{_addresses(self.member_ports)}/?replicaSet={self.replica_set}"

    def environment(self) -> dict[str, str]:
        """Return what services and the command line need in their environment to find this stack; no credentials."""
        needed = {
            "TINDAK_PROFILE": "local",
            "TINDAK_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "TINDAK_KAFKA_REPLICATION_FACTOR": str(len(self.broker_ports)),
            "TINDAK_MONGO_URI": self.mongo_uri,
        }
        if self.secured:
            needed["TINDAK_KAFKA_SECURITY_PROTOCOL"] = SECURITY_PROTOCOL
            needed["TINDAK_KAFKA_SASL_MECHANISM"] = SASL_MECHANISM
        if self.kind == "embedded":
            needed["TINDAK_KAFKA_ENABLE_IDEMPOTENCE"] = "false"
            # This broker lets a group wait for half a session before it forms.
            needed |= {"TINDAK_KAFKA_SESSION_TIMEOUT_MS": "3000", "TINDAK_KAFKA_HEARTBEAT_INTERVAL_MS": "1000"}
            # It looks for new records only now and then while a fetch waits, at half of this.
            needed["TINDAK_KAFKA_FETCH_MAX_WAIT_MS"] = "50"
        return needed

    @property
    def shape(self) -> str:
        """What it consists of, in words."""
        brokers, members = len(self.broker_ports), len(self.member_ports)
        secured = "secured " * self.secured
        return f"{brokers} {secured}{self.kind} broker{'s'[: brokers > 1]} and {members} {secured}mongod"


def _addresses(ports: tuple[int, ...]) -> str:
    return ",".join(f"127.0.0.1:{port}" for port in ports)
