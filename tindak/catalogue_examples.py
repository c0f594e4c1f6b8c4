"""Events as they may be, put together from what each field may hold."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, get_args, get_origin

from shared.events.base import Model
from tindak.catalogue_fields import FIELDS, OF_TYPE

STATES: Mapping[str, str] = {
    "TriageRequested": "in_triage", "TicketAcknowledged": "acknowledged", "TicketProgressed": "in_progress",
    "TicketAnswered": "answered", "TicketHeld": "held", "TicketResumed": "in_progress", "TicketClosed": "closed",
    "TicketReopened": "reopened", "TicketArchived": "archived", "TicketWithdrawn": "withdrawn", "TicketSplit": "split",
    "PartEnded": "closed", "TicketStatusChanged": "in_progress",
}  # fmt: skip
RARE = {
    "info", "reporter_sealed", "private", "parent", "part", "cluster", "instead_of", "reason_id", "reason_en", "actor",
    "agencies", "then", "priority_reason", "officer", "advice_id", "advice_en", "ordinary", "repeats", "requested_by",
    "asked_as",
}  # fmt: skip
"""Optional fields that an ordinary event does not hold: examples leave them out."""


def meaning(model: type[Model], name: str) -> str:
    """Return what a field of *model* means, for people; raise KeyError if nobody has said it."""
    return _stated(model, name)[0]


def example(model: type[Model]) -> dict[str, Any]:
    """Return a value that *model* takes, as JSON; an ordinary one, without what is rarely there."""
    made = {
        name: _value(model, name, field.annotation)
        for name, field in model.model_fields.items()
        if field.is_required() or name not in RARE
    }
    return {name: value for name, value in made.items() if value is not None}


def _stated(model: type[Model], name: str) -> tuple[str, Any]:
    return OF_TYPE.get(f"{model.__name__}.{name}") or FIELDS[name]


def _value(model: type[Model], name: str, annotation: Any) -> Any:
    if name == "state" and model.__name__ in STATES:
        return STATES[model.__name__]
    value = _stated(model, name)[1]
    if value is not None:
        return value
    kinds = [kind for kind in kinds_of(annotation) if isinstance(kind, type)]
    inner = next((kind for kind in kinds if issubclass(kind, Model)), None)
    if inner is not None:
        return [example(inner)] if tuple in kinds else example(inner)
    return next((next(iter(kind)).value for kind in kinds if issubclass(kind, Enum)), None)


def kinds_of(annotation: Any) -> Iterator[Any]:
    """Yield every class that stands in an annotation, that of a generic one included."""
    yield get_origin(annotation) or annotation
    for inner in get_args(annotation):
        yield from kinds_of(inner)
