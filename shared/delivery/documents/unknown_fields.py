"""Preserves fields of another release, which this one does not know, through a save."""

from collections.abc import Mapping, Sequence
from typing import Any

# Names by which an item of a list is the same item after a change, the first whose all are there. One event may be
# said on two topics, under one id.
IDENTITIES = (("topic", "id"), ("id",), ("version",), ("clock", "round"))
KIND = "kind"


def with_unknown_fields(now: Any, stored: Any, known: Any) -> Any:
    """Return *now* with every field that *stored* has beyond *known*, at any depth.

    What this release knows is as it is *now*, removals included. An object that has become another kind (its ``kind``
    differs) or has gone takes its unknown fields with it, for it is another object. Items of lists are the same if
    they have the same id, or else are unchanged, or else stand at the same place.

    Args:
        now: What is to be stored, as far as this release knows.
        stored: What another release stored.
        known: *stored*, as this release would have stored it.
    """
    if isinstance(now, Mapping) and isinstance(stored, Mapping) and isinstance(known, Mapping):
        if now.get(KIND) != known.get(KIND):
            return now
        kept = {name: with_unknown_fields(now[name], stored.get(name), known.get(name)) for name in now}
        return kept | {name: stored[name] for name in stored if name not in known and name not in now}
    if isinstance(now, list) and isinstance(stored, list) and isinstance(known, list):
        return _items(now, stored, known)
    return now


def _items(now: list[Any], stored: list[Any], known: list[Any]) -> list[Any]:
    if len(stored) != len(known) or not any(isinstance(item, dict | list) for item in stored):
        return now
    before = dict(enumerate(zip(stored, known, strict=True)))
    matches: dict[int, tuple[Any, Any]] = {}
    by_identity = {identity: place for place, (_, item) in before.items() if (identity := _identity(item)) is not None}
    for place, item in enumerate(now):
        identity = _identity(item)
        if identity is None:
            same = next((old for old, (_, was) in before.items() if was == item), None)
        else:
            same = by_identity.get(identity)
        if same is not None and same in before:
            matches[place] = before.pop(same)
    for place, item in enumerate(now):
        if place not in matches and place in before and _identity(item) is None:
            matches[place] = before.pop(place)
    return [with_unknown_fields(item, *matches.get(place, (None, None))) for place, item in enumerate(now)]


def _identity(item: Any) -> Sequence[Any] | None:
    if not isinstance(item, Mapping):
        return None
    names = next((names for names in IDENTITIES if all(name in item for name in names)), None)
    return None if names is None else tuple(str(item[name]) for name in names)
