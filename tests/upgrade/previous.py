"""The code of the release before this one, as it was committed."""

import subprocess
from pathlib import Path

import pytest

from tests.servers.fleet import ROOT

# Release 0.1.0, by its commit, since a clone may lack its tag. To be raised with each release.
COMMIT = "bd62766e31e83473c602f8a221e44e94c262a214"


def previous_release(into: Path) -> Path:
    """Return a folder with the code of the previous release; skip where the clone does not go back so far."""
    known = subprocess.run(
        ["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"], cwd=ROOT, check=False, capture_output=True
    )
    if known.returncode != 0:
        pytest.skip(f"this clone does not hold the previous release, commit {COMMIT[:8]}")
    packed = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    folder = into / "previous"
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
    return folder
