"""``tindak routing corrections`` and ``retrain``: what people corrected about the routing, and learning from it."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from shared import topics
from shared.policy.agencies import load_agencies
from tindak.client.kafka import Client
from tindak.console import Failure, Misuse, read_settings, say, say_json, wait_for
from tindak.model.corrections import Correction, corrections_on, write
from tindak.model.labelled_files import Asked
from tindak.model.options import Agency, Precision, Seed, Text, failing_in_a_sentence
from tindak.options import TIMEOUT_SECONDS, AsJson, Timeout
from tindak.policy.labelled_reports import codes_of
from tindak.policy.options import PolicyDir, policy_of
from tindak.waiting import progress


def corrections_command(
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Only those made on that day or later.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="CSV; standard output if not given.")
    ] = None,
    timeout: Timeout = TIMEOUT_SECONDS,
) -> None:
    """Write officers' assignments, and agencies that took what another declined, as training rows; the latest wins."""
    found = wait_for(_corrections(day(since), timeout))
    if out is None:
        write(found, sys.stdout)
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            write(found, file)
    except OSError as error:
        raise Failure(f"{out} cannot be written: {error.strerror}.") from error
    say(f"Corrections in {out}: {len(found)}.")


async def _corrections(since: datetime | None, timeout_seconds: float) -> list[Correction]:
    async with Client(read_settings(timeout_seconds).kafka) as client:
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


@failing_in_a_sentence
def retrain_command(
    file: Annotated[Path, typer.Argument(help="What the model in use learned from, CSV or XLSX.")],
    corrections: Annotated[Path, typer.Option("--corrections", help="File that `tindak routing corrections` wrote.")],
    model: Annotated[Path, typer.Option("--model", metavar="DIR", help="Where the model lies and is replaced.")],
    policy: PolicyDir = Path("policy"),
    text: Text = None,
    agency: Agency = None,
    precision: Precision = 0.95,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Learn from corrections, too; replace the model only if that is no worse on the newest reports; else exit 1."""
    from services.routing.training import tooling
    from tindak.model.exports import read_export
    from tindak.model.retraining import TooFew, named, retrain

    codes = codes_of(load_agencies(policy_of(policy)))
    try:
        known = named(read_export(file, Asked(text, agency)).examples, codes)
        corrected = named(read_export(corrections, Asked()).examples, codes)
        with progress("Learning", 1) as advance:
            found = retrain(known, corrected, precision=precision, seed=seed)
            advance(1)
    except TooFew as error:
        raise Failure(str(error)) from error
    kept = found.refused_because
    digests = tooling.pack_digests((*known.texts, *corrected.texts))
    origin = {"file": file.name, "corrected_by": corrections.name, "text_digests": digests}
    named_so = None if kept else tooling.save(model, found.model, found.summary, origin)
    if as_json:
        scores = {"before": asdict(found.before), "after": asdict(found.after)}
        say_json({"replaced": kept is None, "because": kept, "hash": named_so, **scores})
    elif kept:
        say(f"The model in use is kept: of {found.after.rows} newest reports the new one does worse; {kept}.")
    else:
        say(
            f"Model {(named_so or '')[:12]} is in {model}: it finds the agency of {found.after.top1:.1%} of the newest"
            f" {found.after.rows} reports, the old one of {found.before.top1:.1%}."
        )
    raise typer.Exit(1 if kept else 0)
