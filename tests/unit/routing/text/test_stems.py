import pytest

from services.routing.domain.text.stems import bare, stem

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("word", "root"),
    [("membakar", "bakar"), ("dibakarin", "bakar"), ("mbakar", "bakar"), ("nyapu", "sapu"), ("motong", "potong")],
)
def test_what_is_put_before_and_after_a_word_is_taken_off(word: str, root: str) -> None:
    assert bare(word) == root


def test_words_are_compared_by_their_consonants() -> None:
    assert stem("berlubang") == stem("berlobang") == stem("lbng")
