"""The rooms of routing's domain: who may import whom, and that each is called by a word of the glossary."""

import re
from collections import Counter

import pytest

from tests.architecture.source import ROOT, modules, modules_imported

DOMAIN = "services.routing.domain"
ROOMS = ("text", "duplicates", "agency_choice", "ticket", "clusters", "lifecycle")
"""Each may import from itself and from those before it; ``decide`` from all."""

MODULES_MAX = 14


def room_of(module: str) -> str | None:
    found = re.match(rf"{re.escape(DOMAIN)}\.(\w+)", module)
    return found[1] if found else None


def glossary() -> set[str]:
    rows = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    return {word.strip().lower() for row in rows if row.startswith("| ") for word in row.split("|")[1].split(",")}


def test_the_domain_of_routing_has_these_rooms_and_one_way_in() -> None:
    found = {path.split("/")[3] for path in modules() if path.startswith("services/routing/domain/")}

    assert found == {*ROOMS, "decide.py", "__init__.py"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_of_routing_imports_from_those_before_it_only(room: str) -> None:
    allowed = {*ROOMS[: ROOMS.index(room) + 1], None}
    imported = {
        (path, name)
        for path, module in modules().items()
        if path.startswith(f"services/routing/domain/{room}/")
        for name in modules_imported(module)
    }

    assert {(path, name) for path, name in imported if room_of(name) not in allowed} == set()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_of_routing_is_called_by_a_word_of_the_glossary(room: str) -> None:
    word = room.replace("_", " ")

    assert {word, word.removesuffix("s")} & glossary()


def test_no_folder_of_the_product_holds_more_modules_than_one_can_keep_in_mind() -> None:
    counts = Counter(path.rpartition("/")[0] for path in modules() if not path.endswith("/__init__.py"))

    assert {folder: count for folder, count in counts.items() if count > MODULES_MAX} == {}


def test_tests_of_the_domain_of_routing_stand_in_the_same_rooms() -> None:
    tests = ROOT / "tests" / "unit" / "routing"

    assert {path.name for path in tests.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(ROOMS)
