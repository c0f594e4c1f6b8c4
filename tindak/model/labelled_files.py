"""Labelled reports out of any table: which column means what; LAPOR!'s "Laporan Ringkas" needs to be told nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.text import name_key
from tindak.model.tables import Row, read_table

HEADER_ROWS_MAX = 10  # some exports begin with a title

# Columns that are understood without options, best first.
TEXTS = (
    "isi laporan akhir", "isi laporan awal", "isi laporan", "isi aduan", "isi", "laporan", "text", "teks", "body",
    "keluhan", "aduan", "uraian",
)  # fmt: skip
TITLES = ("judul laporan", "judul", "title")
AGENCIES = (
    "instansi terdisposisi", "agency", "instansi", "instansi tujuan", "opd", "skpd", "dinas", "disposisi",
)  # fmt: skip
DAYS = ("tanggal laporan masuk", "time", "tanggal", "waktu", "date", "created_at", "submitted_at", "timestamp")
CLOCKS = ("waktu laporan masuk",)
PLACES = (
    "alamat", "address", "place", "lokasi", "lokasi kejadian", "kecamatan", "kelurahan", "kelurahan/desa", "desa",
    "kategori", "category", "topik",
)  # fmt: skip
FIELDS = {
    "kecamatan": ("kecamatan", "district"),
    "kelurahan": ("kelurahan", "desa", "village"),
    "category": ("kategori", "category", "topik"),
    "address": ("alamat", "address", "place", "lokasi", "location", "jalan"),
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
class LabelledRow:
    """A report and who had it in the end, as written; ``place`` by field of `FIELDS`, or by column."""

    title: str
    text: str
    agency: str
    place: Mapping[str, str]
    time: str


@dataclass(frozen=True)
class LabelledFile:
    """The rows of a file, and which columns were used by what for."""

    rows: Sequence[LabelledRow]
    columns: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Layout:
    """Where the columns are; ``place`` by field."""

    titles: tuple[int, ...]
    texts: tuple[int, ...]
    agency: int
    place: Mapping[str, int]
    time: tuple[int, ...]
    header: Row
    first_row: int


def read_labelled(path: Path, asked: Asked = Asked()) -> LabelledFile:
    """Return the rows of a CSV or XLSX file, in their order; cells may be empty.

    Raises:
        TableUnreadable: It is no table.
        ColumnMissing: It lacks a column.
    """
    rows = read_table(path)
    layout = _find_layout(path, rows, asked)
    used = {
        "text": tuple(dict.fromkeys(layout.header[column] for column in (*layout.titles, *layout.texts))),
        "agency": (layout.header[layout.agency],),
        "place": tuple(layout.header[column] for column in layout.place.values()),
        "time": tuple(layout.header[column] for column in layout.time),
    }
    return LabelledFile([_labelled(row, layout) for row in rows[layout.first_row :]], used)


def _labelled(row: Row, layout: Layout) -> LabelledRow:
    return LabelledRow(
        title=_first(row, layout.titles),
        text=_first(row, layout.texts),
        agency=_cell(row, layout.agency),
        place={name: _cell(row, column) for name, column in layout.place.items()},
        time=" ".join(_cell(row, column) for column in layout.time),
    )


def _find_layout(path: Path, rows: Sequence[Row], asked: Asked) -> Layout:
    wanted = {name_key(name) for name in (asked.text, asked.agency, asked.time, *(asked.place or ())) if name}
    wanted |= {*TEXTS, *TITLES, *AGENCIES, *DAYS, *CLOCKS, *PLACES}
    heads = rows[:HEADER_ROWS_MAX]
    first = max(range(len(heads)), key=lambda at: (len(wanted & set(map(name_key, heads[at]))), -at))
    header = heads[first]
    there = f"it has: {', '.join(filter(None, header))}"
    columns = {name_key(name): at for at, name in reversed(list(enumerate(header))) if name}

    def named(name: str) -> int:
        if name_key(name) not in columns:
            raise ColumnMissing(f"{path} has no column `{name}`; {there}.")
        return columns[name_key(name)]

    def found(names: Sequence[str]) -> tuple[int, ...]:
        return tuple(columns[name] for name in names if name in columns)

    bodies, agencies = found(TEXTS), found(AGENCIES)
    titles, texts = ((), (named(asked.text),)) if asked.text else (found(TITLES)[:1], bodies[:2])
    agency = named(asked.agency) if asked.agency else next(iter(agencies), None)
    if asked.text is None and not bodies:
        raise ColumnMissing(f"{path} has no column that is known to hold the text; {there}. Name it: --text COL.")
    if agency is None:
        raise ColumnMissing(f"{path} has no column that is known to hold the agency; {there}. Name it: --agency COL.")
    places = tuple(map(named, asked.place)) if asked.place else found(PLACES)
    time = (named(asked.time),) if asked.time else (*found(DAYS)[:1], *found(CLOCKS))
    return Layout(titles, texts, agency, _fields_of(header, places), time, header, first + 1)


def _fields_of(header: Row, places: Sequence[int]) -> Mapping[str, int]:
    fields: dict[str, int] = {}
    for column in places:
        name = name_key(header[column])
        field = next((field for field, parts in FIELDS.items() if any(part in name for part in parts)), name)
        fields[name if field in fields else field] = column
    return fields


def _first(row: Row, columns: Sequence[int]) -> str:
    return next(filter(None, (_cell(row, column) for column in columns)), "")


def _cell(row: Row, column: int) -> str:
    """Return a cell; rows that end early have empty ones."""
    return row[column] if column < len(row) else ""
