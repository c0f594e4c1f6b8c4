"""Which open reports people are shown as similar, ranked by the pieces of words that two texts have in common."""

import tracemalloc
import zlib
from collections import Counter, defaultdict
from math import log

import pytest

from services.routing.domain.duplicates.candidates import Candidates
from services.routing.domain.duplicates.similar_reports import (
    BUCKETS,
    CHANGES_MIN,
    DENSE_MAX,
    REPORTS_MAX,
    SIMILAR_MAX,
    OpenReport,
    SimilarityIndex,
    SimilarReport,
    vector_of,
)
from shared.events import SimilarTicket
from tests.unit.routing.duplicates.test_candidates import reports

pytestmark = pytest.mark.unit

LAMP = "Lampu jalan di depan SDN Serua padam sejak seminggu, gelap sekali"
RETOLD = "Penerangan jalannya mati depan sd serua, anak sekolah takut kegelapan"
DRAIN = "Got mampet, air meluap ke jalan waktu hujan"
WASTE = "Sampah menumpuk dekat pasar, baunya menyengat"


def index_of(**texts: str) -> SimilarityIndex:
    index = SimilarityIndex()
    index.keep(texts, {id_: report(id_, text) for id_, text in texts.items()})
    return index


def report(id_: str, text: str) -> OpenReport:
    return OpenReport(id_.upper(), vector_of(text))


def found(index: SimilarityIndex, text: str, leaders: dict[str, str] | None = None, itself: str = "new") -> list[str]:
    return [one.ticket_id for one in index.most_similar(vector_of(text), itself, leaders or {})]


@pytest.mark.parametrize("name", ["retold/retold_one", "retold/retold_two"])
def test_recall_at_three_of_retold_reports(name: str) -> None:
    """Measured when it was built: 141 of 144 and 121 of 122; automatic clusters find 6 and 7 of 100 pairs."""
    open_reports: dict[str, SimilarityIndex] = defaultdict(SimilarityIndex)
    matters: dict[str, str] = {}
    right = asked = 0

    for number, row in enumerate(reports(name)):
        index, vector, id_ = open_reports[row["kelurahan"]], vector_of(row["text"]), str(number)
        similar = index.most_similar(vector, id_, {})
        asked += any(matters[other] == row["matter"] for other in index.reports)
        right += any(matters[one.ticket_id] == row["matter"] for one in similar)
        matters[id_] = row["matter"]
        index.add(id_, OpenReport(id_, vector))

    assert asked >= 120
    assert right / asked >= 0.95


def test_the_most_similar_come_first_under_their_tracking_ids() -> None:
    similar = index_of(drain=DRAIN, lamp=RETOLD, waste=WASTE).most_similar(vector_of(LAMP), "new", {})

    assert similar[0].ticket_id == "lamp"
    assert similar[0].tracking_id == "LAMP"
    scores = [one.score for one in similar]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)


def test_the_same_text_has_the_highest_score_and_another_language_is_not_shown() -> None:
    index = index_of(same=LAMP, other="xyzzy qwfpg")

    assert index.most_similar(vector_of(LAMP.upper() + "!"), "new", {}) == (SimilarReport("same", "SAME", 1.0),)


def test_a_report_is_not_similar_to_itself() -> None:
    assert found(index_of(new=LAMP, lamp=RETOLD), LAMP) == ["lamp"]


def test_at_most_three_are_shown() -> None:
    assert len(found(index_of(**{f"lamp{number}": LAMP for number in range(5)}), LAMP)) == SIMILAR_MAX


def test_a_member_counts_for_its_leader_and_each_cluster_once() -> None:
    index = index_of(leader=RETOLD, member=LAMP, second=LAMP, drain=DRAIN + " di jalan")

    assert found(index, LAMP, {"member": "leader", "second": "leader"}) == ["leader", "drain"]


def test_a_member_is_not_shown_where_its_leader_is_not_listed_or_is_the_report_itself() -> None:
    index = index_of(member=LAMP)

    assert found(index, LAMP, {"member": "elsewhere"}) == []
    assert found(index, LAMP, {"member": "new"}) == []


@pytest.mark.parametrize("changes", [CHANGES_MIN - 1, CHANGES_MIN, CHANGES_MIN + 40])
def test_what_has_come_and_gone_meanwhile_counts_at_once(changes: int) -> None:
    index = index_of(gone=LAMP, stays=RETOLD)
    assert found(index, LAMP) == ["gone", "stays"]

    texts = {f"n{number}": f"{WASTE} nomor {number}" for number in range(changes)}
    index.keep(["stays", *texts, "same"], {id_: report(id_, text) for id_, text in {**texts, "same": LAMP}.items()})

    assert found(index, LAMP)[:2] == ["same", "stays"]
    assert "gone" not in found(index, LAMP)


def test_reports_that_come_one_by_one_are_each_found_by_their_own_words() -> None:
    index = index_of(lamp=LAMP)
    texts = {f"n{number}": f"{WASTE} {number:05d} {DRAIN}" * (number % 5 + 1) for number in range(60)}
    for id_, text in texts.items():
        found(index, LAMP)
        index.add(id_, report(id_, text))

    firsts = {id_: index.most_similar(vector_of(text), "new", {})[0] for id_, text in texts.items()}

    assert {id_: (first.ticket_id, first.score) for id_, first in firsts.items()} == {id_: (id_, 1.0) for id_ in texts}


def test_what_was_asked_before_changes_no_score() -> None:
    index = index_of(lamp=RETOLD, drain=DRAIN)
    before = index.most_similar(vector_of(LAMP), "new", {})
    index.most_similar(vector_of(f"{LAMP} {WASTE} {DRAIN}"), "new", {})

    assert index.most_similar(vector_of(LAMP), "new", {}) == before


@pytest.mark.parametrize("text", ["", "a", "aa aa aa", LAMP, f"{LAMP} {LAMP} {RETOLD}"])
def test_a_vector_holds_each_bucket_once_in_order_with_its_dampened_count(text: str) -> None:
    words = text.lower().replace(",", "").split() or [""]
    grams = [f" {word} "[at : at + 4] for word in words for at in range(max(1, len(word) - 1))]
    counts = Counter(zlib.crc32(gram.encode()) % BUCKETS for gram in grams)

    columns, weights = vector_of(text)

    assert columns.tolist() == sorted(counts)
    assert weights.tolist() == pytest.approx([1 + log(counts[column]) for column in sorted(counts)])


def test_nothing_is_similar_where_nothing_is_open() -> None:
    index = index_of(lamp=LAMP)
    index.keep([], {})

    assert found(index, LAMP) == []


def test_the_newest_count_where_there_are_too_many() -> None:
    index = SimilarityIndex()
    for number in range(REPORTS_MAX + 1):
        index.add(str(number), OpenReport("", vector_of("a")))

    assert len(index.reports) == REPORTS_MAX


def test_a_text_without_words_is_compared_as_well() -> None:
    assert found(index_of(empty="", lamp=LAMP), "...") == ["empty"]


def test_people_are_shown_three_without_the_leader_that_was_found_for_them() -> None:
    similar = tuple(SimilarReport(name, name.upper(), 0.5) for name in "abcd")
    candidates = Candidates(similar=similar)

    assert [one.tracking_id for one in candidates.similar_but("b")] == ["A", "C", "D"]
    assert candidates.similar_but(None)[0] == SimilarTicket(tracking_id="A", score=0.5)
    assert len(candidates.similar_but(None)) == SIMILAR_MAX


def test_what_a_kelurahan_takes_follows_from_its_reports_however_many_kelurahan_there_are() -> None:
    def asked() -> SimilarityIndex:
        index = index_of(a=LAMP, b=DRAIN)
        assert found(index, RETOLD)
        return index

    asked()  # what all of them share
    tracemalloc.start()
    indexes = [asked() for _ in range(4 * DENSE_MAX)]
    taken_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert taken_bytes < DENSE_MAX * 4 * BUCKETS + len(indexes) * 10_000
