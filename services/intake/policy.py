"""Loads intake.yaml and what intake needs of the other policy files; reports each fault with its line."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, PositiveInt

from services.intake.domain.non_reports import NonReportRules
from services.intake.domain.places import Bounds, Gazetteer, gazetteer, key_of
from services.intake.domain.rules import Category, Limits, Rules, name_key
from services.intake.domain.wording import Phrases, insults
from services.intake.non_report_policy import NonReportsEntry
from services.intake.sensitive_policy import load_sensitive
from shared.events.base import Short
from shared.policy.agencies import load_agencies
from shared.policy.channels import load_channels
from shared.policy.identities import load_identities
from shared.policy.loading import PolicyFault, PolicyInvalid, PolicyModel, Source, load, load_sourced, read, unknown
from shared.policy.places import FILE as PLACES_FILE
from shared.policy.places import Places, load_places
from shared.policy.retention import FILE as RETENTION_FILE
from shared.policy.retention import Retention, load_retention, repeats_days
from shared.text import folded_text
from shared.topics import OF_OUTSIDERS_DAYS

FILE = "intake.yaml"
CATEGORIES_FILE = "categories.yaml"

Words = tuple[Short, ...]


class LimitsEntry(PolicyModel):
    """The limits as they stand in the file."""

    retention_days: PositiveInt
    ahead_hours: PositiveInt
    skew_minutes: PositiveInt
    letters_min: PositiveInt
    description_words_min: PositiveInt
    title_length_max: Annotated[int, Field(ge=10, le=200)]


class IntakeFile(PolicyModel):
    """The shape of intake.yaml."""

    version: PositiveInt
    limits: LimitsEntry
    insults: Words
    emergencies: Words
    filler: Words
    no_names: Words
    everyday_places: Words
    non_reports: NonReportsEntry | None = None


class CategoryEntry(PolicyModel):
    """What intake reads of a category; routing reads the whole file, and finds what is wrong with it."""

    model_config = ConfigDict(extra="ignore")

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    agency: str | None = None
    outside: str | None = None
    personal: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Return everything that a channel may call it."""
        return (self.name, *self.aliases)


class MainCategoryEntry(CategoryEntry):
    """A main category with the finer ones below it."""

    entries: tuple[CategoryEntry, ...] = ()


class CategoryFile(PolicyModel):
    """What intake reads of categories.yaml."""

    model_config = ConfigDict(extra="ignore")

    categories: tuple[MainCategoryEntry, ...]


def load_intake(policy_dir: Path) -> Rules:
    """Return the rules that the files in *policy_dir* state.

    Raises:
        PolicyInvalid: With every fault of the first file that has any.
    """
    agencies = load_agencies(policy_dir).codes
    city = load_places(policy_dir)
    held, source = load_sourced(policy_dir / FILE, IntakeFile)
    limits = held.limits
    retention, kept = load_retention(policy_dir), read(policy_dir / RETENTION_FILE)
    non_reports = held.non_reports
    refuse(
        [
            *_strangers(held, source, city),
            *_forgotten_too_soon(limits, retention, kept),
            *(non_reports.faults(source) if non_reports else ()),
        ]
    )
    return Rules(
        channels=frozenset(load_channels(policy_dir).codes),
        agencies=frozenset(agencies),
        categories=_load_categories(policy_dir),
        places=_places_of(city, held.everyday_places),
        masker=load_identities(policy_dir),
        bounds=Bounds(**city.bounds.model_dump()) if city.bounds else None,
        insults=insults(map(folded_text, held.insults)),
        emergencies=Phrases(tuple(map(folded_text, held.emergencies))),
        sensitive=load_sensitive(policy_dir),
        non_reports=non_reports.value() if non_reports else NonReportRules(),
        filler=frozenset(map(folded_text, held.filler)),
        no_names=frozenset(map(folded_text, held.no_names)),
        limits=Limits(
            retention=timedelta(days=limits.retention_days),
            ahead=timedelta(hours=limits.ahead_hours),
            skew=timedelta(minutes=limits.skew_minutes),
            letters_min=limits.letters_min,
            description_words_min=limits.description_words_min,
            title_length_max=limits.title_length_max,
        ),
    )


def refuse(faults: Iterable[PolicyFault]) -> None:
    """Raise PolicyInvalid if there are faults."""
    if found := list(faults):
        raise PolicyInvalid(found)


def _forgotten_too_soon(limits: LimitsEntry, retention: Retention, source: Source) -> Iterator[PolicyFault]:
    """Yield the fault that a repeat may come, in time, when intake knows no more that it took the report."""
    comes_within = limits.retention_days + ceil(limits.ahead_hours / 24)
    least = comes_within + repeats_days(retention.dead_letters.days, OF_OUTSIDERS_DAYS)
    if retention.reports.days < least:
        sentence = f"`reports_days` must be at least {least}, not {retention.reports.days}: so long a repeat may come"
        yield source.fault(("reports_days",), f"{sentence} by `retention_days` of {FILE}")


def _strangers(held: IntakeFile, source: Source, city: Places) -> Iterator[PolicyFault]:
    places = (*city.kecamatan, *city.kelurahan)
    names = [name for place in places for name in (place.kelurahan or place.kecamatan, *place.aliases)]
    keys = set(map(key_of, names))
    for index, name in enumerate(held.everyday_places):
        if key_of(name) not in keys:
            yield source.fault(("everyday_places", index), unknown("place", name, names, PLACES_FILE))


def _load_categories(policy_dir: Path) -> dict[str, Category]:
    """Return the categories by every code, name and alias that settles which one is meant.

    LAPOR! gives some names to several entries: the first is meant if all are the same agency's matter, otherwise none.
    """
    mains = load(policy_dir / CATEGORIES_FILE, CategoryFile).categories
    entries: list[CategoryEntry] = [entry for main in mains for entry in (main, *main.entries)]
    named: dict[str, list[CategoryEntry]] = defaultdict(list)
    for entry in entries:
        for name in entry.names:
            named[name_key(name)].append(entry)
    meant = {key: found[0] for key, found in named.items() if len({(one.agency, one.outside) for one in found}) == 1}
    meant |= {entry.code: entry for entry in entries}
    return {key: Category(entry.code, entry.personal) for key, entry in meant.items()}


def _places_of(city: Places, everyday: Iterable[str]) -> Gazetteer:
    kecamatan = [(place.kecamatan, place.aliases) for place in city.kecamatan]
    kelurahan = [(place.kelurahan, place.kecamatan, place.aliases) for place in city.kelurahan if place.kelurahan]
    return gazetteer(kecamatan, kelurahan, everyday)
