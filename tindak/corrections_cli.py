"""``tindak routing corrections``: writes what people corrected about the routing as a file to train with."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from shared import topics
from tindak.client import Client
from tindak.console import Failure, Misuse, read_settings, wait_for
from tindak.corrections import Correction, corrections_on, write


def corrections_command(
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Only those made on that day or later.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="CSV; standard output if not given.")
    ] = None,
) -> None:
    """Write officers' assignments, and agencies that took what another declined, as training rows; the latest wins."""
    found = wait_for(_corrections(day(since)))
    if out is None:
        write(found, sys.stdout)
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            write(found, file)
    except OSError as error:
        raise Failure(f"{out} cannot be written: {error.strerror}.") from error
    typer.echo(f"Corrections in {out}: {len(found)}.")


async def _corrections(since: datetime | None) -> list[Correction]:
    async with Client(read_settings().kafka) as client:
        return corrections_on(await client.read([topics.ACCEPTED, topics.TICKETS]), since)


def day(given: str | None) -> datetime | None:
    """Return the instant that *given* names, for a day its beginning in UTC; raise Misuse for anything else."""
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise Misuse(f"`{given}` is no date, like 2026-03-02, and no instant.") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
