"""Every test is run by a tier: the Makefile looks for its marker in its folder."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.source import ROOT

pytestmark = pytest.mark.architecture

# What a test may do or needs; the other markers name tiers.
MANNERS = {"asyncio", "expects_errors", "fixture", "parametrize", "skipif", "timeout", "usefixtures"}
MANNERS |= {"without_topics", "without_agencies", "xdist_group"}
MAKEFILE = (ROOT / "Makefile").read_text().replace("\\\n", " ")
FILES = sorted((ROOT / "tests").rglob("test_*.py")) + sorted((ROOT / "tests").rglob("conftest.py"))


class Tier(NamedTuple):
    markers: frozenset[str]
    folders: tuple[str, ...]
    ignored: tuple[str, ...]

    def runs(self, marker: str, file: str) -> bool:
        def lies_in(folders: tuple[str, ...]) -> bool:
            return any(file.startswith(f"{folder}/") for folder in folders)

        return marker in self.markers and lies_in(self.folders) and not lies_in(self.ignored)


def tiers() -> list[Tier]:
    """Return which markers are looked for in which folders, as the Makefile says."""
    variables = dict(re.findall(r"^(\w+) := (.*)$", MAKEFILE, re.MULTILINE))
    found = []
    for line in MAKEFILE.splitlines():
        expanded = line
        for name in ("ON_EACH", "CONNECTED", "FAST"):
            expanded = expanded.replace(f"$({name})", variables[name])
        if line.startswith("\t") and (chosen := re.search(r'-m "?((?<=")[^"]+|\w+)', expanded)):
            wanted = re.sub(r"not \w+", "", chosen[1])
            folders = re.findall(r"(?<![\w=])tests(?:/\w+)*", expanded[chosen.end() :])
            ignored = re.findall(r"--ignore=(\S+)", expanded)
            found.append(Tier(frozenset(re.findall(r"\w+", wanted)) - {"and", "or"}, tuple(folders), tuple(ignored)))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_test_is_run_by_the_tier_of_its_marker(path: Path) -> None:
    file = str(path.relative_to(ROOT))
    markers = set(re.findall(r"pytest\.mark\.(\w+)", path.read_text())) - MANNERS

    lost = {marker for marker in markers if not any(tier.runs(marker, file) for tier in tiers())}

    assert lost == set()
