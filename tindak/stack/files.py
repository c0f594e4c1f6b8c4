"""The files in which a stack keeps what another command must know of it."""

import os
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from tindak.stack.programs import StackError

T = TypeVar("T")

OWNER_ONLY = 0o600


def read(kind: type[T], path: Path) -> T | None:
    """Return what was written there, or None if nothing was.

    Raises:
        StackError: The file is not one of ours.
    """
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise StackError(
            f"{path} is not what a stack writes there; choose another folder, or delete this one."
        ) from error


def write(value: object, path: Path) -> None:
    """Write *value*, whole or not at all; nobody but the file's owner can read it."""
    write_for_owner(path, TypeAdapter(type(value)).dump_json(value, indent=1).decode())


def write_for_owner(path: Path, text: str) -> None:
    """Write *text*, whole or not at all; nobody but the file's owner can read it at any time."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as file:
        file.write(text)
    unfinished.rename(path)
