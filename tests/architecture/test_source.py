import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, SERVICES, modules, tracked

pytestmark = pytest.mark.architecture

GUARD = "shared/delivery/guard.py"
LINES_MAX = 300
FUNCTION_LINES_MAX = 50
CODE = [path for path in tracked() if path.suffix == ".py"]


def test_only_the_guard_catches_every_exception() -> None:
    blind = {
        f"{path}:{node.lineno}"
        for path, module in modules().items()
        for node in ast.walk(module)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    }

    assert {place.split(":")[0] for place in blind} == {GUARD}


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_MAX


def test_a_function_fits_on_one_screen() -> None:
    long = {
        f"{path}:{node.name}"
        for path, module in modules().items()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_MAX
    }

    assert long == set()


def test_no_todo_is_left_behind() -> None:
    mark = re.compile(r"#.*\b(TO" + "DO|FIX" + "ME|XX" + r"X)\b")

    marked = {str(path) for path in CODE if mark.search(path.read_text(encoding="utf-8"))}

    assert marked == set()


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_anatomy(service: str) -> None:
    folder = ROOT / "services" / service
    parts = {"__init__", "settings", "policy", "store", "handlers", "app"}

    found = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    assert parts | {"domain"} <= found
    assert ast.get_docstring(modules()[f"services/{service}/__init__.py"])


def test_no_test_sleeps() -> None:
    sleepers = {
        str(path.relative_to(ROOT))
        for path in CODE
        if path.is_relative_to(ROOT / "tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep"
    }

    assert sleepers == set()
