"""What intake does when an officer has a reporter erased, or their contact corrected."""

from services.intake.domain.state import Erased, State
from shared import events
from shared.events import Applied, Decision, Event, Fact, Ignored, Untracked
from shared.topics import CONTACTS

Request = events.ReporterErased | events.ContactCorrected | events.ExportRequested


def ticket_of(request: Request) -> str:
    """Return the ticket whose reporter it is; for a part, the whole."""
    return request.parent or request.ticket_id


def follow(state: State | None, event: Event, request: Request) -> Decision[State]:
    """Return what follows from *request*, in whatever order it and others come; what is erased stays so."""
    ticket = ticket_of(request)
    match request:
        case events.ReporterErased():
            tombstone = Fact(events.ContactErased(ticket_id=ticket), CONTACTS, ticket, at=event.time)
            return Applied(Erased(state.tracking_id if state else request.tracking_id), (tombstone,), erases=True)
        case events.ContactCorrected(sealed=str(sealed), key_id=str(key_id)):
            if isinstance(state, Erased):
                return Ignored("there is no reporter any more", state)
            contact = events.ContactSealed(
                ticket_id=ticket,
                sealed=sealed,
                locale=events.Locale.INDONESIAN,  # of which only the one inside counts
                key_id=key_id,
                scheme=events.SealScheme.HPKE,
            )
            said = (Fact(contact, CONTACTS, ticket, at=event.time),)
            # A report is forgotten long before its ticket need have ended.
            return Untracked(said) if state is None else Applied(state, said)
        case _:
            return Ignored("notify answers it")
