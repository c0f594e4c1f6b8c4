"""Labelled files as examples to learn from and to measure on: usable rows, oldest first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.routing.training.tooling import Examples
from shared.text import name_key, words_of
from tindak.model.instants import read_instants
from tindak.model.labelled_files import Asked, LabelledRow, read_labelled

NOBODY = {"", "-", "--", "n/a", "null", "none", "nan"}


@dataclass(frozen=True)
class Export:
    """The labelled reports of a file.

    Args:
        examples: Oldest first.
        period: The first and the last instant; None where the order of the rows is the order of time.
        columns: Which columns were used, by what for.
        notes: What was odd, in sentences.
    """

    examples: Examples
    period: tuple[datetime, datetime] | None
    columns: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]


def read_export(path: Path, asked: Asked) -> Export:
    """Return the labelled reports of a CSV or XLSX file.

    Raises:
        TableUnreadable: It is no table.
        ColumnMissing: It lacks a column.
    """
    file = read_labelled(path, asked)
    notes: list[str] = []
    rows = _usable(file.rows, notes)
    names = _common_spelling([row.agency for row in rows])
    order, period = _in_time(rows, bool(file.columns["time"]), notes)
    examples = Examples(
        [_text_of(rows[at]) for at in order], [dict(rows[at].place) for at in order], [names[at] for at in order]
    )
    return Export(examples, period, file.columns, tuple(notes))


def _usable(rows: Sequence[LabelledRow], notes: list[str]) -> list[LabelledRow]:
    with_text = [row for row in rows if words_of(_text_of(row))]
    usable = [row for row in with_text if row.agency.lower() not in NOBODY]
    for number, what in ((len(rows) - len(with_text), "text"), (len(with_text) - len(usable), "agency")):
        if number:
            notes.append(f"{number} of {len(rows)} rows without {what} were left out.")
    return usable


def _in_time(
    rows: Sequence[LabelledRow], has_time: bool, notes: list[str]
) -> tuple[list[int], tuple[datetime, datetime] | None]:
    """Return the numbers of the rows, oldest first, and the period; rows without a readable time count as oldest."""
    instants = read_instants([row.time for row in rows])
    readable = [instant for instant in instants if instant is not None]
    if not readable:
        why = "No time can be read" if has_time else "No column of the time is known"
        notes.append(f"{why}: the order of the rows is taken as the order of time.")
        return list(range(len(rows))), None
    if len(readable) < len(rows):
        notes.append(f"{len(rows) - len(readable)} of {len(rows)} rows have no readable time and count as the oldest.")
    before = min(readable)
    keys = [(instant is not None, instant or before) for instant in instants]
    return sorted(range(len(rows)), key=keys.__getitem__), (before, max(readable))


def _common_spelling(agencies: Sequence[str]) -> list[str]:
    """Return the agencies, each in the spelling that most rows give it; case and spaces make no other agency."""
    spellings: dict[str, Counter[str]] = {}
    for agency in agencies:
        spellings.setdefault(name_key(agency), Counter())[" ".join(agency.split())] += 1
    usual = {key: counter.most_common(1)[0][0] for key, counter in spellings.items()}
    return [usual[name_key(agency)] for agency in agencies]


def _text_of(row: LabelledRow) -> str:
    return "\n".join(filter(None, (row.title, row.text)))
