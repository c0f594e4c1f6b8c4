import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit

PROGRAM = """
import logging
import structlog
from shared.process import logs

logs.configure("intake", "info")
structlog.get_logger().info("a\\x1b[2J\\x7f\\x9b", reason="b\\r\\nforged\\u2028\\u202ec")
logging.getLogger("library").warning("d\\x1b[2J\\nforged\\x7f\\u202e")
"""


def test_no_line_of_the_log_steers_a_terminal_or_looks_like_two() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True)

    lines = done.stdout.decode("ascii").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["a\x1b[2J\x7f\x9b", "d\x1b[2J\nforged\x7f\u202e"]
    assert json.loads(lines[0])["reason"] == "b\r\nforged\u2028\u202ec"
    assert all(line.isprintable() for line in lines)
