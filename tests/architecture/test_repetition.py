"""What several places need has one home."""

import ast
from collections import defaultdict

import pytest

from tests.architecture.source import modules

pytestmark = pytest.mark.architecture

LINES = 6  # so many in a row stand in one place only


class _Statements(ast.NodeTransformer):
    """Leaves out imports and docstrings."""

    def visit(self, node: ast.AST) -> ast.AST:
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [one for one in body if not isinstance(one, ast.Import | ast.ImportFrom) and not _is_text(one)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
        return self.generic_visit(node)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def lines_of(source: str) -> list[str]:
    """Return a module line by line, each statement on one line, however it is laid out."""
    bare = _Statements().visit(ast.parse(source))
    return [line.strip() for line in ast.unparse(bare).splitlines() if line.strip()]


def repeated(sources: dict[str, str]) -> set[tuple[str, ...]]:
    """Return the places of each passage that occurs more than once, as module and first line of the passage."""
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, source in sources.items():
        lines = lines_of(source)
        for start in range(len(lines) - LINES + 1):
            found[tuple(lines[start : start + LINES])].append(f"{path}: {lines[start]}")
    return {tuple(places) for places in found.values() if len(places) > 1}


def test_no_six_lines_are_repeated() -> None:
    field = "attachments: tuple[Attachment, ...] = ()"
    # A common base would move these fields to the front of an accepted complaint, and two releases that run side by
    # side must write one event with the same bytes.
    both = (f"shared/events/complaints.py: {field}", f"shared/events/complaints.py: {field}")

    assert repeated({path: ast.unparse(module) for path, module in modules().items()}) - {both} == set()


@pytest.mark.parametrize(("lines", "places"), [(5, set()), (6, {("one.py: a(0)", "two.py: a(0)")})])
def test_layout_imports_and_docstrings_hide_no_repetition(lines: int, places: set[tuple[str, ...]]) -> None:
    passage = [f"a({number})" for number in range(lines)]
    one = "import x\n" + "\n".join(passage) + "\nb()\n"
    two = '"""Text."""\nimport y\nimport z\n' + "\n\n".join(line.replace("(", "(\n  ") for line in passage) + "\nc()\n"

    assert repeated({"one.py": one, "two.py": two}) == places
