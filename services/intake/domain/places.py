"""Recognises the kelurahan and kecamatan that a report is about; in doubt none."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from shared.text import fold
from shared.values import value

# Pondok is mostly written short; every name may be written together, apart or with a hyphen.
PONDOK_SHORT = re.compile(r"^(?:pdk|pnd|pd)(?=[a-z])")
PONDOK = r"(?:pondok|pdk|pnd|pd)\.?"
LOOSE = re.compile(r"[\s.\-_]+")
BEFORE = (
    r"(?:(?P<street>(?:jl|jln|jalan|gg|gang)[\s.]+(?:raya\s+)?)"
    r"|(?P<kel>(?:kel|kelurahan|desa)[\s.:]+)"
    r"|(?P<kec>(?:kec|kecamatan)[\s.:]+))?"
)
KIND = re.compile(r"(?:kelurahan|kecamatan|kel|kec|desa)\b[\s.:]*")
FIELDS_REMEMBERED_MAX = 1_024  # a city has fewer kelurahan and kecamatan
SEGMENT_ENDS = re.compile(r"[,;\n/]")


@value
class Place:
    """A kelurahan in its kecamatan; the whole kecamatan where ``kelurahan`` is None. Names as the city writes them."""

    kecamatan: str
    kelurahan: str | None = None


@value
class Named:
    """What one name may mean: a kelurahan, a kecamatan, or either."""

    kelurahan: Place | None = None
    kecamatan: Place | None = None


@dataclass(frozen=True)
class Gazetteer:
    """Every name of a city's places.

    Args:
        names: By name or alias, in any usual spelling.
        everyday: Names that are also ordinary words, such as Sawah (rice field): in running text they count only after
            ``kel.`` or ``kec.``, in an address also where they stand alone between two commas.
    """

    names: Mapping[str, Named]
    everyday: frozenset[str] = frozenset()
    _by_key: Mapping[str, Named] = field(init=False, repr=False, compare=False)
    _everyday_keys: frozenset[str] = field(init=False, repr=False, compare=False)
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _named: Callable[[str], Named | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {key_of(name): named for name, named in self.names.items()})
        object.__setattr__(self, "_everyday_keys", frozenset(map(key_of, self.everyday)))
        longest_first = sorted(self.names, key=lambda name: (-len(key_of(name)), name))
        choices = "|".join(map(_spellings, longest_first))
        object.__setattr__(self, "_pattern", re.compile(rf"(?<!\w){BEFORE}(?P<name>{choices})(?!\w)"))
        object.__setattr__(self, "_named", lru_cache(FIELDS_REMEMBERED_MAX)(self._look_up))

    def named(self, text: str) -> Named | None:
        """Return what a field holds that should hold one name and nothing else; None if it is no place of the city."""
        return self._named(text)

    def _look_up(self, text: str) -> Named | None:
        return self._by_key.get(key_of(KIND.sub("", fold(text).text.strip(), count=1)))

    def mentioned(self, text: str, *, is_address: bool = False) -> Place | None:
        """Return the one place that a text speaks of.

        One kelurahan counts more than any kecamatan. Of several, what they share is returned: their kecamatan, or
        nothing. A street that is named after a place may lie anywhere.
        """
        folded = fold(text).text
        found = [place for hit in self._pattern.finditer(folded) if (place := self._meant(hit, is_address=is_address))]
        kelurahan = {place for place in found if place.kelurahan}
        if kelurahan:
            return only(kelurahan) or only({Place(place.kecamatan) for place in kelurahan})
        return only(set(found))

    def _meant(self, hit: re.Match[str], *, is_address: bool) -> Place | None:
        key = key_of(hit["name"])
        named = self._by_key[key]
        if hit["street"]:
            return None
        if key in self._everyday_keys and not (hit["kel"] or hit["kec"]) and not (is_address and _stands_alone(hit)):
            return None
        if hit["kel"]:
            return named.kelurahan or named.kecamatan
        return named.kecamatan or named.kelurahan


def gazetteer(
    kecamatan: Iterable[tuple[str, Sequence[str]]],
    kelurahan: Iterable[tuple[str, str, Sequence[str]]],
    everyday: Iterable[str] = (),
) -> Gazetteer:
    """Return the gazetteer of a city.

    Args:
        kecamatan: Name and aliases of each.
        kelurahan: Name, kecamatan and aliases of each.
        everyday: Names that are ordinary words, too.
    """
    names: dict[str, str] = {}
    meanings: dict[str, Named] = {}
    for name, aliases in kecamatan:
        for spelling in (name, *aliases):
            names[spelling] = key_of(spelling)
            meanings[names[spelling]] = Named(kecamatan=Place(name))
    for name, district, aliases in kelurahan:
        for spelling in (name, *aliases):
            names[spelling] = key_of(spelling)
            same = meanings.get(names[spelling], Named())
            meanings[names[spelling]] = Named(Place(district, name), same.kecamatan)
    return Gazetteer({name: meanings[key] for name, key in names.items()}, frozenset(everyday))


def key_of(name: str) -> str:
    """Return what all spellings of a name have in common."""
    return PONDOK_SHORT.sub("pondok", LOOSE.sub("", fold(name).text))


def _spellings(name: str) -> str:
    """Return a pattern for the usual spellings of a name in folded text."""
    words = [PONDOK if word in {"pondok", "pd"} else re.escape(word) for word in LOOSE.split(fold(name).text)]
    return r"[\s\-]*".join(words)


def _stands_alone(hit: re.Match[str]) -> bool:
    before, after = hit.string[: hit.start()], hit.string[hit.end() :]
    return not SEGMENT_ENDS.split(before)[-1].strip() and not SEGMENT_ENDS.split(after, maxsplit=1)[0].strip(" .")


def only(places: set[Place]) -> Place | None:
    """Return the only one of *places*, or None."""
    return next(iter(places)) if len(places) == 1 else None


@value
class Bounds:
    """The box around a city, in degrees; its edges belong to it."""

    south: float
    west: float
    north: float
    east: float

    def contains(self, latitude: float, longitude: float) -> bool:
        """Return whether a point lies in the box."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


@value
class Located:
    """Where a report plays, as far as the city knows the place.

    Args:
        place: None if nothing was recognised.
        contradicts: The kelurahan that the reporter chose does not lie in the kecamatan he chose.
        unknown: What stood in the fields for kelurahan and kecamatan and is no place of the city.
    """

    place: Place | None
    contradicts: bool = False
    unknown: tuple[str, ...] = ()


def locate(places: Gazetteer, kelurahan: str | None, kecamatan: str | None, address: str | None, text: str) -> Located:
    """Return where a report plays: what was chosen, made finer by the address and the text unless they contradict."""
    village, district = places.named(kelurahan or ""), places.named(kecamatan or "")
    unknown = tuple(
        given for given, named in ((kelurahan, village), (kecamatan, district)) if given and given.strip() and not named
    )
    in_district = (district.kecamatan or district.kelurahan) if district else None
    if village and village.kelurahan:
        contradicts = in_district is not None and in_district.kecamatan != village.kelurahan.kecamatan
        return Located(village.kelurahan, contradicts, unknown)
    chosen = in_district or (village.kecamatan if village else None)
    found = places.mentioned(address or "", is_address=True) or places.mentioned(text)
    if chosen is None or (found and found.kecamatan == chosen.kecamatan and not chosen.kelurahan):
        return Located(found, unknown=unknown)
    return Located(chosen, unknown=unknown)
