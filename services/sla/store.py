"""How a ticket's clocks become a document and back; the two indexes that every collection has are enough."""

from pydantic import TypeAdapter

from services.sla.domain.ticket import Ticket

STATE: TypeAdapter[Ticket] = TypeAdapter(Ticket)
