from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, field_validator

from shared.policy.loading import (
    DEPTH_MAX,
    FILE_BYTES_MAX,
    PolicyFault,
    PolicyInvalid,
    PolicyModel,
    load,
    load_sourced,
    unknown,
    version_of,
)

pytestmark = pytest.mark.unit


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Shelf(PolicyModel):
    code: Annotated[str, Field(pattern=r"^[a-z]+$")]
    height: int = 0
    colour: Colour = Colour.RED
    since: date | None = None


class Store(PolicyModel):
    name: str
    open_at: str = "08:00"
    shelves: Annotated[tuple[Shelf, ...], Field(min_length=1)] = (Shelf(code="a"),)
    prices: dict[str, int] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def not_loud(cls, name: str) -> str:
        if name.isupper():
            raise ValueError("nobody likes to be shouted at")
        return name


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.yaml"


def faults(file: Path, text: str) -> list[tuple[int, str]]:
    """Return line and sentence of every fault that loading *text* finds."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyInvalid) as caught:
        load(file, Store)
    assert {fault.file for fault in caught.value.faults} == {str(file)}
    return [(fault.line, fault.sentence) for fault in caught.value.faults]


def test_a_sound_file_becomes_its_model(file: Path) -> None:
    file.write_text(
        "name: Toko\nshelves:\n  - {code: b, height: 3, colour: green, since: 2026-11-24}\nprices: {a: 1}\n"
    )

    store = load(file, Store)

    shelf = Shelf(code="b", height=3, colour=Colour.GREEN, since=date(2026, 11, 24))
    assert store == Store(name="Toko", shelves=(shelf,), prices={"a": 1})


def test_words_and_times_that_yaml_1_1_would_convert_are_read_as_text(file: Path) -> None:
    file.write_text("name: no\nopen_at: 12:30\n")

    assert load(file, Store) == Store(name="no", open_at="12:30")


def test_a_key_that_looks_like_a_number_is_read_as_text(file: Path) -> None:
    file.write_text("name: Toko\nprices: {1398: 5}\n")

    assert load(file, Store).prices == {"1398": 5}


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("name: Toko\nopen_at: [\n", 3, "this is not YAML: did not find expected node content"),
        ("name: Toko\n\topen_at: x\n", 2, "this is not YAML: "),
        ("name: Toko\nopen_at: x\nname: Lagi\n", 3, "`name` is given twice, first on line 1"),
        ("name: Toko\nnmae: x\n", 2, "`nmae` is not a known field; did you mean `name`?"),
        ("name: Toko\nzzz: x\n", 2, "`zzz` is not a known field"),
        ("name: 7\n", 1, "`name` must be a valid string, not `7`"),
        ("name:\n", 1, "`name` must be a valid string, not `None`"),
        ("open_at: x\n", 1, "`name` is missing"),
        ("", 1, "`name` is missing"),
        ("- a\n", 1, "the file must be a mapping"),
        ("name: TOKO\n", 1, "`name`: nobody likes to be shouted at"),
        ("name: Toko\nshelves: []\n", 2, "`shelves` is empty"),
        ("name: Toko\nshelves: x\n", 2, "`shelves` must be a list, not `x`"),
        ("name: Toko\nshelves:\n\n  - code: a\n  - 7\n", 5, "item 2 of `shelves` must be a mapping, not `7`"),
        ("name: Toko\nshelves:\n  - {height: 1}\n", 3, "`code` is missing"),
        ("name: Toko\nshelves:\n  - code: a\n    height: '3'\n", 4, "`height` must be a valid integer, not `3`"),
        ("name: Toko\nshelves:\n  - code: A1\n", 3, "`code` does not have the form ^[a-z]+$: `A1`"),
        ("name: Toko\nshelves:\n  - code: a\n    colour: blue\n", 4, "`colour` must be 'red' or 'green', not `blue`"),
        ("name: Toko\nprices: {a: x}\n", 2, "`a` must be a valid integer, not `x`"),
        ("name: !!python/name:os.system x\n", 1, "the tag `tag:yaml.org,2002:python/name:os.system` cannot be used"),
        ("name: Toko\nopen_at: &x a\nprices: {a: *x}\n", 3, "an alias cannot be used in a policy file"),
        ("name: Toko\n? [a]\n: b\n", 2, "a key must be a plain word"),
        ("name: " + "[" * (DEPTH_MAX + 2) + "]" * (DEPTH_MAX + 2) + "\n", 1, "more than 20 levels cannot be used"),
    ],
)
def test_each_kind_of_fault_has_its_line_and_its_sentence(file: Path, text: str, line: int, sentence: str) -> None:
    found = faults(file, text)

    assert any(at == line and said.startswith(sentence) for at, said in found), found


def test_a_date_that_is_none_is_a_fault(file: Path) -> None:
    found = faults(file, "name: Toko\nshelves:\n  - code: a\n    since: 2026-02-30\n")

    assert [line for line, _ in found] == [4]


def test_all_faults_of_a_file_are_reported_at_once_by_line(file: Path) -> None:
    found = faults(file, "nmae: x\nshelves:\n  - height: x\n  - code: b\nshelves: []\n")

    assert found == [
        (1, "`name` is missing"),
        (1, "`nmae` is not a known field; did you mean `name`?"),
        (3, "`code` is missing"),
        (3, "`height` must be a valid integer, not `x`"),
        (5, "`shelves` is given twice, first on line 2"),
    ]


def test_a_list_is_not_called_too_short_because_an_item_is_wrong(file: Path) -> None:
    found = faults(file, "name: Toko\nshelves:\n  - {code: A}\n")

    assert found == [(3, "`code` does not have the form ^[a-z]+$: `A`")]


def test_a_missing_file_is_a_fault(file: Path) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        load(file, Store)

    assert str(caught.value) == f"{file}:1: the file cannot be read: No such file or directory"


def test_bytes_that_are_no_text_are_a_fault_on_their_line(file: Path) -> None:
    file.write_bytes(b"name: Toko\nopen_at: \xff\n")

    with pytest.raises(PolicyInvalid) as caught:
        load(file, Store)

    assert caught.value.faults == (PolicyFault(str(file), 2, "the file is not UTF-8 text"),)


def test_a_file_beyond_the_limit_is_not_even_parsed(file: Path) -> None:
    file.write_bytes(b"#" * (FILE_BYTES_MAX + 1))

    with pytest.raises(PolicyInvalid, match="longer than 1048576 bytes"):
        load(file, Store)


def test_a_file_as_long_as_the_limit_is_read(file: Path) -> None:
    text = b"name: Toko\n#"
    file.write_bytes(text + b"#" * (FILE_BYTES_MAX - len(text)))

    assert load(file, Store) == Store(name="Toko")


def test_endless_nesting_is_a_fault_not_a_crash(file: Path) -> None:
    found = faults(file, "[" * 100_000)

    assert found == [(1, "this is not YAML: exceeded maximum nesting depth")]


def test_a_source_finds_the_line_of_a_value_and_of_the_nearest_one_around_it(file: Path) -> None:
    file.write_text("name: Toko\nshelves:\n  - code: a\n    height: 1\n  - code: b\n")
    _, source = load_sourced(file, Store)

    lines = [
        source.line_of(loc)
        for loc in [
            (), ("name",), ("shelves",), ("shelves", 0, "height"), ("shelves", 1), ("shelves", 1, "height"),
            ("shelves", "tag of a union", 0, "height"), ("elsewhere",),
        ]
    ]  # fmt: skip

    assert lines == [1, 1, 2, 4, 5, 5, 4, 1]


def test_a_fault_prints_as_file_line_and_sentence() -> None:
    invalid = PolicyInvalid(
        [PolicyFault("b.yaml", 1, "z"), PolicyFault("a.yaml", 9, "y"), PolicyFault("a.yaml", 2, "x")]
    )

    assert str(invalid) == "a.yaml:2: x\na.yaml:9: y\nb.yaml:1: z"


def test_an_unknown_reference_names_the_file_and_the_nearest_name() -> None:
    sentence = unknown("agency", "dishu", ["dlh", "dishub"], "agencies.yaml")

    assert sentence == "agency `dishu` is not in agencies.yaml; did you mean `dishub`?"


def test_an_unknown_reference_like_nothing_else_gets_no_suggestion() -> None:
    assert unknown("agency", "xyz", ["dlh"], "agencies.yaml") == "agency `xyz` is not in agencies.yaml"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "notices").mkdir()
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / "notices" / "b.j2").write_text("Halo\n")
    return tmp_path


def test_the_version_of_the_same_files_is_the_same(directory: Path) -> None:
    assert version_of(directory) == version_of(directory)
    assert len(version_of(directory)) == 12


@pytest.mark.parametrize("path", ["a.yaml", "notices/b.j2", "new.yaml"])
def test_a_changed_or_added_file_changes_the_version(directory: Path, path: str) -> None:
    before = version_of(directory)

    (directory / path).write_text("b: 2\n")

    assert version_of(directory) != before


def test_a_renamed_file_changes_the_version(directory: Path) -> None:
    before = version_of(directory)

    (directory / "a.yaml").rename(directory / "c.yaml")

    assert version_of(directory) != before


@pytest.mark.parametrize("path", ["README.md", "demo/sla.yaml"])
def test_a_file_outside_the_policy_does_not_change_the_version(directory: Path, path: str) -> None:
    before = version_of(directory)

    (directory / path).parent.mkdir(exist_ok=True)
    (directory / path).write_text("x\n")

    assert version_of(directory) == before
