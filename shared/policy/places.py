"""The districts and villages of a city, with other names that people use for them."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from shared.events.base import Short
from shared.policy.loading import PolicyFault, PolicyInvalid, PolicyModel, Source, load_sourced
from shared.values import value

FILE = "places.yaml"


class NamedPlace(PolicyModel):
    """A kelurahan as it stands in the file."""

    name: Short
    aliases: tuple[Short, ...] = ()


class NamedKecamatan(NamedPlace):
    """A kecamatan as it stands in the file."""

    kelurahan: Annotated[tuple[NamedPlace, ...], Field(min_length=1)]


class Bounds(PolicyModel):
    """The box around the city, in degrees."""

    south: Annotated[float, Field(ge=-90, le=90)]
    west: Annotated[float, Field(ge=-180, le=180)]
    north: Annotated[float, Field(ge=-90, le=90)]
    east: Annotated[float, Field(ge=-180, le=180)]

    @model_validator(mode="after")
    def _enclose_something(self) -> "Bounds":
        if self.south >= self.north or self.west >= self.east:
            raise ValueError("`south` must be less than `north`, and `west` less than `east`")
        return self


class PlaceFile(PolicyModel):
    """The shape of places.yaml; ``city_aliases`` are names of the whole city."""

    city: Short
    city_aliases: tuple[Short, ...] = ()
    bounds: Bounds | None = None
    kecamatan: Annotated[tuple[NamedKecamatan, ...], Field(min_length=1)]


@value
class Place:
    """A kelurahan with its kecamatan, or a whole kecamatan where ``kelurahan`` is None."""

    kecamatan: str
    kelurahan: str | None = None
    aliases: tuple[str, ...] = ()


@value
class Places:
    """Every place of a city, in the order of the file."""

    city: str
    kecamatan: tuple[Place, ...]
    kelurahan: tuple[Place, ...]
    city_aliases: tuple[str, ...] = ()
    bounds: Bounds | None = None


def load_places(policy_dir: Path) -> Places:
    """Return the places of places.yaml; raise PolicyInvalid with every fault of the file."""
    held, source = load_sourced(policy_dir / FILE, PlaceFile)
    faults = repeats(held, source)
    if faults:
        raise PolicyInvalid(faults)
    return Places(
        city=held.city,
        kecamatan=tuple(Place(district.name, None, district.aliases) for district in held.kecamatan),
        kelurahan=tuple(
            Place(district.name, village.name, village.aliases)
            for district in held.kecamatan
            for village in district.kelurahan
        ),
        city_aliases=held.city_aliases,
        bounds=held.bounds,
    )


def repeats(held: PlaceFile, source: Source) -> list[PolicyFault]:
    """Return a fault for each name that two kecamatan, or two kelurahan, share."""
    faults = []
    districts: set[str] = set()
    villages: set[str] = set()
    for d, district in enumerate(held.kecamatan):
        for name in (district.name, *district.aliases):
            if name.casefold() in districts:
                faults.append(source.fault(("kecamatan", d), f"kecamatan `{name}` is given twice"))
            districts.add(name.casefold())
        for v, village in enumerate(district.kelurahan):
            for name in (village.name, *village.aliases):
                if name.casefold() in villages:
                    faults.append(source.fault(("kecamatan", d, "kelurahan", v), f"kelurahan `{name}` is given twice"))
                villages.add(name.casefold())
    return faults
