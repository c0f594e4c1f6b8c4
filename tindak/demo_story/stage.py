"""What the demo plays on: servers, topics, a policy with clocks of seconds, a mailbox, four services."""

import asyncio
import base64
import os
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.agencies import load_agencies
from shared.policy import OVERLAYS
from shared.settings import KafkaSettings
from shared.topics import SERVICES, catalogue
from tindak.console import Failure
from tindak.demo_story.mailbox import Mailbox
from tindak.stack import LocalStack
from tindak.stack.node import free_ports
from tindak.supervisor import Supervisor, services
from tindak.topics.apply import apply

POLL_SECONDS = 0.1
READY_WITHIN_SECONDS = 40.0

Tell = Callable[[str], None]


@dataclass
class Stage:
    """A running demo.

    Args:
        environment: What a client exports to find it.
        kafka: The same, for the broker.
        folder: Logs and policy.
        mailbox: Where the messages arrive.
        troubles: What happened to the processes that should not have.
        keeps_folder: Whether the folder stays after the end, because somebody must look at the logs.
    """

    environment: Mapping[str, str]
    kafka: KafkaSettings
    folder: Path
    mailbox: Mailbox
    troubles: list[str] = field(default_factory=list)
    keeps_folder: bool = False

    def last_words(self) -> str:
        """Return what the services that did not do well wrote last, a line each."""
        lines = [*self.troubles]
        for service in SERVICES:
            written = (self.folder / f"{service}.log").read_text(errors="replace").splitlines()
            lines += [f"{service}: {written[-1]}"] if written and any(service in each for each in self.troubles) else []
        return "\n".join(lines)


@asynccontextmanager
async def staged(policy_dir: Path, tell: Tell) -> AsyncIterator[Stage]:
    """Give a stage on which everything runs and is ready; nothing of it is left at the exit but, if asked, its folder.

    Raises:
        StackError: The servers cannot run here; the sentence says what is needed.
        Failure: A service did not get ready; the folder stays.
    """
    folder = Path(tempfile.mkdtemp(prefix="tindak-demo-"))
    stage = Stage({}, KafkaSettings(), folder, Mailbox())
    try:
        policy = demo_policy(policy_dir, folder / "policy")
        async with LocalStack() as stack, stage.mailbox:
            tell(f"{stack.layout.shape} listen on 127.0.0.1")
            stage.environment = stack.layout.environment() | {"TINDAK_POLICY_DIR": str(policy)}
            stage.kafka = KafkaSettings.model_validate(kafka_settings(stage.environment))
            created = await asyncio.to_thread(apply, stage.kafka, catalogue(load_agencies(policy).codes))
            tell(f"{len(created)} topics created")
            async with running(stage, tell):
                yield stage
    finally:
        if not stage.keeps_folder:
            shutil.rmtree(folder)


def demo_policy(policy_dir: Path, copy: Path) -> Path:
    """Return *copy*, the city's policy with the demo's files in the place of some."""
    shutil.copytree(policy_dir, copy, ignore=shutil.ignore_patterns(OVERLAYS))
    shutil.copytree(policy_dir / OVERLAYS, copy, dirs_exist_ok=True)
    return copy


def kafka_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what *environment* says about the broker, by name of the setting."""
    prefix = "TINDAK_KAFKA_"
    return {name.removeprefix(prefix).lower(): value for name, value in environment.items() if name.startswith(prefix)}


@asynccontextmanager
async def running(stage: Stage, tell: Tell) -> AsyncIterator[None]:
    """Run the four services from entry to exit; the entry ends once all are ready."""
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    environment = os.environ | stage.environment | service_environment(ports, stage.mailbox.port)
    ended = asyncio.Event()
    supervisor = Supervisor(services(SERVICES), stage.troubles.append, environment, stage.folder)
    task = asyncio.create_task(supervisor.run(ended))
    try:
        await all_ready(stage, ports)
        tell(f"{', '.join(SERVICES)} are ready, a process each")
        yield
    finally:
        ended.set()
        await task


def service_environment(ports: Mapping[str, int], mail_port: int) -> dict[str, str]:
    """Return what the services need beside the servers: their ports, a key for contacts, and where mail goes."""
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    health = {f"TINDAK_{service.upper()}_HEALTH_PORT": str(port) for service, port in ports.items()}
    return health | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "TINDAK_CONTACT_KEYS": f"demo:{key}",
        "TINDAK_NOTIFY_SMTP_HOST": "127.0.0.1",
        "TINDAK_NOTIFY_SMTP_PORT": str(mail_port),
        "TINDAK_NOTIFY_SMTP_STARTTLS": "false",
        "TINDAK_NOTIFY_SEND_EVERY_SECONDS": "0.2",
        "TINDAK_SLA_SWEEP_EVERY_SECONDS": "0.2",
    }


async def all_ready(stage: Stage, ports: Mapping[str, int]) -> None:
    """Return once every service says that it is ready.

    Raises:
        Failure: One ended, or is not ready in time.
    """
    waiting = dict(ports)
    deadline = asyncio.get_running_loop().time() + READY_WITHIN_SECONDS
    while waiting:
        for service, port in list(waiting.items()):
            if await asyncio.to_thread(is_ready, port):
                del waiting[service]
        late = asyncio.get_running_loop().time() > deadline
        if waiting and (late or stage.troubles):
            names = ", ".join(waiting)
            stage.keeps_folder = True
            raise Failure(f"Not ready: {names}; their logs lie in {stage.folder}. {stage.last_words()}".strip())
        await asyncio.sleep(POLL_SECONDS if waiting else 0)


def is_ready(port: int) -> bool:
    """Return whether the service with this health port answers that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:  # an answer that is no success is one, too
        return False
