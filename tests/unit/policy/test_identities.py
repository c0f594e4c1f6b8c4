"""Faults of the policy by which identities are recognised are told by file, line and nearest name."""

import shutil
from pathlib import Path

import pytest

from shared.policy.identities import load_identities
from shared.policy.loading import PolicyInvalid
from tests.conftest import POLICY

pytestmark = pytest.mark.policy


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """Return a folder with the two files that a test may spoil."""
    for name in ("identities.yaml", "everyday_words.txt"):
        shutil.copy(POLICY / name, tmp_path)
    return tmp_path


def faults(policy: Path) -> list[str]:
    with pytest.raises(PolicyInvalid) as raised:
        load_identities(policy)
    return [f"{Path(fault.file).name}: {fault.sentence}" for fault in raised.value.faults]


def lines(policy: Path) -> list[int]:
    with pytest.raises(PolicyInvalid) as raised:
        load_identities(policy)
    return [fault.line for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("check: national_id,", "check: natoinal_id,", "check `natoinal_id` is not in what numbers are checked for"),
        ("gate: at_sign", "gate: at_sing", "gate `at_sing` is not in `gates`; did you mean `at_sign`?"),
        ("{gap}\\d(?:{gap}\\d){7,14}", "{gaap}\\d(?:{gap}\\d){7,14}", "piece `gaap` is not in `pieces`; did you mean"),
        ("- name: water", "- name: money", "recogniser `money` is given twice, first on line"),
        ("digits: [12, 22]", "digits: [22, 12]", "the fewest digits come before the most"),
        ("threshold: 0.5", "threshold: 5", "`threshold` must be less than or equal to 1, not `5`"),
        ("context_score:", "contxt_score:", "`contxt_score` is not a known field; did you mean `context_score`?"),
        ("surely:\n    [nama,", "surely:\n    ['12', nama,", "`12` has no letters"),
        ("\\d{15}(?!\\d)", "\\d{15}(?!\\d", "this is no regular expression: missing )"),
    ],
)
def test_a_fault_says_line_sentence_and_nearest_name(policy: Path, old: str, new: str, sentence: str) -> None:
    file = policy / "identities.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")

    (told,) = faults(policy)

    assert told.startswith(f"identities.yaml: {sentence}")
    found = text[: text.index(old) + len(new)].count("\n") + 1
    assert abs(lines(policy)[0] - found) <= 1


def test_faults_of_both_files_are_told_at_once(policy: Path) -> None:
    words = policy / "everyday_words.txt"
    words.write_text(f"jalan Rusak\n4lay\n{words.read_text('utf-8')}", "utf-8")
    file = policy / "identities.yaml"
    file.write_text(file.read_text("utf-8").replace("gate: slash", "gate: slahs", 1), "utf-8")

    assert faults(policy) == [
        "everyday_words.txt: `Rusak` is no word in lower case",
        "everyday_words.txt: `4lay` is no word in lower case",
        "identities.yaml: gate `slahs` is not in `gates`; did you mean `slash`?",
    ]
    assert lines(policy)[:2] == [1, 2]


def test_a_missing_list_of_words_is_a_fault(policy: Path) -> None:
    (policy / "everyday_words.txt").unlink()

    assert faults(policy) == ["everyday_words.txt: the file cannot be read: No such file or directory"]
