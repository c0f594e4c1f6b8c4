"""``tindak policy``: what a policy says and what is wrong with it, before services work with it; changes none."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tindak.console import say_json
from tindak.policy.backtest_cli import backtest_command, diff_command
from tindak.policy.check import check
from tindak.policy.dry_run_options import policy_of
from tindak.policy.explain import explain_command

app = typer.Typer(name="policy", help="The city's policy.", no_args_is_help=True)


app.command("explain")(explain_command)
app.command("backtest")(backtest_command)
app.command("diff")(diff_command)


@app.command("check")
def check_(
    directory: Annotated[Path, typer.Argument(envvar="TINDAK_POLICY_DIR", help="Holds the files.")] = Path("policy"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Validate every file as the services do, and print file, line and sentence for each fault; then exit with 1."""
    found = check(policy_of(directory))
    if as_json:
        faults = [asdict(fault) for fault in found.faults]
        say_json({"version": found.version, "counts": dict(found.counts), "faults": faults})
    elif found.faults:
        typer.echo("\n".join(map(str, found.faults)))
    else:
        counts = ", ".join(f"{number} {what}" for what, number in found.counts.items())
        typer.echo(f"Policy {found.version} is sound: {counts}.")
    raise typer.Exit(1 if found.faults else 0)
