"""The options of commands that put a policy on trial."""

from pathlib import Path
from typing import Annotated

import typer

from tindak.console import Failure

PolicyDir = Annotated[Path, typer.Option("--policy", envvar="TINDAK_POLICY_DIR", help="Directory of the policy.")]


def policy_of(directory: Path) -> Path:
    """Return *directory*; raise Failure if it is none."""
    if not directory.is_dir():
        raise Failure(f"{directory} is no directory; name the one that holds the policy, or set TINDAK_POLICY_DIR.")
    return directory
