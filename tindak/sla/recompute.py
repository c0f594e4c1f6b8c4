"""``tindak sla recompute``: all running clocks are timed by the calendars and policy that hold now."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Annotated

import orjson
import typer

from services.sla.tooling import Report
from services.sla.tooling import recompute as recompute_all
from shared.process import logs
from shared.process.settings import CommonSettings
from tindak.console import Failure
from tindak.formatting import span


def recompute(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Save and say nothing; report what would change.")] = False,
    share: Annotated[
        float, typer.Option(help="Of the time to spend working, over 0 to 1; the rest is left to the services.")
    ] = 0.85,
    policy: Annotated[Path | None, typer.Option(help="Folder of the policy; default: TINDAK_POLICY_DIR.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Time all running clocks anew after calendars or clocks have changed; stop it and begin again at any time."""
    if not 0 < share <= 1:
        raise typer.BadParameter("must be over 0 and at most 1", param_hint="--share")
    settings = CommonSettings()
    folder = policy or settings.policy_dir
    if policy is not None and not dry_run:
        raise Failure(
            "Layanan akan menghitung ulang dengan kebijakannya sendiri: ubah kebijakan di TINDAK_POLICY_DIR, atau lihat"
            " dengan --dry-run. / The services would time the clocks back: change the policy in TINDAK_POLICY_DIR, or"
            " look with --dry-run."
        )
    logs.configure("recompute", "warning")
    tell = _untold if as_json else _progress
    report = asyncio.run(recompute_all(settings, folder, share, tell, dry_run=dry_run))
    typer.echo(orjson.dumps(dataclasses.asdict(report)).decode() if as_json else summary(report, dry_run))
    if report.failed:
        raise Failure(
            f"{report.failed} tiket tidak dapat dihitung; catatan log menyebutkan tiket dan letak kesalahannya. /"
            f" Not timed: {report.failed} tickets; the log names them and the place of the fault."
        )


def _untold(report: Report) -> None:
    pass


def _progress(report: Report) -> None:
    if report.tickets // 10_000 > (report.tickets - 500) // 10_000:
        typer.echo(f"{report.tickets} tickets ...", err=True)


def summary(report: Report, dry_run: bool) -> str:
    """Return a report for people."""
    would = "would be timed" if dry_run else "timed"
    shift = f", by up to {span(report.largest_shift_seconds)}" if report.later or report.earlier else ""
    lines = [
        f"tickets: {report.tickets:,}, running clocks: {report.running:,}, {would} by edition {report.edition}",
        f"  due later: {report.later:,}, due earlier: {report.earlier:,}{shift}; running again: {report.resumed:,}",
        f"  breaches corrected: {report.corrected:,}, new: {report.breached:,}, escalated: {report.escalated:,}",
    ]
    if report.overtaken:
        lines.append(f"  changed by others meanwhile and timed once more: {report.overtaken:,}")
    return "\n".join(lines)
