"""Each principal may do exactly what the table says on Apache Kafka with SCRAM, topic by topic and group by group."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.policy.agencies import load_agencies
from shared.policy.channels import load_channels
from tests.connected.access.administrator import rule
from tests.servers.fleet import POLICY, ROOT

pytestmark = [pytest.mark.connected, pytest.mark.xdist_group("access"), pytest.mark.timeout(300)]

OUTSIDER = Path(__file__).with_name("outsider.py")
EXACTLY = ["Exactly the table."]


def tindak(*arguments: str) -> str:
    command = [sys.executable, "-m", "tindak.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=240).stdout


@pytest.fixture(scope="module")
def stack_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a secured stack prints of itself, in a file; the stack runs meanwhile."""
    folder = tmp_path_factory.mktemp("secure")
    printed, servers = folder / "stack.json", ("--dir", str(folder / "stack"))
    try:
        printed.write_text(
            tindak("stack", "up", "--broker", "apache", "--secure", "--detach", "--format", "json", *servers)
        )
        yield printed
    finally:
        tindak("stack", "down", *servers)


def said_by_outsider(printed: Path, *only: str) -> list[str]:
    """Return what the script prints that knows nothing of this project but the table and that file."""
    command = [sys.executable, "-E", "-s", str(OUTSIDER), str(printed), *only]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    said = done.stdout.splitlines()
    assert done.returncode == (0 if said == EXACTLY else 1), done.stderr[-2000:]
    assert said, done.stderr[-2000:]
    return said


def test_there_is_a_principal_for_everybody_in_the_registries(stack_file: Path) -> None:
    stack = json.loads(stack_file.read_text())

    assert stack["principals"].keys() == {
        "intake", "routing", "sla", "notify", "officers", "ops", "auditors", "board", "admin",
        *(f"channel-{code}" for code in load_channels(POLICY).partitions),
        *(f"agency-{code}" for code in load_agencies(POLICY).codes),
    }  # fmt: skip


def test_every_principal_may_do_exactly_what_the_table_says(stack_file: Path) -> None:
    assert said_by_outsider(stack_file) == EXACTLY


@pytest.mark.parametrize(
    ("permission", "operation", "resource", "of", "differs"),
    [
        ("ALLOW", "READ", "TOPIC", "tickets.events", {"could describe", "could read"}),
        ("ALLOW", "WRITE", "TOPIC", "tickets.updates.agency-dishub", {"could describe", "could write"}),
        ("ALLOW", "DESCRIBE", "TOPIC", "reporters.contacts", {"could describe"}),
        ("DENY", "WRITE", "TOPIC", "tickets.updates.agency-dlh", {"could not write"}),
        ("ALLOW", "READ", "GROUP", "agency-dlh2", {"could commit in the group", "could describe the group"}),
    ],
)
def test_a_rule_beyond_the_table_is_found_out(
    stack_file: Path, permission: str, operation: str, resource: str, of: str, differs: set[str]
) -> None:
    """The trial above would be worth nothing if it could not fail."""
    stack = json.loads(stack_file.read_text())
    with rule(stack, permission, "agency-dlh", operation, resource, of):
        assert set(said_by_outsider(stack_file, "agency-dlh")) == {f"agency-dlh {each} {of}" for each in differs}

    assert said_by_outsider(stack_file, "agency-dlh") == EXACTLY
