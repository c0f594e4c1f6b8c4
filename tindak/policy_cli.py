"""``tindak policy``: says what is wrong with a policy before a service starts with it; never changes one."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tindak.console import Failure, say_json
from tindak.policy_check import check

app = typer.Typer(name="policy", help="The city's policy.", no_args_is_help=True)


@app.callback()
def _policy() -> None:
    """Keep `check` a command of its own; typer would otherwise make the only command the group itself."""


@app.command("check")
def check_(
    directory: Annotated[Path, typer.Argument(envvar="TINDAK_POLICY_DIR", help="Holds the files.")] = Path("policy"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Validate every file as the services do, and print file, line and sentence for each fault; then exit with 1."""
    if not directory.is_dir():
        raise Failure(f"{directory} is no directory; name the one that holds the policy, or set TINDAK_POLICY_DIR.")
    found = check(directory)
    if as_json:
        faults = [asdict(fault) for fault in found.faults]
        say_json({"version": found.version, "counts": dict(found.counts), "faults": faults})
    elif found.faults:
        typer.echo("\n".join(map(str, found.faults)))
    else:
        counts = ", ".join(f"{number} {what}" for what, number in found.counts.items())
        typer.echo(f"Policy {found.version} is sound: {counts}.")
    raise typer.Exit(1 if found.faults else 0)
