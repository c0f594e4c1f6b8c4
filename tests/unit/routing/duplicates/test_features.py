"""Feature extraction for deduplication: names of places, by which two reports differ before a word is compared."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.routing.domain.duplicates.candidates import Candidates, best_match
from services.routing.domain.duplicates.features import Names, extract_features
from services.routing.domain.duplicates.minhash import band_keys
from services.routing.domain.duplicates.similarity import TROUBLE, similarity
from services.routing.duplicate_search import search_of
from services.routing.policy import load_routing
from shared.events import Location
from shared.text import words_of
from tests.builders import accepted
from tests.unit.routing.duplicates.test_candidates import reports

pytestmark = pytest.mark.unit

POLICY = load_routing(Path(__file__).parents[4] / "policy")


def names(text: str, here: str = "Kedaung") -> Names:
    words = POLICY.rulebook.book.usual(words_of(text))
    _, found = extract_features(POLICY.clusters, words, POLICY.rulebook.first_words, frozenset(words_of(here)))
    return {kind: named for kind, named in found.items() if kind != TROUBLE}


class Everything(frozenset[str]):
    """Has every word."""

    def __contains__(self, word: object) -> bool:
        return True


@pytest.mark.parametrize("name", ["practice", "held_out", "tuned", "fresh"])
def test_words_that_tell_of_no_place_are_read_as_with_care(name: str) -> None:
    careful = replace(POLICY.clusters)
    vars(careful)["placing_words"] = Everything()
    book, known = POLICY.rulebook.book, POLICY.rulebook.first_words
    read = 0

    for row in reports(name):
        words, here = book.usual_of(row["text"]), frozenset(words_of(row["kelurahan"]))
        quickly = extract_features(POLICY.clusters, words, known, here)
        assert quickly == extract_features(careful, words, known, here)
        read += 1

    assert read > 20


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tiang roboh di jl melati rt 3/5", "tiang roboh di Jalan Melati RT 003 RW 05"),
        ("got mampet kp parakan rt03", "got mampet Kampung Parakan RT 03"),
        ("atap sdn benda baru 2 bocor", "Atap SD Negeri Benda Baru 02 bocor"),
        ("pju mati jl melati 3 hari", "PJU mati di Jalan Melati sejak 10 hari"),
    ],
)
def test_a_place_has_one_name_however_it_is_written(one: str, other: str) -> None:
    assert names(one, "Benda Baru") == names(other, "Benda Baru") != {}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Lampu taman mati di Taman Kota 1", "Lampu taman mati di Taman Kota 2"),
        ("Limbah laundry di Jalan Mawar Blok H", "Limbah laundry di Jalan Mawar Blok M"),
        ("Trotoar dibongkar di Jalan Mawar sisi utara", "Trotoar dibongkar di Jalan Mawar sisi selatan"),
        ("Mobil B 1234 XYZ buang puing di Jalan Mawar", "Mobil B 9876 XYZ buang puing di Jalan Mawar"),
        ("Kolam di Jalan Mawar baunya busuk", "Kolam di Jalan Mawar pompanya bising"),
    ],
)
def test_another_number_side_or_trouble_is_another_matter(text: str, other: str) -> None:
    assert similar(text, text) > 0 == similar(text, other)


def test_the_address_counts_as_a_place() -> None:
    text = "Lampu penerangan mati, gelap sekali, rawan begal"
    assert similar(text, text, "Jl. Mawar No. 3", "Jalan Mawar nomor 3") > 0
    assert similar(text, text, "Jl. Mawar No. 3", "Jl. Mawar No. 30") == 0
    assert similar(text, text, "Jl. Mawar", "Jl. Tulip") == 0


def test_what_is_ones_own_is_followed_with_nobody() -> None:
    assert search_of(POLICY, accepted(title="", body="KTP saya hilang di Jalan Mawar", location=place())) is None
    assert search_of(POLICY, accepted(title="", body="Jalan rusak parah di dekat rumah saya", location=place())) is None


def test_a_report_without_a_known_place_is_compared_with_none() -> None:
    assert search_of(POLICY, accepted(title="", body="Jalan rusak", location=Location(text="Jl. Mawar"))) is None


def test_a_policy_without_clusters_lets_nobody_join() -> None:
    off = replace(POLICY, clusters=replace(POLICY.clusters, accept=False))
    found = search_of(POLICY, accepted(title="", body="Lampu mati di Jalan Mawar", location=place()))
    assert found is not None

    assert search_of(off, accepted(title="", body="Lampu mati di Jalan Mawar", location=place())) is None
    assert best_match(off.clusters, Candidates(neighbours=(found.itself,)), None) is None
    assert best_match(POLICY.clusters, Candidates(neighbours=(found.itself,)), None) == found.itself.id


def test_no_words_have_no_keys() -> None:
    assert band_keys((), ["kelurahan serua"]) == ()


def place(text: str | None = None) -> Location:
    return Location(kelurahan="Kedaung", text=text)


def similar(one: str, other: str, here: str | None = None, there: str | None = None) -> float:
    reports = [
        search_of(POLICY, accepted(title="", body=body, location=place(text)))
        for body, text in ((one, here), (other, there))
    ]
    first, second = (report.itself.fingerprint for report in reports if report is not None)
    return similarity(POLICY.clusters, first, second)
