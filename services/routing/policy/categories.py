"""The file categories.yaml: its shape, its faults and what each category says about the reports in it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from pydantic import Field

from services.routing.domain.agency_choice.rules import DISTRICT_OFFICE, NATIONAL_ADMIN, Category
from shared.events import Classification, Code
from shared.events.base import Short
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.loading import Loc, PolicyFault, PolicyModel, Source, unknown
from shared.text import name_key

CATEGORIES_FILE = "categories.yaml"


class ReasonEntry(PolicyModel):
    """Why something is not the city's matter, in both languages."""

    id: Short
    en: Short


class CategoryEntry(PolicyModel):
    """One category; see the head of the file."""

    code: Code
    name: Short
    aliases: tuple[Short, ...] = ()
    agency: Code | None = None
    outside: Code | None = None
    classification: Classification | None = None
    personal: bool = False

    def value(self, outside_reasons: Mapping[str, ReasonEntry]) -> Category:
        """Return what it means, with the reason why it is not the city's, if it is not."""
        if self.outside is None:
            return Category(self.code, self.agency, self.classification, personal=self.personal)
        reason = outside_reasons[self.outside]
        return Category(self.code, NATIONAL_ADMIN, self.classification, reason.id, reason.en, self.personal)


class MainCategoryEntry(CategoryEntry):
    """A main category with the entries below it."""

    entries: tuple[CategoryEntry, ...] = ()


class CategoryFile(PolicyModel):
    """The shape of categories.yaml."""

    outside_reasons: dict[Code, ReasonEntry] = Field(default_factory=dict)
    categories: Annotated[tuple[MainCategoryEntry, ...], Field(min_length=1)]

    def each(self) -> Iterator[tuple[Loc, CategoryEntry]]:
        """Yield every category with its place in the file, main categories before their entries."""
        for index, main in enumerate(self.categories):
            yield ("categories", index), main
            for below, entry in enumerate(main.entries):
                yield ("categories", index, "entries", below), entry

    def value(self) -> Mapping[str, Category]:
        """Return the categories by code, name and alias, in lower case.

        A name that LAPOR! gives to several entries says only what they have in common; the rest is left to the text.
        """
        found: dict[str, Category] = {}
        for _, entry in self.each():
            category = entry.value(self.outside_reasons)
            found[entry.code] = category
            for name in (entry.name, *entry.aliases):
                key = name_key(name)
                found[key] = _common(found[key], category) if key in found else category
        return found


def _common(one: Category, other: Category) -> Category:
    return Category(
        one.code,
        one.agency if one.agency == other.agency else None,
        one.classification if one.classification is other.classification else None,
        one.reason_id if one.reason_id == other.reason_id else None,
        one.reason_en if one.reason_en == other.reason_en else None,
        one.personal or other.personal,
    )


def faults_of_categories(held: CategoryFile, source: Source, agencies: Collection[str]) -> list[PolicyFault]:
    """Return a fault for every code given twice, unknown agency and unknown reason."""
    faults = list(source.given_twice((f"the category `{entry.code}`", (*loc, "code")) for loc, entry in held.each()))
    for loc, entry in held.each():
        if entry.agency is not None and entry.agency not in (*agencies, DISTRICT_OFFICE):
            faults.append(source.fault((*loc, "agency"), unknown("agency", entry.agency, agencies, AGENCIES_FILE)))
        if entry.outside is not None and entry.outside not in held.outside_reasons:
            sentence = unknown("reason", entry.outside, held.outside_reasons, "outside_reasons")
            faults.append(source.fault((*loc, "outside"), sentence))
        if entry.agency is not None and entry.outside is not None:
            faults.append(source.fault((*loc, "outside"), f"`{entry.code}` has an agency and lies outside, too"))
    return faults
