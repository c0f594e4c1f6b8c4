"""How routing's state is stored; never reads or writes it."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from services.routing.domain.state import State

STATE: TypeAdapter[State] = TypeAdapter(Annotated[State, Field(discriminator="kind")])
