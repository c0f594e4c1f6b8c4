"""What the documents name is there: files, links, commands with their options, make targets, tags."""

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer

from shared.process.release import RELEASE
from tests.architecture.source import ROOT, modules
from tests.upgrade.previous import COMMIT
from tindak.cli import COMMANDS, Group, app_for

pytestmark = pytest.mark.architecture

PAGES = [
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", *map(str, ROOT.glob("docs/**/*.md")))
]
GUIDES = [path for path in PAGES if path.parent.name != "adr" and path.name != "CHANGELOG.md"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TOP = "services|shared|tindak|tests|policy|docs|bench"
IN_GROUPS = (name for entry in COMMANDS.values() if isinstance(entry, Group) for name in entry.commands)
WHOLE = typer.main.get_command(app_for([*COMMANDS, *IN_GROUPS]))
PLACEHOLDER = re.compile(r"<[a-z_]+>")
WORDS = (
    "deduplication", "idempotency", "outbox", "dead letter", "retry", "rebalance", "escalation", "working time",
    "state machine", "classifier", "threshold",
)  # fmt: skip


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def commands_in(text: str, program: str) -> Iterator[list[str]]:
    """Yield what follows *program* wherever a page shows it as code, without comments and pipes."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    for code in (*lines, *spans):
        found = re.search(rf"(?:^|\s|/|\(|\"){program} ([^#|;)]+)", code)
        if found:
            yield shlex.split(found[1].replace('"', " ") if found[1].count('"') % 2 else found[1])


def fault_of_command(words: list[str]) -> str | None:
    """Return what is wrong with the words behind ``tindak``, or None; what a page leaves out is not missed."""
    command, taken = WHOLE, 0
    options: set[str] = set()
    for word in words:
        if word.startswith("--"):
            options.add(word.partition("=")[0])
        elif isinstance(command, click.Group) or hasattr(command, "commands"):
            arguments = sum(parameter.param_type_name == "argument" for parameter in command.params)
            alternatives = [command.commands.get(one) for one in word.split("|")]
            if taken < arguments and None in alternatives:
                taken += 1
            elif None in alternatives:
                return f"there is no command {word}"
            else:
                command, taken = alternatives[0], 0
    known = {opt for parameter in command.params for opt in (*parameter.opts, *parameter.secondary_opts)}
    return f"{command.name} knows no {options - known - {'--help'}}" if options - known - {"--help"} else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_named_paths_lead_somewhere(page: Path) -> None:
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)) if "://" not in link}
    lost = {link for link in links if link and not (page.parent / link).exists()}
    if page in GUIDES:
        named = re.findall(rf"`((?:{TOP})/[\w.<>*/-]*)`", text_of(page))
        lost |= {name for name in named if not any(ROOT.glob(PLACEHOLDER.sub("*", name).rstrip("/")))}

    assert lost == set()


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_named_commands_and_their_options_exist(page: Path) -> None:
    faults = {
        " ".join(words): fault
        for words in commands_in(text_of(page), "tindak")
        if words and (fault := fault_of_command(words))
    }
    targets = {words[0] for words in commands_in(text_of(page), "make")} - {"on"}

    assert faults == {}
    assert {target for target in targets if not re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)} == set()


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_named_test_runs_and_modules_exist(page: Path) -> None:
    paths = {word for words in commands_in(text_of(page), "pytest") for word in words if word.startswith("tests/")}
    run = {words[1] for words in commands_in(text_of(page), "python") if words[0] == "-m"}

    assert {path for path in paths if not (ROOT / path).exists()} == set()
    assert {name for name in run if not (ROOT / f"{name.replace('.', '/')}.py").exists()} == set()


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("policy check --strict", None),
        ("agency dlh ack K7QF-9D2MX-4Q", None),
        ("documents list|show|retry", None),
        ("policy chek", "there is no command chek"),
        ("policy check --strikt", "check knows no {'--strikt'}"),
    ],
)
def test_a_command_that_does_not_exist_is_found(typed: str, fault: str | None) -> None:
    assert fault_of_command(typed.split()) == fault


def test_continuous_integration_runs_what_the_script_runs_and_nothing_else() -> None:
    workflow = text_of(ROOT / ".github" / "workflows" / "ci.yml")

    assert re.findall(r"run: (.*)", workflow) == [".ci/run"]
    assert "fetch-depth: 0" in workflow  # the upgrade tests need the previous release


def test_every_version_of_the_changelog_has_its_tag() -> None:
    headings = re.findall(r"^## (.*)$", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
    tags = [
        re.fullmatch(r"([\d.]+) \((?:unreleased|\d{4}-\d\d-\d\d), tag `v([\d.]+)`(?: to come)?\)", h) for h in headings
    ]

    assert all(tags)
    assert [tag[1] for tag in tags if tag] == [tag[2] for tag in tags if tag]
    assert headings[0].startswith(f"{RELEASE} ")


def test_no_two_decision_records_share_a_number() -> None:
    numbers = [path.name[:5] for path in (ROOT / "docs" / "adr").glob("*.md")]

    assert [number for number in numbers if not re.fullmatch(r"\d{4}-", number)] == []
    assert {number for number in numbers if numbers.count(number) > 1} == set()


def test_the_release_that_upgrades_start_from_is_the_one_of_its_tag() -> None:
    version = re.findall(r"^## ([\d.]+) \(\d", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)[0]
    known = subprocess.run(
        ["git", "rev-parse", "-q", "--verify", f"v{version}^{{commit}}"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if known.returncode != 0:
        pytest.skip(f"this clone does not hold the tag v{version}")

    assert known.stdout.strip() == COMMIT


@pytest.mark.parametrize("word", WORDS)
def test_a_standard_word_leads_to_its_module(word: str) -> None:
    rows = re.findall(r"^\| ([a-z ,]+) \| `([\w/.]+)` \|", text_of(ROOT / "docs" / "architecture.md"), re.MULTILINE)
    (path,) = {path for words, path in rows if word in words.split(", ")}

    said = f"{path} {ast.get_docstring(modules()[path])}".replace("_", " ").lower()
    assert word in said
