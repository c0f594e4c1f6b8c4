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
    old, new = by_name(before), by_name(after)
    return [change for file in sorted({*old, *new}) for change in of_file(file, old.get(file), new.get(file))]


def by_name(directory: Path) -> dict[str, Path]:
    """Return the policy files by their names from *directory* on."""
    return {path.relative_to(directory).as_posix(): path for path in policy_files(directory)}


def of_file(file: str, old: Path | None, new: Path | None) -> Iterator[Change]:
    """Yield what differs in one file."""
    if old is None or new is None:
        yield Change(file, "", "is new" if old is None else "is gone")
    elif old.suffix != ".yaml" and old.suffix in POLICY_SUFFIXES:
        if old.read_bytes() != new.read_bytes():
            yield Change(file, "", "the text is another one")
    else:
        for where, what in of_values((), read(old).value, read(new).value):
            yield Change(file, " ".join(where), what)


def of_values(where: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield place and sentence for each difference between two values."""
    if old == new:
        return
    names = names_of(old, new)
    if names is not None:
        yield from of_mappings(where, *names)
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from of_mappings(where, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield where, of_lists(old, new)
    else:
        yield where, f"was {shown(old)}, is {shown(new)}"


def of_mappings(
    where: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield place and sentence for each difference between two mappings."""
    for name in dict.fromkeys((*old, *new)):
        if name not in old:
            yield (*where, name), f"is new{in_short(new[name])}"
        elif name not in new:
            yield (*where, name), f"is gone{in_short(old[name])}"
        else:
            yield from of_values((*where, name), old[name], new[name])


def names_of(old: Any, new: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
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


def of_lists(old: Sequence[Any], new: Sequence[Any]) -> str:
    """Return what differs between two lists of plain values."""
    gains = [shown(item) for item in new if item not in old]
    loses = [shown(item) for item in old if item not in new]
    if not gains and not loses:
        return "stands in another order, or holds something more often"
    parts = [f"{verb} {', '.join(items)}" for verb, items in (("gains", gains), ("loses", loses)) if items]
    return " and ".join(parts)


def in_short(value: Any) -> str:
    """Return the plain values of something that is new or gone, in brackets."""
    if isinstance(value, dict):
        plain = [f"{name} {shown(item)}" for name, item in value.items() if not isinstance(item, list | dict)]
        return f" ({', '.join(plain)})" if plain else ""
    return f" ({shown(value)})"


def shown(value: Any) -> str:
    """Return a value in a few words."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else "nothing" if value is None else str(value)
    return f"`{text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + '…'}`"
