"""CSV and XLSX files as rows of text; knows nothing of what the columns mean."""

import csv
import io
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable
from datetime import date, time
from pathlib import Path

DELIMITERS = (",", ";", "\t", "|")
CELL_LETTERS_MAX = 10_000_000
SNIFFED_ROWS = 200
EXCEL = {".xlsx", ".xlsm"}

Row = list[str]


class TableUnreadable(Exception):
    """A file that holds no table, in one sentence."""


def read_table(path: Path) -> list[Row]:
    """Return the rows of a CSV or XLSX file, empty ones left out.

    Encodings are UTF-8 (with or without its mark), UTF-16 with its mark and, for anything else, Windows-1252; a CSV's
    delimiter is found out.

    Raises:
        TableUnreadable: It cannot be read or holds no row.
    """
    try:
        rows = _excel_rows(path) if path.suffix.lower() in EXCEL else _csv_rows(path.read_bytes())
    except OSError as error:
        raise TableUnreadable(f"{path} cannot be read: {error.strerror or error}.") from error
    rows = [row for row in rows if any(row)]
    if not rows:
        raise TableUnreadable(f"{path} is empty.")
    return rows


def _excel_rows(path: Path) -> list[Row]:
    try:
        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException
    except ModuleNotFoundError as error:
        raise TableUnreadable(f"{path} needs {error.name}; run `pip install 'tindak[model]'`.") from error

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and filters, which do not matter here
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            sheet = book.active if book.active is not None else book.worksheets[0]
            sheet.reset_dimensions()  # some programs write a wrong one
            rows = [[_as_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
            book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, IndexError, ValueError) as error:
        raise TableUnreadable(f"{path} is no XLSX file that can be read: {error}.") from error
    return rows


def _as_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _csv_rows(content: bytes) -> list[Row]:
    text = _decoded(content).replace("\0", "")
    csv.field_size_limit(CELL_LETTERS_MAX)
    sample = text[:500_000]
    delimiter = max(DELIMITERS, key=lambda one: _evenness(sample, one))
    return [[cell.strip() for cell in row] for row in _parsed(text, delimiter)]


def _decoded(content: bytes) -> str:
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _evenness(sample: str, delimiter: str) -> tuple[int, int]:
    """Return how many of the first rows have the same number of cells, and how many cells those have.

    One cell in every row is as even as can be, and says that this is not the delimiter.
    """
    sizes: Counter[int] = Counter()
    for number, row in enumerate(_parsed(sample, delimiter)):
        if number >= SNIFFED_ROWS:
            break
        sizes[len(row)] += 1
    cells, rows = max(
        ((size, count) for size, count in sizes.items() if size > 1), key=lambda one: one[1], default=(0, 0)
    )
    return rows, cells


def _parsed(text: str, delimiter: str) -> Iterable[Row]:
    """Return the rows of *text*; line breaks within quotes belong to the cell."""
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise TableUnreadable(f"The file is no CSV that can be read: {error}.") from error
