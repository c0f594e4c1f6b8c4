"""The tree of categories as data: what a report is about and, where that settles it, whose matter it is."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from shared.events.base import Classification, Code
from shared.policy import PolicyFault, PolicyInvalid, PolicyModel, Source, load_sourced, unknown

FILE = "categories.yaml"
Label = Annotated[str, Field(min_length=1, max_length=250)]


class Reasons(PolicyModel):
    """Why a matter is not the city's, in both languages."""

    id: Label
    en: Label


class Category(PolicyModel):
    """A category of reports.

    ``agency`` is a code of agencies.yaml, or ``kecamatan`` for the district office of the report's place.
    ``outside`` is a code of ``outside_reasons``. With neither, the category alone does not say whose matter it is.
    ``personal`` means that it is about the reporter's own papers or aid: no agency can help without knowing who asks.
    """

    code: Code
    name: Label
    aliases: tuple[Label, ...] = ()
    agency: Code | None = None
    outside: Code | None = None
    classification: Classification | None = None
    personal: bool = False

    @model_validator(mode="after")
    def one_answer_only(self) -> "Category":
        """Raise ValueError if both an agency and a reason why it is nobody's here are given."""
        if self.agency and self.outside:
            raise ValueError("a category has an agency or is outside the city's authority, not both")
        return self


class MainCategory(Category):
    """A category with the finer ones below it."""

    entries: tuple[Category, ...] = ()


class CategoryFile(PolicyModel):
    """The shape of categories.yaml."""

    outside_reasons: dict[Code, Reasons]
    categories: Annotated[tuple[MainCategory, ...], Field(min_length=1)]


def folded(text: str) -> str:
    """Return *text* as names are compared: case and surplus spaces make no difference."""
    return " ".join(text.casefold().split())


@dataclass(frozen=True)
class Categories:
    """All categories of a city, in the order of the file, and the reasons for what lies outside its authority."""

    mains: tuple[MainCategory, ...]
    outside_reasons: dict[str, Reasons]
    _by_code: dict[str, Category] = field(init=False, repr=False, compare=False)
    _by_name: dict[str, list[Category]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names: dict[str, list[Category]] = defaultdict(list)
        for category in self:
            for name in (category.name, *category.aliases):
                names[folded(name)].append(category)
        object.__setattr__(self, "_by_code", {category.code: category for category in self})
        object.__setattr__(self, "_by_name", dict(names))

    def __iter__(self) -> Iterator[Category]:
        for main in self.mains:
            yield main
            yield from main.entries

    @property
    def codes(self) -> tuple[str, ...]:
        """Return every category's code, the main ones among them."""
        return tuple(self._by_code)

    def get(self, code: str) -> Category | None:
        """Return the category with this code, or None."""
        return self._by_code.get(code)

    def find(self, text: str) -> Category | None:
        """Return the category that a channel means by a code, a LAPOR! name or one of its aliases.

        Some names occur in several branches: the first is returned if they all lead to the same agency, otherwise None.
        """
        found = self._by_code.get(text.strip().casefold())
        named = self._by_name.get(folded(text), [])
        if found is None and len({(bool(one.outside), one.agency) for one in named}) == 1:
            return named[0]
        return found


def load_categories(policy_dir: Path, agencies: tuple[str, ...]) -> Categories:
    """Return the categories of categories.yaml.

    Args:
        policy_dir: The directory that holds the file.
        agencies: The codes of all agencies; the pseudo-agency ``kecamatan`` is known besides.

    Raises:
        PolicyInvalid: With every fault of the file: a code given twice, an agency or reason unknown.
    """
    held, source = load_sourced(policy_dir / FILE, CategoryFile)
    faults = list(faults_of(held, source, (*agencies, "kecamatan")))
    if faults:
        raise PolicyInvalid(faults)
    return Categories(held.categories, held.outside_reasons)


def faults_of(held: CategoryFile, source: Source, agencies: tuple[str, ...]) -> Iterator[PolicyFault]:
    """Yield a fault for each code that is given twice and each reference that leads nowhere."""
    first: dict[str, int] = {}
    for loc, category in located(held):
        line = source.line_of((*loc, "code"))
        if category.code in first:
            sentence = f"category `{category.code}` is given twice, first on line {first[category.code]}"
            yield PolicyFault(source.file, line, sentence)
        first.setdefault(category.code, line)
        if category.agency is not None and category.agency not in agencies:
            sentence = unknown("agency", category.agency, agencies, "agencies.yaml")
            yield source.fault((*loc, "agency"), sentence)
        if category.outside is not None and category.outside not in held.outside_reasons:
            sentence = unknown("reason", category.outside, held.outside_reasons, "outside_reasons")
            yield source.fault((*loc, "outside"), sentence)


def located(held: CategoryFile) -> Iterator[tuple[tuple[int | str, ...], Category]]:
    """Yield every category with its place in the file."""
    for m, main in enumerate(held.categories):
        yield ("categories", m), main
        for e, entry in enumerate(main.entries):
            yield ("categories", m, "entries", e), entry
