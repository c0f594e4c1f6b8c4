"""``tindak policy``: checks, explains and compares policies before services use them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tindak.console import say_json
from tindak.options import AsJson
from tindak.policy.backtest_cli import backtest_command, diff_command
from tindak.policy.check import check
from tindak.policy.explain import explain_command
from tindak.policy.options import policy_of
from tindak.waiting import progress

app = typer.Typer(name="policy", help="The city's policy.", no_args_is_help=True)


app.command("explain")(explain_command)
app.command("backtest")(backtest_command)
app.command("diff")(diff_command)


@app.command("check")
def check_(
    directory: Annotated[Path, typer.Argument(envvar="TINDAK_POLICY_DIR", help="Holds the files.")] = Path("policy"),
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Validate every file as the services do; print the place and sentence of faults (exit 1) and warnings (exit 0)."""
    with progress("Checking the policy", 1) as advance:
        found = check(policy_of(directory))
        advance(1)
    if as_json:
        faults, warnings = ([asdict(one) for one in those] for those in (found.faults, found.warnings))
        say_json({"version": found.version, "counts": dict(found.counts), "faults": faults, "warnings": warnings})
    elif found.faults:
        typer.echo("\n".join(map(str, found.faults)))
    else:
        for one in found.warnings:
            typer.echo(f"{one.file}:{one.line}: warning: {one.sentence}")
        counts = ", ".join(f"{number} {what}" for what, number in found.counts.items())
        typer.echo(f"Policy {found.version} is sound: {counts}.")
    raise typer.Exit(1 if found.faults or (strict and found.warnings) else 0)
