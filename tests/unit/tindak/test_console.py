import json

import pytest

from tindak.console import say, say_json

pytestmark = pytest.mark.unit

HOSTILE = "\x1b]0;judul\x07\x1b[2J\x9b31m\u202egnp\u200b\x7f"


def test_what_is_printed_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"satu {HOSTILE}\ndua")
    say(HOSTILE, err=True)

    printed = capsys.readouterr()
    assert [line.isprintable() for line in (*printed.out.splitlines(), *printed.err.splitlines())] == [True] * 3
    assert printed.out.startswith("satu \\x1b]0;judul\\x07")


def test_printed_json_is_read_back_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    say_json({"title": HOSTILE})

    [line] = capsys.readouterr().out.splitlines()
    assert line.isprintable()
    assert json.loads(line) == {"title": HOSTILE}
