"""Tests mean the same in every terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit


def test_settings_that_the_terminal_exports_reach_no_test() -> None:
    settings = Path(__file__).with_name("test_settings.py")
    exported = {"TINDAK_KAFKA_SESSION_TIMEOUT_MS": "6000", "TINDAK_PROFILE": "local"}

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", str(settings)], env=os.environ | exported, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout
