"""What is wrong with pages.yaml is said by line and sentence when it is loaded."""

from pathlib import Path

import pytest

from services.notify.policy.pages import load_pages
from shared.policy.loading import PolicyInvalid
from tests.unit.notify.samples import POLICY_DIR

pytestmark = pytest.mark.unit

SHIPPED = (POLICY_DIR / "pages.yaml").read_text(encoding="utf-8")
ENGLISH = SHIPPED.index("\n  en:\n")


def faults(folder: Path, text: str) -> list[tuple[int, str]]:
    (folder / "pages.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyInvalid) as invalid:
        load_pages(folder)
    return [(fault.line, fault.sentence) for fault in invalid.value.faults]


def line_of(text: str) -> int:
    return SHIPPED[: SHIPPED.index(text)].count("\n") + 1


def test_without_the_file_there_is_no_page(tmp_path: Path) -> None:
    assert load_pages(tmp_path) is None


def test_the_shipped_words_are_complete_in_both_languages() -> None:
    pages = load_pages(POLICY_DIR)

    assert pages is not None
    assert (set(pages.words), pages.link_valid_for.days, pages.form_valid_for.seconds) == ({"id", "en"}, 30, 7200)


def test_a_language_that_is_missing_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, SHIPPED[:ENGLISH] + "\n") == [(line_of("words:"), "the language `en` is missing")]


def test_a_word_that_is_missing_is_a_fault(tmp_path: Path) -> None:
    ((line, sentence),) = faults(tmp_path, SHIPPED.replace("    back: Kembali ke laporan\n", ""))

    assert (line, sentence) == (line_of("  id:\n"), "`back` is missing")


def test_an_action_without_words_is_a_fault(tmp_path: Path) -> None:
    begins = SHIPPED.index("      reply:")
    ends = SHIPPED.index("      stop:")

    assert faults(tmp_path, SHIPPED[:begins] + SHIPPED[ends:]) == [(line_of("    actions:"), "`reply` is missing")]


def test_what_is_written_has_a_label_and_what_is_not_has_none(tmp_path: Path) -> None:
    without = SHIPPED.replace("        label: Alasan\n", "")
    beside = SHIPPED.replace("        button: Hentikan pesan", "        label: Alasan\n        button: Hentikan pesan")

    assert faults(tmp_path, without) == [(line_of("      dispute:"), "`dispute` must have the label of its text")]
    assert faults(tmp_path, beside) == [(line_of("      stop:"), "`stop` has no text, and so no label")]


def test_a_name_in_the_title_that_stands_for_nothing_is_a_fault(tmp_path: Path) -> None:
    text = SHIPPED.replace("title: Laporan {tracking_id}", "title: Laporan {tracking}")

    assert faults(tmp_path, text) == [
        (line_of("    title: Laporan"), "{tracking} stands for nothing here; only {tracking_id} does")
    ]


@pytest.mark.parametrize("days", ["0", "366", "soon"])
def test_links_last_from_a_day_to_a_year(tmp_path: Path, days: str) -> None:
    ((line, sentence),) = faults(tmp_path, SHIPPED.replace("link_valid_days: 30", f"link_valid_days: {days}"))

    assert line == line_of("link_valid_days: 30")
    assert sentence.startswith("`link_valid_days` ")
