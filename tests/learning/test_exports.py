import csv
import sys
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

import openpyxl
import pytest

from services.routing.training.fitting import Examples
from tindak.model.exports import read_export
from tindak.model.labelled_files import Asked, ColumnMissing
from tindak.model.tables import TableUnreadable, read_table

pytestmark = pytest.mark.learning

WIB = timezone(timedelta(hours=7))
RINGKAS = (
    "Tracking ID", "Tanggal Laporan Masuk", "Waktu Laporan Masuk", "Kategori", "Judul Laporan", "Isi Laporan Awal",
    "Isi Laporan Akhir", "Instansi Terdisposisi", "Kecamatan", "Kelurahan",
)  # fmt: skip


def written(path: Path, rows: Sequence[Sequence[object]], *, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def workbook(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(path)
    return path


SUMMARY = (
    RINGKAS,
    (2, date(2024, 5, 2), time(8, 30), "Jalan Berlubang", "Jalan rusak", "jln rsak", "Jalan rusak parah.", "DSDABMBK",
     "Pamulang", "Kedaung"),
    (1, date(2024, 5, 1), time(9, 0), "KTP", "KTP", "ktp blm jadi", "", "Disdukcapil ", "Setu", "Muncul"),
    (3, date(2024, 5, 3), time(9, 0), "KTP", "", "", "", "Disdukcapil", "Setu", "Muncul"),
    (4, date(2024, 5, 4), time(9, 0), "KTP", "Apa ini", "tidak jelas", "tidak jelas", "", "", ""),
)  # fmt: skip


@pytest.mark.parametrize("write", [written, workbook])
def test_laporan_ringkas_is_read_without_options(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path / ("ringkas.csv" if write is written else "ringkas.xlsx"), SUMMARY)

    export = read_export(path, Asked())

    assert export.examples == Examples(
        ["KTP\nktp blm jadi", "Jalan rusak\nJalan rusak parah."],
        [
            {"kecamatan": "Setu", "kelurahan": "Muncul", "category": "KTP"},
            {"kecamatan": "Pamulang", "kelurahan": "Kedaung", "category": "Jalan Berlubang"},
        ],
        ["Disdukcapil", "DSDABMBK"],
    )
    assert export.notes == (
        "1 of 4 rows without text were left out.",
        "1 of 4 rows without agency were left out.",
    )
    assert export.period == (datetime(2024, 5, 1, 9, tzinfo=WIB), datetime(2024, 5, 2, 8, 30, tzinfo=WIB))


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ","), ("cp1252", ";"), ("utf-16", "\t"), ("utf-8", "|")]
)
def test_encodings_and_delimiters_are_found_out(encoding: str, delimiter: str, tmp_path: Path) -> None:
    rows = [["Keluhan", "Dinas Tujuan"], ["sampah, café; “bau”\nsekali", "DLH"], ["lampu", "Dishub"]]
    path = written(tmp_path / "any.csv", rows, encoding=encoding, delimiter=delimiter)

    assert read_table(path) == rows


def test_named_columns_are_used_and_no_other(tmp_path: Path) -> None:
    rows = [
        ["judul laporan", "Pesan", "OPD", "Lokasi", "Wilayah", "kategori", "Tgl"],
        ["x", "lampu mati", "Dishub", "Jl. A", "Utara", "k", "2024-01-02"],
        ["y", "sampah", "DISHUB", "Jl. B", "Selatan", "k", "2024-01-01"],
        ["z", "got", "dishub ", "Jl. C", "Barat", "k", "entah"],
        ["z", "got", "Dishub", "Jl. D", "Barat", "k", "2024-01-03"],
    ]
    path = written(tmp_path / "own.csv", rows)

    export = read_export(path, Asked("pesan", "OPD", ("Lokasi", "Wilayah"), "Tgl"))

    assert export.examples.texts == ["got", "sampah", "lampu mati", "got"]
    assert export.examples.places[0] == {"address": "Jl. C", "wilayah": "Barat"}
    assert set(export.examples.agencies) == {"Dishub"}
    assert export.notes == ("1 of 4 rows have no readable time and count as the oldest.",)
    assert export.columns["place"] == ("Lokasi", "Wilayah")


def test_without_a_time_the_order_of_rows_is_the_order_of_time(tmp_path: Path) -> None:
    path = written(tmp_path / "plain.csv", [["text", "agency"], ["b", "x"], ["a", "y"]])

    export = read_export(path, Asked())

    assert (export.examples.texts, export.period) == (["b", "a"], None)
    assert export.notes == ("No column of the time is known: the order of the rows is taken as the order of time.",)


def test_a_title_above_the_header_is_skipped(tmp_path: Path) -> None:
    path = written(tmp_path / "titled.csv", [["Rekap 2024", ""], ["text", "agency"], ["lampu", "x"]])

    assert read_export(path, Asked()).examples.texts == ["lampu"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(), "no column that is known to hold the text; it has: pesan, siapa. Name it: --text COL"),
        (
            Asked(text="pesan"),
            "no column that is known to hold the agency; it has: pesan, siapa. Name it: --agency COL",
        ),
        (Asked(text="isi"), "has no column `isi`; it has: pesan, siapa"),
        (Asked("pesan", "siapa", ("alamat",)), "has no column `alamat`"),
    ],
)
def test_a_missing_column_is_named(asked: Asked, said: str, tmp_path: Path) -> None:
    path = written(tmp_path / "odd.csv", [["pesan", "siapa"], ["lampu", "x"]])

    with pytest.raises(ColumnMissing, match=said):
        read_export(path, asked)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"\n\n", "is empty"),
        ("broken.xlsx", b"PK no", "is no XLSX file that can be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(TableUnreadable, match=said):
        read_table(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableUnreadable, match=r"none.csv cannot be read: No such file or directory."):
        read_table(tmp_path / "none.csv")


def test_excel_files_without_their_library_name_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)

    with pytest.raises(TableUnreadable, match=r"needs openpyxl; run `pip install 'tindak\[model\]'`"):
        read_table(tmp_path / "any.xlsx")
