"""Serialises the state of intake, and says what must be unique."""

from typing import Annotated

from pydantic import Field, TypeAdapter
from pymongo import ASCENDING, IndexModel

from services.intake.domain.state import State

STATE: TypeAdapter[State] = TypeAdapter(Annotated[State, Field(discriminator="kind")])

# Two tickets whose derived tracking ids happen to be the same: the second one to be saved gets another.
INDEXES = (
    IndexModel(
        [("state.tracking_id", ASCENDING)],
        unique=True,
        partialFilterExpression={"state.tracking_id": {"$exists": True}},
    ),
)


def unique(state: State) -> str:
    """Return the value of a state that no other may have, for stores that have no indexes."""
    return state.tracking_id
