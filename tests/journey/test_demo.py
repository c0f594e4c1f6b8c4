"""The demo as somebody who has just cloned the repository sees it: it ends by itself, or stays up and can be used."""

import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TINDAK = [sys.executable, "-m", "tindak.cli"]
ENDS_WITHIN_SECONDS = 60
TRACKING = r"[0-9A-Z]{4}-[0-9A-Z]{5}-[0-9A-Z][0-9A-Z]"

pytestmark = [pytest.mark.journey, pytest.mark.timeout(150)]


@pytest.fixture(autouse=True)
def embedded_only(pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--stack") != "embedded":
        pytest.skip("the demo brings its own servers; it has been shown on the embedded stack")


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """An environment that marks whatever is started in it; nothing with the mark may be left."""
    mark = f"DEMO_MARK={secrets.token_hex(8)}"
    name, _, value = mark.partition("=")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TINDAK_")}
    yield inherited | {name: value}
    assert marked(mark) == []


def marked(mark: str) -> list[str]:
    """Return the commands of living processes that were started with this mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it ended meanwhile, or is somebody else's
            continue
    return [command for command in found if command]


def test_demo_runs_its_scenario_and_ends_by_itself(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [*TINDAK, "demo", "--once"], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=ENDS_WITHIN_SECONDS,
    )  # fmt: skip
    told = done.stdout

    assert (done.returncode, done.stderr) == (0, ""), told
    assert told.rstrip().endswith("audited: nothing lost, nothing doubled.")
    assert len(re.findall(rf"^  \w+ +{TRACKING}  \S", told, re.MULTILINE)) >= 20
    assert re.search(r"^  text model \w{12} is in use: ", told, re.MULTILINE)
    assert len(re.findall(r"^  \w+ .* text model \w{12} is \d\d\.\d % sure$", told, re.MULTILINE)) == 2
    assert re.search(
        r"^  instagram .* triage +Kenapa begini.* no_evidence \(suggested: \w+, \w+, \w+\)$", told, re.MULTILINE
    )
    assert set(re.findall(r"^  \w+ +refused +(\w+)", told, re.MULTILINE)) == {"empty", "source_id_conflict", "spam"}
    for moment in (
        "the same report again", "is not responsible", "routed to Satuan Polisi Pamong Praja", "waits (needs_reporter)",
        "the reporter replied", "work goes on", "BREACHED at dsdabmbk", "responsible: agency_head", "opened again",
        "was refused", "withdrawn by the reporter", "archived by the officer", "closed by the reporter, rated 5 of 5",
        "closed by the system", "acknowledged and answered",
    ):  # fmt: skip
        assert moment in told
    # Names, addresses and numbers of reporters lie in the complaints; nothing of them may come out.
    assert re.findall(r"\S+@\S+\.example|\b0800-0000-\d{4}|\b0800000001\d\d|\b3674\d{12}", told) == []


def test_demo_keeps_running_and_its_commands_work(environment: dict[str, str]) -> None:
    demo = subprocess.Popen([*TINDAK, "demo"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    try:
        told = read_until(demo, "dlq list intake")
        exported = dict(re.findall(r"^  export (\w+)='?([^'\n]*)'?$", told, re.MULTILINE))
        here = environment | exported

        submitted = tindak(
            here, "submit", "--channel", "web", "--title", "Lampu mati", "--body", "PJU mati di Jalan Merpati", "--wait"
        )
        tracking_id = re.search(TRACKING, submitted)
        assert tracking_id is not None, submitted
        acknowledged = tindak(here, "agency", "dishub", "ack", tracking_id[0].lower().replace("-", " "), "--wait")
        again = tindak(here, "agency", "dishub", "ack", tracking_id[0], "--wait")
        tracked = tindak(here, "track", tracking_id[0])
        explained = tindak(here, "policy", "explain", "--text", "Tolong dibantu, kondisinya makin parah dan bau")
        audited = tindak(here, "watch", "breaches", "--from", "earliest", "--until-end")

        assert "dishub acknowledged it" in acknowledged
        assert "tidak ada yang berubah. / This ticket has been acknowledged before; nothing changes." in again
        assert re.search(r"state +acknowledged", tracked)
        assert "BREACHED at dsdabmbk" in audited
        assert re.search(r"^  model ", explained, re.MULTILINE)  # the demo's services ask it, too
    finally:
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=30)

    assert demo.returncode == 0, rest


def read_until(demo: subprocess.Popen[str], words: str) -> str:
    """Return what the demo prints up to the line that holds *words*."""
    assert demo.stdout is not None
    told = ""
    for line in demo.stdout:
        told += line
        if words in line:
            return told
    raise AssertionError(f"the demo ended before it told `{words}`:\n{told}")


def tindak(environment: dict[str, str], *arguments: str) -> str:
    """Return what a command prints; it must succeed."""
    done = subprocess.run(
        [*TINDAK, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
