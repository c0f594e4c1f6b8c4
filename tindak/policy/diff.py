"""What differs between two policies, in sentences: rules, agencies, clocks, texts, whatever stands in their files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.policy.loading import POLICY_SUFFIXES, policy_files, read

NAMED_BY = ("id", "code", "name", "role", "hold", "level", "date")  # what tells one item of a list from another
SHOWN_MAX = 60


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: file, where in it, and what has become of that."""

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}{f', {self.where}' if self.where else ''}: {self.what}."


def differences(before: Path, after: Path) -> list[Change]:
    """Return everything that differs between two directories of policy files, file by file.

    Raises:
        PolicyInvalid: A file is not YAML at all.
    """
    old, new = _by_name(before), _by_name(after)
    return [change for file in sorted({*old, *new}) for change in _of_file(file, old.get(file), new.get(file))]


def _by_name(directory: Path) -> dict[str, Path]:
    return {path.relative_to(directory).as_posix(): path for path in policy_files(directory)}


def _of_file(file: str, old: Path | None, new: Path | None) -> Iterator[Change]:
    if old is None or new is None:
        yield Change(file, "", "is new" if old is None else "is gone")
    elif old.suffix != ".yaml" and old.suffix in POLICY_SUFFIXES:
        if old.read_bytes() != new.read_bytes():
            yield Change(file, "", "the text is another one")
    else:
        for where, what in _of_values((), read(old).value, read(new).value):
            yield Change(file, " ".join(where), what)


def _of_values(where: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    if old == new:
        return
    names = _names_of(old, new)
    if names is not None:
        yield from _of_mappings(where, *names)
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _of_mappings(where, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield where, _of_lists(old, new)
    else:
        yield where, f"was {_shown(old)}, is {_shown(new)}"


def _of_mappings(
    where: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], str]]:
    for name in dict.fromkeys((*old, *new)):
        if name not in old:
            yield (*where, name), f"is new{_in_short(new[name])}"
        elif name not in new:
            yield (*where, name), f"is gone{_in_short(old[name])}"
        else:
            yield from _of_values((*where, name), old[name], new[name])


def _names_of(old: Any, new: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return two lists of mappings by what names their items, or None where nothing names each item of both."""
    if not (isinstance(old, list) and isinstance(new, list) and old and new):
        return None
    if not all(isinstance(item, dict) for item in (*old, *new)):
        return None
    for field in NAMED_BY:
        named = [{str(item.get(field)): item for item in items} for items in (old, new)]
        if all(field in item for item in (*old, *new)) and (len(named[0]), len(named[1])) == (len(old), len(new)):
            return named[0], named[1]
    return None


def _of_lists(old: Sequence[Any], new: Sequence[Any]) -> str:
    gains = [_shown(item) for item in new if item not in old]
    loses = [_shown(item) for item in old if item not in new]
    if not gains and not loses:
        return "stands in another order, or holds something more often"
    parts = [f"{verb} {', '.join(items)}" for verb, items in (("gains", gains), ("loses", loses)) if items]
    return " and ".join(parts)


def _in_short(value: Any) -> str:
    if isinstance(value, dict):
        plain = [f"{name} {_shown(item)}" for name, item in value.items() if not isinstance(item, list | dict)]
        return f" ({', '.join(plain)})" if plain else ""
    return f" ({_shown(value)})"


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "nothing" if value is None else str(value)
    return f"`{text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + '…'}`"
