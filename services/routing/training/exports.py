"""Labelled reports out of any table; LAPOR!'s "Laporan Ringkas" needs to be told nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.routing.classifier.words import words
from services.routing.training.fitting import Examples
from services.routing.training.instants import read_instants
from services.routing.training.tables import Row, read_table
from shared.text import name_key

HEADER_ROWS_MAX = 10  # some exports begin with a title
NOBODY = {"", "-", "--", "n/a", "null", "none", "nan"}

# Columns that are understood without options, best first.
TEXTS = (
    "isi laporan akhir",
    "isi laporan awal",
    "isi laporan",
    "isi",
    "laporan",
    "text",
    "teks",
    "body",
    "keluhan",
    "aduan",
)
TITLES = ("judul laporan", "judul", "title")
AGENCIES = ("instansi terdisposisi", "agency", "instansi", "opd", "dinas", "disposisi")
DAYS = ("tanggal laporan masuk", "time", "tanggal", "waktu", "date", "created_at", "submitted_at", "timestamp")
CLOCKS = ("waktu laporan masuk",)
PLACES = ("alamat", "address", "lokasi", "kecamatan", "kelurahan", "kelurahan/desa", "desa", "kategori", "category")
FIELDS = {
    "kecamatan": ("kecamatan", "district"),
    "kelurahan": ("kelurahan", "desa", "village"),
    "category": ("kategori", "category"),
    "address": ("alamat", "address", "lokasi", "location", "jalan"),
}


class ColumnMissing(Exception):
    """A column that was asked for, or is needed, is not in the file; in one sentence with those that are."""


@dataclass(frozen=True)
class Asked:
    """Which columns to use; None: those that are understood without options."""

    text: str | None = None
    agency: str | None = None
    place: tuple[str, ...] | None = None
    time: str | None = None


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


@dataclass(frozen=True)
class Layout:
    """Where the columns are; ``place`` by field."""

    texts: tuple[tuple[int, ...], ...]
    agency: int
    place: Mapping[str, int]
    time: tuple[int, ...]
    header: Row
    first_row: int


def read_export(path: Path, asked: Asked) -> Export:
    """Return the labelled reports of a CSV or XLSX file.

    Raises:
        TableUnreadable: It is no table.
        ColumnMissing: It lacks a column.
    """
    rows = read_table(path)
    layout = _find_layout(path, rows, asked)
    notes: list[str] = []
    body = _usable(rows[layout.first_row :], layout, notes)
    names = _common_spelling([_cell(row, layout.agency) for row in body])
    order, period = _in_time(body, layout, notes)
    examples = Examples(
        [_text_of(body[at], layout) for at in order],
        [{name: _cell(body[at], column) for name, column in layout.place.items()} for at in order],
        [names[at] for at in order],
    )
    used = {
        "text": tuple(dict.fromkeys(layout.header[column] for group in layout.texts for column in group)),
        "agency": (layout.header[layout.agency],),
        "place": tuple(layout.header[column] for column in layout.place.values()),
        "time": tuple(layout.header[column] for column in layout.time),
    }
    return Export(examples, period, used, tuple(notes))


def _find_layout(path: Path, rows: Sequence[Row], asked: Asked) -> Layout:
    wanted = {name_key(name) for name in (asked.text, asked.agency, asked.time, *(asked.place or ())) if name}
    wanted |= {*TEXTS, *TITLES, *AGENCIES, *DAYS, *CLOCKS, *PLACES}
    heads = rows[:HEADER_ROWS_MAX]
    first = max(range(len(heads)), key=lambda at: (len(wanted & set(map(name_key, heads[at]))), -at))
    header = heads[first]
    columns = {name_key(name): at for at, name in reversed(list(enumerate(header))) if name}

    def named(name: str) -> int:
        if name_key(name) not in columns:
            raise ColumnMissing(f"{path} has no column `{name}`; it has: {', '.join(filter(None, header))}.")
        return columns[name_key(name)]

    def found(names: Sequence[str]) -> tuple[int, ...]:
        return tuple(columns[name] for name in names if name in columns)

    bodies, agencies = found(TEXTS), found(AGENCIES)
    texts = ((named(asked.text),),) if asked.text else (found(TITLES)[:1], bodies[:2])
    agency = named(asked.agency) if asked.agency else next(iter(agencies), None)
    if asked.text is None and not bodies:
        raise ColumnMissing(f"{path} has no column that is known to hold the text; name it with --text.")
    if agency is None:
        raise ColumnMissing(f"{path} has no column that is known to hold the agency; name it with --agency.")
    places = tuple(map(named, asked.place)) if asked.place else found(PLACES)
    time = (named(asked.time),) if asked.time else (*found(DAYS)[:1], *found(CLOCKS))
    return Layout(texts, agency, _fields_of(header, places), time, header, first + 1)


def _fields_of(header: Row, places: Sequence[int]) -> Mapping[str, int]:
    fields: dict[str, int] = {}
    for column in places:
        name = name_key(header[column])
        field = next((field for field, parts in FIELDS.items() if any(part in name for part in parts)), name)
        fields[name if field in fields else field] = column
    return fields


def _usable(rows: Sequence[Row], layout: Layout, notes: list[str]) -> list[Row]:
    silent = [row for row in rows if not words(_text_of(row, layout))]
    nobody = [row for row in rows if words(_text_of(row, layout)) and _cell(row, layout.agency).lower() in NOBODY]
    for number, what in ((len(silent), "text"), (len(nobody), "agency")):
        if number:
            notes.append(f"{number} of {len(rows)} rows without {what} were left out.")
    left_out = {id(row) for row in (*silent, *nobody)}
    return [row for row in rows if id(row) not in left_out]


def _in_time(
    rows: Sequence[Row], layout: Layout, notes: list[str]
) -> tuple[list[int], tuple[datetime, datetime] | None]:
    """Return the numbers of the rows, oldest first, and the period; rows without a readable time count as oldest."""
    instants = read_instants([" ".join(_cell(row, column) for column in layout.time) for row in rows])
    readable = [instant for instant in instants if instant is not None]
    if not readable:
        why = "No time can be read" if layout.time else "No column of the time is known"
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


def _text_of(row: Row, layout: Layout) -> str:
    said = (next(filter(None, (_cell(row, column) for column in group)), "") for group in layout.texts)
    return "\n".join(filter(None, said))


def _cell(row: Row, column: int) -> str:
    """Return a cell; rows that end early have empty ones."""
    return row[column] if column < len(row) else ""
