"""What the demo runs on: servers, topics, a policy with clocks of seconds, a mailbox, a telephone, four services."""

import asyncio
import os
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.routing.tooling import describe_model
from shared.policy.loading import OVERLAYS
from shared.policy.topics import load_topics
from shared.process.settings import KafkaSettings, MongoSettings
from shared.sealing_keys import PRIVATE_KEYS, PUBLIC_KEYS
from shared.topics import SERVICES, Topic
from tindak.console import Failure
from tindak.demo_story.mailbox import Mailbox
from tindak.demo_story.servers import servers
from tindak.demo_story.telephone import Telephone
from tindak.environment import of_service, settings_in
from tindak.keys import KeyPair
from tindak.ops.supervisor import Supervisor, services
from tindak.stack.node import free_ports
from tindak.topics.apply import apply

POLL_SECONDS = 0.1
READY_WITHIN_SECONDS = 40.0
MODEL = "model"  # below the policy: the text model that the demo routes by

Show = Callable[[str], None]


@dataclass
class RunningDemo:
    """The servers, services, mailbox and telephone of a demo.

    Args:
        environment: What a client exports to find it.
        folder: Logs and policy.
        mailbox: Where mails arrive.
        telephone: Where messages of WhatsApp and SMS arrive.
        troubles: Sentences about processes that ended.
        keeps_folder: Whether the folder stays after the end, because somebody must look at the logs.
    """

    environment: Mapping[str, str]
    folder: Path
    mailbox: Mailbox
    telephone: Telephone
    troubles: list[str] = field(default_factory=list)
    keeps_folder: bool = False

    @property
    def kafka(self) -> KafkaSettings:
        """How to reach the broker."""
        return KafkaSettings.model_validate(settings_in(self.environment, "TINDAK_KAFKA_"))

    @property
    def mongo(self) -> MongoSettings:
        """How to reach the database."""
        return MongoSettings.model_validate(settings_in(self.environment, "TINDAK_MONGO_"))

    @property
    def subjects(self) -> dict[str, str]:
        """What the messages are about, by the ids under which they were taken."""
        return self.mailbox.subjects | self.telephone.beginnings

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The city's topics."""
        return load_topics(Path(self.environment["TINDAK_POLICY_DIR"]))

    def failures(self) -> list[str]:
        """Return what happened to processes that ended, and what each of them wrote last."""
        fallen = [service for service in SERVICES if any(each.startswith(service) for each in self.troubles)]
        logs = {service: (self.folder / f"{service}.log").read_text(errors="replace") for service in fallen}
        return [*self.troubles, *(f"{service}: {log.splitlines()[-1]}" for service, log in logs.items() if log)]


@asynccontextmanager
async def running_demo(policy_dir: Path, show: Show) -> AsyncIterator[RunningDemo]:
    """Give a demo in which everything runs and is ready; nothing of it is left at the exit but, if asked, its folder.

    Raises:
        StackError: The servers cannot run here; the sentence says what is needed.
        Failure: The text model cannot be used, or a service did not get ready; then the folder stays.
    """
    folder = Path(tempfile.mkdtemp(prefix="tindak-demo-"))
    demo = None
    try:
        policy = _demo_policy(policy_dir, folder / "policy")
        show(in_use(policy / MODEL))
        async with servers(show) as found, Mailbox() as mailbox, Telephone() as telephone:
            telephone.put_into(policy)
            here = {"TINDAK_POLICY_DIR": str(policy), "TINDAK_ROUTING_MODEL_DIR": str(policy / MODEL)}
            demo = RunningDemo({**found, **here}, folder, mailbox, telephone)
            created = await asyncio.to_thread(apply, demo.kafka, demo.topics)
            show(f"{len(created)} topics created")
            async with running(demo, show):
                yield demo
    finally:
        if demo is None or not demo.keeps_folder:
            shutil.rmtree(folder)


def _demo_policy(policy_dir: Path, copy: Path) -> Path:
    shutil.copytree(policy_dir, copy, ignore=shutil.ignore_patterns(OVERLAYS))
    shutil.copytree(policy_dir / OVERLAYS, copy, dirs_exist_ok=True)
    return copy


def in_use(directory: Path) -> str:
    """Return which text model routing will ask, in a sentence; raise Failure if it would refuse it."""
    try:
        name, learned = describe_model(directory)
    except ValueError as refused:
        raise Failure(f"The demo routes by a text model: {refused}") from refused
    return f"text model {name} is in use: {learned}; it decides what the rules leave open, where it is sure enough"


@asynccontextmanager
async def running(demo: RunningDemo, show: Show) -> AsyncIterator[None]:
    """Run the four services from entry to exit; the entry ends once all are ready."""
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    # What the terminal exports for other servers is not meant for these.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TINDAK_")}
    environment = {**inherited, **demo.environment, **_service_environment(ports, demo)}
    ended = asyncio.Event()
    each = {service: of_service(service, environment) for service in SERVICES}
    supervisor = Supervisor(services(SERVICES), demo.troubles.append, each, demo.folder)
    task = asyncio.create_task(supervisor.run(ended))
    try:
        await _all_ready(demo, ports)
        show(f"{', '.join(SERVICES)} are ready, a process each")
        yield
    finally:
        ended.set()
        await task


def _service_environment(ports: Mapping[str, int], demo: RunningDemo) -> dict[str, str]:
    health = {f"TINDAK_{service.upper()}_HEALTH_PORT": str(port) for service, port in ports.items()}
    contact_keys = KeyPair.draw("demo")
    return health | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        PUBLIC_KEYS: contact_keys.public,
        PRIVATE_KEYS: contact_keys.private,
        "TINDAK_NOTIFY_SMTP_HOST": "127.0.0.1",
        "TINDAK_NOTIFY_SMTP_PORT": str(demo.mailbox.port),
        "TINDAK_NOTIFY_SMTP_STARTTLS": "false",
        "TINDAK_NOTIFY_SEND_EVERY_SECONDS": "0.2",
        "TINDAK_SLA_SWEEP_EVERY_SECONDS": "0.2",
    }


async def _all_ready(demo: RunningDemo, ports: Mapping[str, int]) -> None:
    """Return once every service is ready.

    Raises:
        Failure: One ended, or is not ready in time.
    """
    waiting = dict(ports)
    deadline = asyncio.get_running_loop().time() + READY_WITHIN_SECONDS
    while waiting := {name: port for name, port in waiting.items() if not await asyncio.to_thread(is_ready, port)}:
        if demo.troubles or asyncio.get_running_loop().time() > deadline:
            demo.keeps_folder = True
            why = " ".join(demo.failures())
            raise Failure(f"Not ready: {', '.join(waiting)}. {why} The logs lie in {demo.folder}.".replace("  ", " "))
        await asyncio.sleep(POLL_SECONDS)


def is_ready(port: int) -> bool:
    """Return whether the service with this health port answers that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:  # an answer that is no success is one, too
        return False
