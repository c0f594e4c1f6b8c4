"""How a correspondence becomes a document and back; the indexes that every collection has are enough."""

from pydantic import TypeAdapter

from services.notify.domain.correspondence import Correspondence

STATE: TypeAdapter[Correspondence] = TypeAdapter(Correspondence)
