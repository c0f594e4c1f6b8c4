"""``tindak routing train`` and ``evaluate``: train the text model and measure it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tindak.console import Failure, Misuse, say, say_json
from tindak.model.labelled_files import Asked
from tindak.model.options import Agency, PlaceColumns, Precision, Seed, Source, Text, Time, failing_in_a_sentence
from tindak.options import AsJson
from tindak.waiting import progress

if TYPE_CHECKING:
    from services.routing.training.tooling import Examples, Measures, Model
    from tindak.model.exports import Export

SPLIT_ROWS_MIN = 20


@failing_in_a_sentence
def train(
    source: Source,
    model: Annotated[Path, typer.Option(metavar="DIR", help="Where the model is written.")],
    text: Text = None,
    agency: Agency = None,
    place: PlaceColumns = None,
    time: Time = None,
    precision: Precision = 0.95,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Learn the agencies of reports from a labelled file; LAPOR!'s "Laporan Ringkas" needs no options."""
    from services.routing.training import tooling

    export = _read(source, text, agency, place, time, precision)
    _tell(export, quiet=as_json)
    with progress("Learning", 1) as advance:
        made, summary = tooling.train(export.examples, precision=precision, seed=seed)
        advance(1)
    digests = {"text_digests": tooling.pack_digests(export.examples.texts)}
    named = tooling.save(model, made, summary, _origin(source, export) | digests)
    if as_json:
        say_json({"model": str(model), "hash": named, **asdict(summary), **_origin(source, export)})
        return
    routed = "nothing" if summary.judged_precision is None else f"{summary.judged_coverage:.1%}"
    right = "" if summary.judged_precision is None else f", {summary.judged_precision:.1%} of that rightly"
    rare = sorted(name for name, count in summary.counts.items() if name not in made.agencies or count < 1)
    say(f"Learned {len(made.agencies)} agencies from {summary.rows:,} reports: model {named[:12]} in {model}.")
    say(f"Of the newest {summary.judged:,} it would route {routed} without a person{right}.")
    if rare:
        say(f"Too few reports to learn, so left to people: {', '.join(rare)}.")


@failing_in_a_sentence
def evaluate(
    source: Source,
    model: Annotated[Path | None, typer.Option(metavar="DIR", help="The model to measure.")] = None,
    split_by_time: Annotated[
        float | None, typer.Option(help="Train on this older share of the file and measure on the rest.")
    ] = None,
    text: Text = None,
    agency: Agency = None,
    place: PlaceColumns = None,
    time: Time = None,
    precision: Precision = 0.95,
    seed: Seed = 0,
    report: Annotated[Path | None, typer.Option(metavar="DIR", help="Where report.md and its picture go.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model on a labelled file, or train on its older part and measure on the newer one."""
    from services.routing.training import tooling

    if (model is None) == (split_by_time is None):
        raise Misuse("Give either --model DIR or --split-by-time SHARE.")
    if split_by_time is not None and not 0 < split_by_time < 1:
        raise Misuse("--split-by-time is a share between 0 and 1, like 0.8.")
    export = _read(source, text, agency, place, time, precision)
    _tell(export, quiet=as_json)
    if split_by_time is None:
        subject = _stored_model(Path(model or ""), source, export.examples)
    else:
        subject = _model_of_older_part(split_by_time, source, export.examples, precision, seed)
    with progress("Measuring", 1) as advance:
        found = tooling.measure(subject.model, subject.examples)
        advance(1)
    notes = list(export.notes)
    if subject.learned:
        notes.append(
            f"Warning: {subject.learned} of these {found.rows} rows were in the model's training set; it knows them."
        )
        say(notes[-1], err=True)
    if report is not None:
        sentences = [subject.description, *_describe(export), *notes]
        page = tooling.write_report(report, f"Text model on {source.name}", sentences, found, subject.target)
    if as_json:
        say_json({**asdict(found), "in_training_set": subject.learned, "notes": notes})
        return
    _say(found, subject.target)
    if report is not None:
        say(f"The report is {page}.")


class _Subject(NamedTuple):
    """A model to measure, on which reports, and how many of these it has learned from."""

    model: "Model"
    examples: "Examples"
    target: float
    description: str
    learned: int = 0


def _stored_model(directory: Path, source: Path, examples: "Examples") -> _Subject:
    from services.routing.training import tooling

    model, manifest = tooling.load(directory)
    description = f"Model {manifest['hash'][:12]}, measured on {source.name}."
    target, learned = float(manifest["training"]["precision"]), _learned_among(manifest, source, examples.texts)
    return _Subject(model, examples, target, description, learned)


def _model_of_older_part(share: float, source: Path, examples: "Examples", precision: float, seed: int) -> _Subject:
    from services.routing.training import tooling

    cut = int(len(examples.texts) * share)
    if len(examples.texts) < SPLIT_ROWS_MIN or cut == 0:
        raise Failure(f"{source} has {len(examples.texts)} usable rows; a split needs {SPLIT_ROWS_MIN} or more.")
    with progress("Learning", 1) as advance:
        model, summary = tooling.train(examples.part(range(cut)), precision=precision, seed=seed)
        advance(1)
    description = f"Trained on the older {summary.rows:,} reports of {source.name}, measured on the newer ones."
    return _Subject(model, examples.part(range(cut, len(examples.texts))), precision, description)


def _read(
    source: Path, text: str | None, agency: str | None, place: list[str] | None, time: str | None, precision: float
) -> "Export":
    from tindak.model.exports import read_export

    if not 0 < precision < 1:
        raise Misuse("--precision is a share between 0 and 1, like 0.95.")
    export = read_export(source, Asked(text, agency, tuple(place) if place else None, time))
    if not export.examples.texts:
        raise Failure(f"{source} has no row with both a text and an agency.")
    return export


def _origin(source: Path, export: "Export") -> dict[str, Any]:
    period = [instant.isoformat() for instant in export.period] if export.period else None
    return {
        "file": source.name,
        "file_sha256": _sha256_of(source),
        "period": period,
        "columns": json.loads(json.dumps(export.columns)),
    }


def _learned_among(manifest: Mapping[str, Any], source: Path, texts: Sequence[str]) -> int:
    """Return how many of the *texts* of *source* were in a model's training set.

    Models of release 0.1.0 name only the file that they learned from.
    """
    from services.routing.training.tooling import count_known

    training = manifest["training"]
    if "text_digests" in training:
        return count_known(texts, training["text_digests"])
    return len(texts) if training.get("file_sha256") == _sha256_of(source) else 0


def _sha256_of(source: Path) -> str:
    return hashlib.sha256(source.read_bytes()).hexdigest()


def _describe(export: "Export") -> list[str]:
    used = "; ".join(f"{what}: {', '.join(names) or 'none'}" for what, names in export.columns.items())
    period = "" if export.period is None else f" from {export.period[0]:%Y-%m-%d} to {export.period[1]:%Y-%m-%d}"
    return [f"{len(export.examples.texts):,} usable reports{period}. Columns: {used}."]


def _tell(export: "Export", *, quiet: bool) -> None:
    """Say on stderr what was read and what was odd; *quiet* leaves only what was odd."""
    for sentence in [*([] if quiet else _describe(export)), *export.notes]:
        say(sentence, err=True)


def _say(found: "Measures", target: float) -> None:
    precision = "none routed" if found.precision is None else f"{found.precision:.3f}"
    say(f"{found.rows:,} reports: top 1 {found.top1:.3f}, top 3 {found.top3:.3f}, macro F1 {found.macro_f1:.3f}.")
    say(f"Routed without a person: {found.coverage:.1%}; precision {precision} (target {target:.2f}).")
    say(f"{found.texts_per_second:,.0f} texts per second.")
