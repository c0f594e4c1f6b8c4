from pathlib import Path

import pytest

from shared.policy.loading import PolicyInvalid
from tindak.policy.diff import differences

pytestmark = pytest.mark.unit

REORDERED = "stands in another order, or holds something more often"


def told(tmp_path: Path, before: str, after: str, file: str = "rules.yaml") -> list[str]:
    for name, text in (("a", before), ("b", after)):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text(text, "utf-8")
    return list(map(str, differences(tmp_path / "a", tmp_path / "b")))


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        ("most: 3", "most: 4", ["rules.yaml, most: was `3`, is `4`."]),
        ("most: 3", "{most: 3, least: 1}", ["rules.yaml, least: is new (`1`)."]),
        ("a: {most: 3, least: 1}", "a: {most: 3}", ["rules.yaml, a least: is gone (`1`)."]),
        ("any: [pju, lampu]", "any: [lampu, lmpu]", ["rules.yaml, any: gains `lmpu` and loses `pju`."]),
        ("any: [a, b]", "any: [b, a]", [f"rules.yaml, any: {REORDERED}."]),
        ("until:", "until: 2026-01-01", ["rules.yaml, until: was `nothing`, is `2026-01-01`."]),
        ("# old\nmost: 3", "most: 3 # new", []),
        (
            "rules: [{id: kw-a, weight: 3}, {id: kw-b, weight: 1, any: [x]}]",
            "rules: [{id: kw-b, weight: 2, any: [x, y]}, {id: kw-c, agency: dlh}]",
            [
                "rules.yaml, rules kw-a: is gone (id `kw-a`, weight `3`).",
                "rules.yaml, rules kw-b weight: was `1`, is `2`.",
                "rules.yaml, rules kw-b any: gains `y`.",
                "rules.yaml, rules kw-c: is new (id `kw-c`, agency `dlh`).",
            ],
        ),
        (
            "mains: [{code: a, entries: [{code: a_b, agency: dlh}]}]",
            "mains: [{code: a, entries: [{code: a_b, agency: dishub}]}]",
            ["rules.yaml, mains a entries a_b agency: was `dlh`, is `dishub`."],
        ),
        ("x: [{id: a}, {id: a}]", "x: [{id: a}]", [f"rules.yaml, x: {REORDERED}."]),
        ("x: []", "x: [{id: a}]", ["rules.yaml, x: gains `{'id': 'a'}`."]),
        ("x: 3", "x: {a: 1}", ["rules.yaml, x: was `3`, is `{'a': 1}`."]),
    ],
)  # fmt: skip
def test_a_difference_is_a_sentence(tmp_path: Path, before: str, after: str, sentences: list[str]) -> None:
    assert told(tmp_path, before, after) == sentences


def test_a_changed_text_is_listed_without_its_content(tmp_path: Path) -> None:
    assert told(tmp_path, "Halo", "Hai", "closed.id.j2") == ["closed.id.j2: the text is another one."]


def test_added_and_removed_files_are_listed(tmp_path: Path) -> None:
    for name, file in (("a", "old.yaml"), ("b", "new.j2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("a: 1\n")

    assert list(map(str, differences(tmp_path / "a", tmp_path / "b"))) == ["new.j2: is new.", "old.yaml: is gone."]


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    (sentence,) = told(tmp_path, "a: 1", f"a: {'x' * 100}")

    assert sentence == f"rules.yaml, a: was `1`, is `{'x' * 59}…`."


def test_a_file_that_is_no_yaml_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid):
        told(tmp_path, "a: [", "a: 1")
