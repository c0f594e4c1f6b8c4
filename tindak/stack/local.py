"""Starts and stops the brokers and database members of a local stack together."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from shared.process.settings import KafkaSettings
from shared.topics import Topic
from tindak.console import ADMIN
from tindak.stack import kafka, mongo, programs, tansu
from tindak.stack.credentials import Credentials, principals_of
from tindak.stack.layout import SASL_MECHANISM, SECURITY_PROTOCOL, BrokerKind, Layout
from tindak.stack.node import Node
from tindak.stack.processes import this
from tindak.stack.programs import StackError
from tindak.stack.protocol import forms_groups
from tindak.stack.state import State
from tindak.topics.access import allow
from tindak.topics.apply import apply

TEMPORARY = "tindak-stack-"


class LocalStack:
    """A broker (or three) and a MongoDB replica set of one or three members on free ports of the loopback address.

    As a context manager, plain or async, it runs from entry to exit. Unless ``detached``, the servers are killed when
    this process dies, however it dies.

    Args:
        broker: ``embedded`` is one small broker that keeps everything in memory and knows no idempotent producer;
            ``apache`` is Apache Kafka, which needs Java 17, and Maven the first time.
        brokers: 1 or 3; ``embedded`` is always 1.
        members: 1 or 3.
        folder: Where data, logs and ``stack.json`` lie. A stack with ``apache`` that was stopped there starts again on
            its ports with its data. None: a temporary folder, deleted at the stop.
        detached: Whether the servers outlive this process; ``State.read(folder).stop()`` ends them then.
        test_commands: Whether mongod takes ``configureFailPoint``.
        secured_for: The topics of a city, with ``apache`` only: whoever writes or reads one of them has a user on the
            broker and may do just that; the topics are made; each service has a user in the database who can open its
            own alone. Empty: everybody may do everything, without a name.

    Attributes:
        layout: Addresses and names.
        credentials: Everybody's passwords, from the start on; None if the stack is not secured.
        brokers: The broker nodes, each with ``kill()`` and ``start()``; empty before the start.
        members: The database nodes, likewise.

    Raises:
        StackError: In one sentence, what is missing here or was asked wrongly.
    """

    def __init__(
        self,
        broker: BrokerKind = "embedded",
        *,
        brokers: int = 1,
        members: int = 1,
        folder: Path | None = None,
        detached: bool = False,
        test_commands: bool = False,
        secured_for: Sequence[Topic] = (),
    ) -> None:
        programs.check_platform()
        self.layout = Layout.draw(broker, brokers, members, secured=bool(secured_for))
        self.credentials: Credentials | None = None
        self.brokers: list[Node] = []
        self.members: list[Node] = []
        self._given_folder = folder
        self._detached = detached
        self._test_commands = test_commands
        self._topics = secured_for

    @property
    def bootstrap_servers(self) -> str:
        """Kafka's addresses, as clients take them."""
        return self.layout.bootstrap_servers

    @property
    def mongo_uri(self) -> str:
        """MongoDB's addresses, as clients take them."""
        return self.layout.mongo_uri

    @property
    def nodes(self) -> list[Node]:
        """Every server."""
        return self.brokers + self.members

    def start(self) -> Self:
        """Start every server and return once all are ready and the replica set has a primary."""
        self.folder = self._given_folder or _temporary_folder()
        self._prepare_folder()
        try:
            self._start()
        except BaseException:  # an interrupted start leaves nothing behind either
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End every server; a temporary folder goes with them."""
        with ThreadPoolExecutor() as threads:
            # Together, because a broker that is left without its quorum waits for it; and what nobody will read again
            # need not be written out.
            list(threads.map(Node.stop if self._given_folder else Node.kill, self.nodes))
        if self._given_folder is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def primary(self) -> Node:
        """Return the database member that takes writes now.

        Raises:
            StackError: There is none; after its death it takes about three seconds until there is another.
        """
        found = mongo.primary(self.members, self.layout.replica_set)
        if found is None:
            raise StackError("The replica set has no primary.")
        return found

    def _prepare_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        earlier = State.read(self.folder)
        if earlier is None:
            return
        if earlier.alive:
            raise StackError(f"A stack runs in {self.folder} already; stop it with `tindak stack down`.")
        if earlier.layout.kind == "embedded":
            # Its broker forgot everything, and a database that remembers would contradict it.
            for data in (*self.folder.glob("mongo-*"), *self.folder.glob("broker-*")):
                shutil.rmtree(data) if data.is_dir() else data.unlink()
        elif earlier.layout.shape == self.layout.shape:
            self.layout = earlier.layout
        else:
            raise StackError(f"{self.folder} holds the data of {earlier.layout.shape}; choose another folder.")

    def _start(self) -> None:
        layout, detached = self.layout, self._detached
        if layout.secured:
            self.credentials = Credentials.kept(self.folder, principals_of(self._topics))
        self.members = mongo.members(
            self.folder,
            layout.member_ports,
            layout.replica_set,
            detached=detached,
            test_commands=self._test_commands,
            credentials=self.credentials,
        )
        for node in self.members:
            node.launch()
        if layout.kind == "embedded":
            self.brokers = [tansu.broker(self.folder, layout.broker_ports[0], layout.cluster_id, detached=detached)]
        else:
            self.brokers = kafka.brokers(
                self.folder,
                layout.broker_ports,
                layout.controller_ports,
                layout.cluster_id,
                detached=detached,
                credentials=self.credentials,
            )
        for node in self.brokers:
            node.launch()
        processes = {node.name: node.process for node in self.nodes if node.process}
        State(layout, processes, None if detached else this()).write(self.folder)
        mongo.initiate(self.members, layout.replica_set)
        for node in self.brokers:
            node.wait_until(node.is_ready)
        if self.credentials is not None:
            self._let_in(self.credentials)
        elif layout.kind == "apache":
            self.brokers[0].wait_until(partial(forms_groups, layout.broker_ports[0]))

    def _let_in(self, credentials: Credentials) -> None:
        """Make users, topics and access rules, and return once they hold."""
        layout, (broker, *_) = self.layout, self.brokers
        mongo.make_users(self.primary().port, layout.mongo_uri, credentials)
        kafka.make_users(broker.port, credentials)
        as_admin = KafkaSettings(
            bootstrap_servers=layout.bootstrap_servers,
            security_protocol=SECURITY_PROTOCOL,
            sasl_mechanism=SASL_MECHANISM,
            sasl_username=ADMIN,
            sasl_password=SecretStr(credentials.broker[ADMIN]),
            replication_factor=len(self.brokers),
        )
        apply(as_admin, self._topics)
        allow(as_admin, self._topics)
        broker.wait_until(lambda: not allow(as_admin, self._topics, dry_run=True))
        broker.wait_until(partial(forms_groups, broker.port, credentials.client_options(ADMIN)))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)


def _temporary_folder() -> Path:
    # A process that was killed could not delete its own, some 300 MB.
    for folder in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        with suppress(StackError, OSError):  # written by another version, or just being deleted
            state = State.read(folder)
            if state is not None and state.is_abandoned:
                shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=TEMPORARY))
