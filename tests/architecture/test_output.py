import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import modules

pytestmark = pytest.mark.architecture

TERMINAL = {"print", "typer.echo", "typer.secho", "click.echo", "sys.stdout.write", "sys.stderr.write", "out.write"}
TABLE = {"csv.writer", "csv.DictWriter", "writer.writerow"}
WRITERS = {
    "shared/output.py": TABLE,
    "shared/process/entrypoint.py": {"sys.stderr.write"},
    "tindak/console.py": {"typer.echo", "typer.secho"},
    "tindak/demo_story/output.py": {"self.console.print"},
    "tindak/waiting.py": {"out.write"},
}
CLEANED_BY = ("terminal_text(", "json_text(")


def writing(module: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls by which a module writes to a terminal or into a table."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in TERMINAL | TABLE or name.endswith("console.print"):
                yield node


def test_only_the_output_functions_write_to_terminals_and_tables() -> None:
    elsewhere = {
        f"{path}:{call.lineno} {ast.unparse(call.func)}"
        for path, module in modules().items()
        for call in writing(module)
        if ast.unparse(call.func) not in WRITERS.get(path, set())
    }

    assert elsewhere == set(), "use `say`, `say_json` (tindak/console.py) or `write_csv` (shared/output.py)"


@pytest.mark.parametrize("path", sorted(set(WRITERS) - {"shared/output.py", "tindak/demo_story/output.py"}))
def test_what_they_write_is_cleaned_where_it_is_written(path: str) -> None:
    calls = list(writing(modules()[path]))

    assert calls
    assert [ast.unparse(call) for call in calls if not ast.unparse(call.args[0]).startswith(CLEANED_BY)] == []


def test_log_lines_are_rendered_by_the_output_function() -> None:
    renderers = [
        ast.unparse(node)
        for module in modules().values()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("JSONRenderer")
    ]

    assert set(renderers) == {"structlog.processors.JSONRenderer(log_line)"}


def test_mail_headers_take_no_text_but_by_the_output_function() -> None:
    texts = [
        ast.unparse(node.value)
        for node in ast.walk(modules()["services/notify/channels/smtp.py"])
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) in ("letter['Subject']", "letter['List-Unsubscribe']")
    ]

    assert texts
    assert all(text.startswith("header_text(") for text in texts)
