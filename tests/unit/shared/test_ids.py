from uuid import UUID, uuid5

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.ids import CHECK_SYMBOLS, CROCKFORD, named, parse_tracking_id, tracking_id

pytestmark = pytest.mark.unit

IDS = st.builds(tracking_id, st.uuids().map(str), st.integers(0, 3))


def plain(tracking: str) -> str:
    return tracking.replace("-", "")


@given(IDS)
def test_a_tracking_id_is_of_letters_and_digits_and_is_read_as_itself(tracking: str) -> None:
    assert len(plain(tracking)) == 11
    assert set(plain(tracking)) <= set(CROCKFORD)
    assert parse_tracking_id(tracking) == tracking


@given(IDS, st.integers(0, 10), st.sampled_from(CHECK_SYMBOLS))
def test_one_wrong_symbol_invalidates_a_tracking_id(tracking: str, place: int, mistaken: str) -> None:
    symbols = plain(tracking)
    assume(mistaken != symbols[place])

    assert parse_tracking_id(symbols[:place] + mistaken + symbols[place + 1 :]) is None


@given(IDS, st.integers(0, 9))
def test_swapped_neighbours_invalidate_a_tracking_id(tracking: str, place: int) -> None:
    symbols = plain(tracking)
    first, second = symbols[place : place + 2]
    assume(first != second)

    assert parse_tracking_id(symbols[:place] + second + first + symbols[place + 2 :]) is None


@given(st.integers(0, 32**10 - 1))
def test_every_tracking_id_that_release_0_1_0_gave_is_still_read(number: int) -> None:
    digits = "".join(CROCKFORD[number >> shift & 31] for shift in range(45, -1, -5))
    given_before = f"{digits[:4]}-{digits[4:9]}-{digits[9:]}{CHECK_SYMBOLS[number % 37]}"

    assert parse_tracking_id(given_before) == given_before


def test_a_ticket_keeps_the_tracking_id_that_ended_in_a_letter_before() -> None:
    assert tracking_id("a79f1669-30aa-532b-a55f-cb9588932a1f") == "TGDJ-CH3HT-NX"


@pytest.mark.parametrize("typed", ["tgdj-ch3ht-nx", "TGDJ CH3HT NX", "tgdjch3htnx"])
def test_a_tracking_id_is_read_in_any_case_with_or_without_dashes(typed: str) -> None:
    assert parse_tracking_id(typed) == "TGDJ-CH3HT-NX"


@pytest.mark.parametrize("typed", ["", "TGDJ", "TGDJ-CH3HT-NX1", "TGD*-CH3HT-NX", "nobody"])
def test_a_malformed_tracking_id_is_none(typed: str) -> None:
    assert parse_tracking_id(typed) is None


@given(st.uuids(), st.text())
def test_a_name_gets_the_id_that_the_standard_gives_it(namespace: UUID, name: str) -> None:
    assert named(str(namespace), name.encode(errors="ignore").decode()) == str(
        uuid5(namespace, name.encode(errors="ignore").decode())
    )


@pytest.mark.parametrize("namespace", ["", "12", "x" * 36, "00" * 17])
def test_a_namespace_that_is_no_uuid_is_refused(namespace: str) -> None:
    with pytest.raises(ValueError, match=r"UUID|hex"):
        named(namespace, "name")
