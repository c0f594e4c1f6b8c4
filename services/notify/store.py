"""Serialises the state of notify; it needs no index of its own."""

from pydantic import TypeAdapter

from services.notify.domain.correspondence import Correspondence

STATE: TypeAdapter[Correspondence] = TypeAdapter(Correspondence)
