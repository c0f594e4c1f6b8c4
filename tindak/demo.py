"""``tindak demo``: sets up servers and services, runs some thirty complaints through them, takes all down."""

import asyncio
import signal
import sys
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from rich.console import Console

from shared.events import ComplaintAccepted
from shared.policy.agencies import load_agencies
from shared.topics import ANSWERS, family_of
from tindak.audit import Check, Finding
from tindak.audit.command import examine
from tindak.client.kafka import Client
from tindak.console import wait_for
from tindak.demo_story.demo_run import DemoRun
from tindak.demo_story.environment import RunningDemo, running_demo
from tindak.demo_story.output import DemoOutput
from tindak.demo_story.summary import figures, notices
from tindak.policy.options import PolicyDir, policy_of

AUDIT_SECONDS = 10.0
STORY_SECONDS = 50.0  # clocks of the demo included, it takes about 20 on two idle cores


def demo(
    once: Annotated[bool, typer.Option("--once", help="End by itself when the story is complete.")] = False,
    policy: PolicyDir = Path("policy"),
) -> None:
    """Set up a local stack and the four services, and show what they do with some thirty complaints."""
    complete = wait_for(_show(policy_of(policy), once=once))
    raise typer.Exit(0 if complete else 1)


async def _show(policy_dir: Path, *, once: bool) -> bool:
    """Show it; return whether the story was complete."""
    began = monotonic()
    interrupted = asyncio.Event()
    _stop_at_signals(interrupted)
    short_names = {agency.code: agency.short for agency in load_agencies(policy_dir).agencies}
    output = DemoOutput(Console(highlight=False), short_names)
    output.heading("Tindak: every report routed, timed and answered")
    async with running_demo(policy_dir, output.step) as demo:
        output.step(f"ready after {monotonic() - began:.1f} s")
        async with Client(demo.kafka) as client:
            answers = [topic.name for topic in demo.topics if family_of(topic.name) == ANSWERS]
            run = DemoRun(client, output, STORY_SECONDS, answers)
            lacks = await run.run()
            findings = [] if lacks else await _audited(client, demo)
        output.heading("Notices sent")
        output.notices(notices(run.recorder, demo.subjects))
        output.heading("What it came to")
        output.figures(figures(run.recorder, run.channels))
        faults = [*lacks, *map(str, findings), *demo.failures()]
        if faults:
            demo.keeps_folder = True
            output.verdict([*faults, f"The logs lie in {demo.folder}."], is_good=False)
        else:
            took = f"{monotonic() - began:.0f} s after the start"
            output.verdict([f"The story is complete, {took}; audited: nothing lost, nothing doubled."], is_good=True)
        if not once:
            output.next_steps(demo.environment, program(), next(run.recorder.all(ComplaintAccepted)).tracking_id)
            await _stay(interrupted)
    return not faults


async def _audited(client: Client, demo: RunningDemo) -> list[Finding]:
    patience_ends_at = monotonic() + AUDIT_SECONDS
    while True:
        names = [topic.name for topic in demo.topics]
        found = (await examine(client, demo.mongo, names, tuple(Check))).findings
        if not found or monotonic() > patience_ends_at:
            return list(found)


def _stop_at_signals(interrupted: asyncio.Event) -> None:
    """End the running task in order at the first SIGTERM or SIGINT; a second one does not disturb that."""
    task = asyncio.current_task()

    def stop() -> None:
        if task is not None and not interrupted.is_set():
            interrupted.set()
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


async def _stay(interrupted: asyncio.Event) -> None:
    try:
        await interrupted.wait()
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if not interrupted.is_set() or task is None:
            raise
        task.uncancel()


def program() -> str:
    """Return how this command line is called from here."""
    called = Path(sys.argv[0]).absolute()
    if called.name == "tindak":
        return _from_here(called)
    return f"{_from_here(Path(sys.executable))} -m tindak.cli"


def _from_here(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
