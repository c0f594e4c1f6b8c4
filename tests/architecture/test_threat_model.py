"""Each threat that the model names has something that stops it and a test that shows it, which is there."""

import re

import pytest

from tests.architecture.source import ROOT, tracked

pytestmark = pytest.mark.architecture

PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| could try |", "| --- |"))
]
TESTED = {str(path.relative_to(ROOT)) for path in tracked() if path.name.startswith("test_")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_threat_is_stopped_by_something_and_shown_by_tests_that_exist(row: list[str]) -> None:
    _, stopped_by, shown_by = row

    named = re.findall(r"`([^`]+)`", shown_by)
    assert stopped_by
    assert named
    assert [path for path in named if not any(f"{test}/".startswith(f"{path}/") for test in TESTED)] == []


def test_every_kind_of_attacker_has_a_table() -> None:
    tables = re.findall(r"^## (.*)\n\n\| could try \| what stops it \| shown by \|", PAGE, re.MULTILINE)

    assert len(tables) == len(re.findall(r"^## ", PAGE, re.MULTILINE)) - 1  # the last one says what does not hold
    for kind in ("reporter", "channel", "agency", "officer", "Operators", "broker", "database", "supplies"):
        assert [title for title in tables if kind in title]
