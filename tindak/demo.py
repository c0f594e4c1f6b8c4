"""``tindak demo``: everything set up, a day in the life of a city's complaints played on it, and taken down again."""

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
from tindak.audit import Check, Finding
from tindak.audit.command import examine
from tindak.client.kafka import Client
from tindak.console import read_settings, wait_for
from tindak.demo_story.ending import figures, notices
from tindak.demo_story.narrator import Narrator
from tindak.demo_story.play import Play
from tindak.demo_story.stage import Stage, staged

AUDIT_SECONDS = 10.0
STORY_SECONDS = 50.0  # clocks of the demo included, it takes about 20 on two idle cores


def demo(
    once: Annotated[bool, typer.Option("--once", help="End by itself when the story is complete.")] = False,
) -> None:
    """Set up a local stack and the four services, and show what they do with some thirty complaints."""
    complete = wait_for(_show(once=once))
    raise typer.Exit(0 if complete else 1)


async def _show(*, once: bool) -> bool:
    """Show it; return whether the story was complete."""
    began = monotonic()
    interrupted = asyncio.Event()
    _stop_at_signals(interrupted)
    policy_dir = read_settings().policy_dir
    short_names = {agency.code: agency.short for agency in load_agencies(policy_dir).agencies}
    narrator = Narrator(Console(highlight=False), short_names)
    narrator.heading("Tindak: every report routed, timed and answered")
    async with staged(policy_dir, narrator.step) as stage:
        narrator.step(f"ready after {monotonic() - began:.1f} s")
        async with Client(stage.kafka) as client:
            play = Play(client, narrator, STORY_SECONDS)
            lacks = await play.perform()
            findings = [] if lacks else await _audited(client, stage)
        narrator.heading("Notices sent")
        narrator.notices(notices(play.chronicle, stage.mailbox.subjects))
        narrator.heading("What it came to")
        narrator.figures(figures(play.chronicle, play.channels))
        faults = [*lacks, *map(str, findings), *stage.last_words()]
        if faults:
            stage.keeps_folder = True
            narrator.verdict([*faults, f"The logs lie in {stage.folder}."], is_good=False)
        else:
            took = f"{monotonic() - began:.0f} s after the start"
            narrator.verdict([f"The story is complete, {took}; audited: nothing lost, nothing doubled."], is_good=True)
        if not once:
            narrator.next_steps(stage.environment, program(), next(play.chronicle.all(ComplaintAccepted)).tracking_id)
            await _stay(interrupted)
    return not faults


async def _audited(client: Client, stage: Stage) -> list[Finding]:
    patience_ends_at = monotonic() + AUDIT_SECONDS
    while True:
        found = (await examine(client, stage.mongo, stage.agencies, tuple(Check))).findings
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
