"""Deduplication: the tickets that a new report may join, as candidates, the most similar first."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice, product
from math import cos, floor, hypot, radians

from services.routing.domain.duplicates.features import extract_features
from services.routing.domain.duplicates.minhash import band_keys
from services.routing.domain.duplicates.similar_reports import SIMILAR_MAX, SimilarReport
from services.routing.domain.duplicates.similarity import (
    NUMBER,
    SIDE,
    TROUBLE,
    WORDS_MIN,
    ClusterRules,
    Fingerprint,
    fingerprint_of,
    similarity,
)
from shared.events import ComplaintAccepted, Location, SimilarTicket
from shared.text import words_of
from shared.text.phrases import Phrasebook
from shared.values import value

COMPARED_MAX = 24  # with one report; more share a key only where very many tell of one thing
BY_KEY_MAX = 32  # of those with one key, the newest
METRES_PER_DEGREE = 111_320  # of latitude, and of longitude at the equator


@value
class Neighbour:
    """A ticket that a report may join; ``agency`` is None while nobody has it, or while that is not known."""

    id: str
    accepted_at: datetime
    category: str | None
    location: Location | None
    fingerprint: Fingerprint
    agency: str | None = None


@value
class Search:
    """A new report, and the keys under which those are found that it may join."""

    itself: Neighbour
    keys: tuple[int, ...]


@value
class Candidates:
    """What is compared of a new report, and the tickets that it may join, the most similar first.

    ``similar`` are those that only people may merge it into.
    """

    fingerprint: Fingerprint | None = None
    neighbours: tuple[Neighbour, ...] = ()
    similar: tuple[SimilarReport, ...] = ()

    def similar_but(self, leader: str | None) -> tuple[SimilarTicket, ...]:
        """Return what people are shown of the similar ones: at most `SIMILAR_MAX`, without the one that is joined."""
        others = (one for one in self.similar if one.ticket_id != leader)
        return tuple(SimilarTicket(tracking_id=one.tracking_id, score=one.score) for one in islice(others, SIMILAR_MAX))


NO_CANDIDATES = Candidates()


def search_for(
    rules: ClusterRules, book: Phrasebook, known: frozenset[str], complaint: ComplaintAccepted, category: str | None
) -> Search | None:
    """Return what to search for a report; None if it is personal, confidential, says too little or not where.

    Args:
        known: Words of the city's rules: they are about a matter and are rarely names.
        category: Its code, as far as it is known.
    """
    place = complaint.location
    if not rules.accept or place is None or complaint.confidential:
        return None
    kept, asked = _keyed_places(rules, place)
    if not kept:
        return None
    words = book.usual_of(complaint.title, complaint.body)
    here = frozenset(words_of(f"{place.kelurahan or ''} {place.kecamatan or ''}"))
    about, names = extract_features(rules, words, known, here)
    if place.text:
        _, there = extract_features(rules, book.usual_of(place.text), known, here)
        names = {kind: names.get(kind, set()) | there.get(kind, set()) for kind in names.keys() | there.keys()}
    placed = not {NUMBER, SIDE, TROUBLE}.issuperset(names) or place.latitude is not None
    if not about or (len(about) < WORDS_MIN and not placed) or rules.is_personal(words, placed):
        return None
    compared = about.union(*names.values())
    keys = band_keys(compared, asked)
    fingerprint = fingerprint_of(about, names, keys if asked == kept else band_keys(compared, kept))
    return Search(Neighbour(complaint.ticket_id, complaint.accepted_at, category, place, fingerprint), keys)


def _keyed_places(rules: ClusterRules, place: Location) -> tuple[list[str], list[str]]:
    kept = [f"kelurahan {place.kelurahan.lower()}"] if place.kelurahan else []
    if place.latitude is None or place.longitude is None:
        return kept, kept
    # Cells of that size: what is near lies in the same one or in one of the eight around it.
    row = floor(place.latitude * METRES_PER_DEGREE / rules.near_metres)
    column = floor(place.longitude * METRES_PER_DEGREE / rules.near_metres)
    cells = [f"cell {row + down} {column + right}" for down, right in product((-1, 0, 1), repeat=2)]
    return [*kept, f"cell {row} {column}"], [*kept, *cells]


def find_candidates(
    rules: ClusterRules, searches: Sequence[Search], stored: Collection[Neighbour]
) -> dict[str, Candidates]:
    """Return for each search what its report may join among *stored* tickets and among those that come before it.

    One that most likely joins another is joined by none: nobody follows somebody who follows.
    """
    by_key: dict[int, list[Neighbour]] = defaultdict(list)
    times_asked = Counter([key for search in searches for key in search.keys])
    asked = set(times_asked)
    # Most keys of a new report are asked for by itself alone, and nobody will look for it there.
    shared = {key for key, times in times_asked.items() if times > 1}
    for neighbour in sorted(stored, key=lambda one: (one.accepted_at, one.id)):
        _remember(by_key, neighbour, asked)
    found: dict[str, Candidates] = {}
    for search in searches:
        near = _nearest(by_key, search.keys)
        ranked = tuple(other for _, other in sorted(_scored(rules, search.itself, near), key=lambda pair: pair[0]))
        found[search.itself.id] = Candidates(search.itself.fingerprint, ranked)
        if not ranked:
            _remember(by_key, search.itself, shared)
    return found


def _remember(by_key: dict[int, list[Neighbour]], neighbour: Neighbour, asked: set[int]) -> None:
    for key in asked.intersection(neighbour.fingerprint.bands):
        by_key[key].append(neighbour)


def _nearest(by_key: Mapping[int, list[Neighbour]], keys: Iterable[int]) -> list[Neighbour]:
    """Return the tickets that have one of *keys*; of too many those with most of them, which have most in common."""
    held = [by_key[key][-BY_KEY_MAX:] for key in keys if key in by_key]
    near = {other.id: other for each in held for other in each}
    if len(near) <= COMPARED_MAX:
        return list(near.values())
    shared = Counter([other.id for each in held for other in each])
    return [near[id_] for id_, _ in shared.most_common(COMPARED_MAX)]


def _scored(
    rules: ClusterRules, one: Neighbour, others: Iterable[Neighbour]
) -> Iterator[tuple[tuple[float, datetime, str], Neighbour]]:
    for other in others:
        if other.id != one.id and _fits(rules, one, other):
            share = similarity(
                rules, one.fingerprint, other.fingerprint, _close_by(rules, one.location, other.location)
            )
            if share:
                yield (-share, other.accepted_at, other.id), other


def _fits(rules: ClusterRules, one: Neighbour, other: Neighbour) -> bool:
    if abs(one.accepted_at - other.accepted_at) > max(rules.within, timedelta()):
        return False
    if one.category and other.category and one.category != other.category:
        return False
    return one.location is not None and other.location is not None and _near(rules, one.location, other.location)


def _near(rules: ClusterRules, one: Location, other: Location) -> bool:
    """Return whether two places are of one kelurahan, and not too far apart as far as that is known, or close by."""
    same = bool(one.kelurahan and other.kelurahan and one.kelurahan.lower() == other.kelurahan.lower())
    metres = _distance_metres(one, other)
    return same if metres is None else metres <= (rules.apart_metres_max if same else rules.near_metres)


def _close_by(rules: ClusterRules, one: Location | None, other: Location | None) -> bool:
    """Return whether two places lie close by on the map; False where that is not known."""
    metres = _distance_metres(one, other) if one and other else None
    return metres is not None and metres <= rules.near_metres


def _distance_metres(one: Location, other: Location) -> float | None:
    """Return how far apart two places are, exact to a hundredth within a city; None if that is not known."""
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return None
    north = (one.latitude - other.latitude) * METRES_PER_DEGREE
    east = (one.longitude - other.longitude) * METRES_PER_DEGREE * cos(radians(one.latitude))
    return hypot(north, east)


def best_match(rules: ClusterRules, candidates: Candidates, agency: str | None) -> str | None:
    """Return the ticket that a report joins which *agency* gets; None if it stays alone.

    Where two agencies are known to have the two reports, they are two matters.
    """
    if not rules.accept:
        return None
    same = (other.id for other in candidates.neighbours if None in (agency, other.agency) or agency == other.agency)
    return next(same, None)
