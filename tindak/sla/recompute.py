"""``tindak sla recompute``: all running clocks are timed by the calendars and policy that hold now."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from services.sla.tooling import PAUSE_MAX, SHARE, Report, Throttle
from services.sla.tooling import recompute as recompute_all
from shared.process import logs
from tindak.console import Failure, read_settings, say, say_json, wait_for
from tindak.formatting import span
from tindak.options import TIMEOUT_SECONDS, AsJson, DryRun, Timeout
from tindak.waiting import progress, within


def recompute(
    dry_run: DryRun = False,
    share: Annotated[
        float, typer.Option(help="Of the time to spend working, over 0 to 1; the rest is left to the services.")
    ] = SHARE,
    policy: Annotated[Path | None, typer.Option(help="Folder of the policy; default: TINDAK_POLICY_DIR.")] = None,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Time all running clocks anew after calendars or clocks have changed; stop it and begin again at any time."""
    if not 0 < share <= 1:
        raise typer.BadParameter("must be over 0 and at most 1", param_hint="--share")
    if policy is not None and not dry_run:
        raise Failure(
            "Layanan akan menghitung ulang dengan kebijakannya sendiri: ubah kebijakan di TINDAK_POLICY_DIR, atau lihat"
            " dengan --dry-run. / The services would time the clocks back: change the policy in TINDAK_POLICY_DIR, or"
            " look with --dry-run."
        )
    logs.configure("recompute", "error")
    report = wait_for(_recompute(policy, share, timeout, dry_run=dry_run))
    if as_json:
        say_json(asdict(report))
    else:
        say(summary(report, dry_run))
    if report.failed:
        raise Failure(
            f"{report.failed} tiket tidak dapat dihitung; catatan log menyebutkan tiket dan letak kesalahannya. /"
            f" Not timed: {report.failed} tickets; the log names them and the place of the fault."
        )


async def _recompute(policy: Path | None, share: float, timeout_seconds: float, *, dry_run: bool) -> Report:
    settings = read_settings(timeout_seconds, "sla")
    # A rest between two batches must not count as silence of a server.
    throttle = Throttle(share, pause_max=min(PAUSE_MAX, timedelta(seconds=timeout_seconds / 2)))
    done = 0
    with progress("Timing tickets") as advance:
        async with within(timeout_seconds, _silence(timeout_seconds)) as alive:

            def note(report: Report) -> None:
                nonlocal done
                alive()
                advance(report.tickets - done)
                done = report.tickets

            return await recompute_all(settings, policy or settings.policy_dir, throttle, note, dry_run=dry_run)


def _silence(timeout_seconds: float) -> str:
    return (
        f"Basis data atau Kafka tidak menjawab selama {timeout_seconds:g} s; periksa TINDAK_MONGO_URI dan"
        f" TINDAK_KAFKA_BOOTSTRAP_SERVERS, lalu ulangi. / Database or Kafka gave no answer for {timeout_seconds:g} s;"
        " check TINDAK_MONGO_URI and TINDAK_KAFKA_BOOTSTRAP_SERVERS, and begin again."
    )


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
