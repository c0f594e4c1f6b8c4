"""The demo's broker and database as two containers, for machines on which the local stack cannot run."""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import partial

from tindak.stack import StackError
from tindak.stack.layout import Layout
from tindak.stack.mongo import answers, command, is_member
from tindak.stack.processes import holds_within
from tindak.stack.protocol import forms_groups, serves_cluster

KAFKA_IMAGE = "apache/kafka:4.3.1"
MONGO_IMAGE = "mongo:8.2"
ANSWER_WITHIN_SECONDS = 20
PULL_WITHIN_SECONDS = 600
READY_WITHIN_SECONDS = 90


def docker_answers() -> bool:
    """Return whether there is a Docker that can start containers here."""
    try:
        docker("version", within_seconds=ANSWER_WITHIN_SECONDS)
    except StackError:
        return False
    return True


def docker(*arguments: str, within_seconds: float) -> str:
    """Return what a docker command prints.

    Raises:
        StackError: There is no such command here, or it fails, or is not done in time.
    """
    program = shutil.which("docker")
    if program is None:
        raise StackError("There is no `docker` command here.")
    try:
        done = subprocess.run(  # noqa: S603  # an argument list of our own, never a shell
            [program, *arguments], capture_output=True, text=True, timeout=within_seconds, check=True
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip() or error.stdout.strip()).splitlines()
        raise StackError(f"`docker {arguments[0]}` fails: {said[-1] if said else error.returncode}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StackError(f"`docker {arguments[0]}` does not answer: {error}") from error
    return done.stdout.strip()


class Containers:
    """One broker and one database member.

    Raises:
        StackError: They did not start; the sentence says why.
    """

    def __init__(self) -> None:
        self.layout = Layout.draw("apache", brokers=1, members=1)
        self._ids: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """What services and clients need in their environment to find them."""
        return self.layout.environment()

    def start(self) -> None:
        """Start both and return once they are ready."""
        try:
            self._start()
        except BaseException:  # an interrupted start leaves nothing behind either
            self.stop()
            raise

    def stop(self) -> None:
        """Remove what was started."""
        if self._ids:
            docker("rm", "--force", "--volumes", *self._ids, within_seconds=ANSWER_WITHIN_SECONDS)
            self._ids.clear()

    def _start(self) -> None:
        broker_port, member_port = self.layout.broker_ports[0], self.layout.member_ports[0]
        replica_set = self.layout.replica_set
        self._run(broker_port, broker_settings(self.layout), KAFKA_IMAGE)
        mongod = ("mongod", "--replSet", replica_set, "--bind_ip_all", "--port", str(member_port))
        self._run(member_port, {}, MONGO_IMAGE, mongod)
        _wait_until(partial(answers, member_port), MONGO_IMAGE)
        members = [{"_id": 0, "host": f"127.0.0.1:{member_port}"}]
        command(member_port, "replSetInitiate", {"_id": replica_set, "members": members})
        _wait_until(partial(is_member, member_port, replica_set), MONGO_IMAGE)
        _wait_until(partial(serves_cluster, broker_port, self.layout.cluster_id), KAFKA_IMAGE)
        _wait_until(partial(forms_groups, broker_port), KAFKA_IMAGE)

    def _run(self, port: int, settings: dict[str, str], image: str, arguments: Sequence[str] = ()) -> None:
        # One port inside and outside, so that the address that a server tells its clients holds for itself, too.
        published = ("--publish", f"127.0.0.1:{port}:{port}")
        variables = [part for name, value in settings.items() for part in ("--env", f"{name}={value}")]
        started = docker(
            "run", "--detach", "--rm", *published, *variables, image, *arguments, within_seconds=PULL_WITHIN_SECONDS
        )
        self._ids.append(started.splitlines()[-1])


def broker_settings(layout: Layout) -> dict[str, str]:
    """Return the variables of a broker that is its own controller; any of them makes the image forget its defaults."""
    port = layout.broker_ports[0]
    return {
        "CLUSTER_ID": layout.cluster_id,
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": f"CLIENT://:{port},CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"CLIENT://127.0.0.1:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "CLIENT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }


def _wait_until(is_ready: Callable[[], bool], image: str) -> None:
    """Return once *is_ready*; raise StackError if that takes too long."""
    if not holds_within(is_ready, READY_WITHIN_SECONDS):
        raise StackError(f"The container of {image} was not ready within {READY_WITHIN_SECONDS} s.")
