from datetime import UTC, datetime, timedelta, timezone

import pytest

from tindak.model.instants import read_instants

pytestmark = pytest.mark.unit

WIB = timezone(timedelta(hours=7))
MARCH = datetime(2024, 3, 5, 14, 7, tzinfo=WIB)


@pytest.mark.parametrize(
    "written",
    [
        "2024-03-05 14:07:00",
        "2024-03-05T14:07",
        "2024/3/5 14.07",
        "2024-03-05T07:07:00.250Z",
        "2024-03-05T14:07:00+07:00",
        "5/3/2024 14:07",
        "05-03-24 14:07",
        "05.03.2024 02:07 PM",
        "Selasa, 5 Maret 2024 14:07 WIB",
        "5 Mar 2024, 16:07 WIT",
        "Mar 5, 2024 14:07",
        "2024-03-05T00:00:00 14:07:00",
        "2024-03-05 2024-03-05 14:07:00",
        "1709622420",
        "1709622420000",
    ],
)
def test_instants_are_read_as_offices_write_them(written: str) -> None:
    assert read_instants([written]) == [MARCH]


def test_a_day_alone_is_its_beginning() -> None:
    assert read_instants(["12 Agustus 2023"]) == [datetime(2023, 8, 12, tzinfo=WIB)]


def test_a_spreadsheets_number_is_a_day() -> None:
    assert read_instants(["45356.5"]) == [datetime(2024, 3, 5, 12, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("column", "months"),
    [(["3/4/2024", "3/25/2024"], [3, 3]), (["3/4/2024", "25/3/2024"], [4, 3]), (["3/4/2024"], [4])],
)
def test_the_whole_column_says_whether_the_month_comes_first(column: list[str], months: list[int]) -> None:
    assert [instant.month for instant in read_instants(column) if instant] == months


@pytest.mark.parametrize("written", ["", "kemarin", "31/31/2024", "5 Brumaire 2024", "2024-13-01"])
def test_what_is_no_instant_is_none(written: str) -> None:
    assert read_instants([written, "25/12/2024"])[0] is None
