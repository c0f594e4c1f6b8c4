import pytest

from services.routing.classifier.words import edition, words

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Lampu PJU MATI!!", ["lampu", "pju", "mati"]),
        ("jln rsk, blm dbnerin", ["jalan", "rusak", "belum", "dbnerin"]),
        ("lama bangeeeet", ["lama", "banget"]),
        ("RT 05/12 sejak 2023, Rp1500000", ["rt", "00", "00", "sejak", "0000", "rp", "0000"]),
        ("lubang2 besar", ["lubang", "0", "besar"]),
        ("ＫＴＰ\u00a0saya", ["ktp", "saya"]),
        ("\n ...", []),
    ],
)
def test_words_are_read_in_their_usual_form(text: str, read: list[str]) -> None:
    assert words(text) == read


def test_an_overlong_word_is_cut() -> None:
    assert [len(word) for word in words("ab" * 500)] == [40]


def test_another_way_of_reading_is_another_edition(monkeypatch: pytest.MonkeyPatch) -> None:
    before = edition()

    monkeypatch.setattr("services.routing.classifier.words.USUAL", {"jln": "jalan"})

    assert edition() != before
