"""Options that name a policy and a text model."""

from pathlib import Path
from typing import Annotated

import typer

from services.routing.tooling import TextModel, load_model
from tindak.console import Failure

PolicyDir = Annotated[Path, typer.Option("--policy", envvar="TINDAK_POLICY_DIR", help="Directory of the policy.")]

ModelDir = Annotated[
    Path | None, typer.Option("--model", envvar="TINDAK_ROUTING_MODEL_DIR", help="Directory of a trained text model.")
]


def policy_of(directory: Path) -> Path:
    """Return *directory*; raise Failure if it is none."""
    if not directory.is_dir():
        raise Failure(f"{directory} is no directory; name the one that holds the policy, or set TINDAK_POLICY_DIR.")
    return directory


def model_of(directory: Path | None) -> TextModel | None:
    """Return the model in *directory*, or None for none; raise Failure if it cannot be used."""
    if directory is None:
        return None
    try:
        return load_model(directory)
    except ValueError as error:
        raise Failure(str(error)) from error
