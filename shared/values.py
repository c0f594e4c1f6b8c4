"""Immutable values: what states, events and decisions are made of.

A frozen dataclass sets each field through ``object.__setattr__``, which makes building one several times as dear as
building a plain one, and `dataclasses.replace` looks the fields up each time; together they were 0.38 ms of every
complaint. So values are frozen for the type checker, and at run time wherever `FROZEN` says so before they are defined,
as the tests do; nothing in a service assigns to one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from dataclasses import replace as _replace_dataclass
from typing import Any, TypeVar, dataclass_transform, overload

__all__ = ["FROZEN", "replace", "value"]

T = TypeVar("T")

FROZEN = False


@overload
def value(cls: type[T], /) -> type[T]: ...


@overload
def value(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T] | None = None, /, *, kw_only: bool = False) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class a dataclass with slots, equal and hashed by its fields, of which none is ever assigned anew."""
    if cls is None:
        return lambda named: _value(named, kw_only=kw_only)
    return _value(cls, kw_only=kw_only)


def replace(before: T, /, **changes: Any) -> T:
    """Return *before* with other values in some of its fields.

    Raises:
        TypeError: It has no such field.
    """
    replaced = getattr(type(before), "_replaced", None)
    if replaced is None:
        return _replace_dataclass(before, **changes)  # type: ignore[type-var]  # a dataclass that is no such value
    try:
        after: T = replaced(before, changes)
    except AttributeError:
        raise TypeError(f"{type(before).__name__} has not all of the fields {', '.join(changes)}") from None
    return after


def _value(cls: type[T], *, kw_only: bool) -> type[T]:
    made = dataclass(frozen=FROZEN, unsafe_hash=not FROZEN, slots=True, kw_only=kw_only)(cls)
    # What checks itself when it is made is made anew with each change.
    made._replaced = None if hasattr(made, "__post_init__") else _replacing(made)  # type: ignore[attr-defined]
    return made


def _replacing(cls: Any) -> Callable[[Any, Mapping[str, Any]], Any]:
    """Return a function that copies a value slot by slot, in half the time that calling *cls* takes, and changes it."""
    assigned = "_set(_after, {0!r}, _before.{0})" if FROZEN else "_after.{0} = _before.{0}"
    lines = (
        "def _replaced(_before, _changes):",
        "    _after = _new(_cls)",
        *(f"    {assigned.format(each.name)}" for each in fields(cls)),
        "    for _name, _changed in _changes.items():",
        "        _set(_after, _name, _changed)",
        "    return _after",
    )
    space: dict[str, Any] = {"_cls": cls, "_new": object.__new__, "_set": object.__setattr__ if FROZEN else setattr}
    exec("\n".join(lines), space)  # noqa: S102  # names of fields only, as dataclasses itself does it
    replaced: Callable[[Any, Mapping[str, Any]], Any] = space["_replaced"]
    return replaced
