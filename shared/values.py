"""Immutable values: what states, events and decisions are made of.

A frozen dataclass sets each field through ``object.__setattr__``, which makes building one several times as dear as
building a plain one, and `dataclasses.replace` looks the fields up each time; together they were 0.38 ms of every
complaint. So values are frozen for the type checker, and at run time wherever `FROZEN` says so before they are defined,
as the tests do; nothing in a service assigns to one.
"""

from collections.abc import Callable
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
    replacing = getattr(type(before), "_replaced", None)
    if replacing is None:
        return _replace_dataclass(before, **changes)  # type: ignore[type-var]  # a dataclass that is no value
    replaced: T = replacing(before, **changes)
    return replaced


def _value(cls: type[T], *, kw_only: bool) -> type[T]:
    made = dataclass(frozen=FROZEN, unsafe_hash=not FROZEN, slots=True, kw_only=kw_only)(cls)
    made._replaced = _replacing(made)  # type: ignore[attr-defined]  # for `replace` above
    return made


def _replacing(cls: Any) -> Callable[..., Any]:
    """Return a function that calls *cls* with every field of its first argument but for those that it is given."""
    by_place_first = sorted((each for each in fields(cls) if each.init), key=lambda each: bool(each.kw_only))
    names = [each.name for each in by_place_first]
    named = {each.name for each in fields(cls) if each.kw_only}
    given = ", ".join(f"{name}=_same" for name in names)
    passed = ", ".join(
        f"{f'{name}=' if name in named else ''}_before.{name} if {name} is _same else {name}" for name in names
    )
    text = f"def _replaced(_before, /, {'*, ' if names else ''}{given}):\n    return _cls({passed})"
    space: dict[str, Any] = {"_same": object(), "_cls": cls}
    exec(text, space)  # noqa: S102  # names of fields only, as dataclasses itself does it
    replaced: Callable[..., Any] = space["_replaced"]
    return replaced
