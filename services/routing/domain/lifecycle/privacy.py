"""What a reporter may have an officer do about their data: tell what is held, correct it, forget it; never who may."""

from dataclasses import replace
from typing import Any

from services.routing.domain.ticket.forgetting import forgotten
from services.routing.domain.ticket.refusals import ERASED, ERASED_BEFORE, Refusal
from services.routing.domain.ticket.state import Filed, Situation, Ticket
from services.routing.domain.ticket.transition import Outcome, Transition
from shared import events
from shared.events import Fact
from shared.topics import REQUESTS, TICKETS

TO_A_REPORTER = events.ExportReporter | events.CorrectReporter
FROM_A_REPORTER = events.ReplyToTicket | events.ConfirmTicket | events.DisputeTicket | events.WithdrawTicket


def erased_refusal(ticket: Ticket, command: events.Command) -> Refusal | None:
    """Return that nobody is left whom *command* could come from or concern; None if somebody is."""
    return ERASED if ticket.erased and isinstance(command, TO_A_REPORTER | FROM_A_REPORTER) else None


def export(transition: Transition, situation: Situation, asked: events.ExportReporter) -> Transition:
    """Ask notify, which alone can open the contact, to tell the officer what it holds."""
    said = transition.add_fact_on(events.ExportRequested, situation, (TICKETS,), reason=asked.reason)
    return _request(said, public_key=asked.public_key)


def correct(transition: Transition, situation: Situation, asked: events.CorrectReporter) -> Transition:
    """Replace the contact by another one, of which nobody here can read anything."""
    said = transition.add_fact_on(events.ContactCorrected, situation, (TICKETS,), reason=asked.reason)
    return _request(said, sealed=asked.sealed, key_id=asked.key_id)


def erase(transition: Transition, situation: Situation) -> Outcome:
    """Forget the reporter of the ticket, of its parts, and of the whole of which it is one.

    The others hear of it by a link, and each forgets for itself; the whole alone asks intake and notify to.
    """
    if transition.ticket.erased:
        return ERASED_BEFORE
    filed = forgotten(Filed(transition.ticket, situation))
    bare = replace(transition, ticket=filed.ticket, situation=filed.situation)
    said = bare.add_fact_on(events.ReporterErased, filed.situation, (TICKETS,))
    ticket = said.ticket
    told = [ticket.parent] if ticket.parent else [part.id for part in ticket.parts]
    linked = said.link(*(events.ReporterForgotten(ticket_id=other, by=said.author) for other in told))
    return linked if ticket.parent else _request(linked, said)


def _request(transition: Transition, said: Transition | None = None, **only_there: Any) -> Transition:
    """Return the transition with the last fact of *said* told to intake and notify, too, with more than others hear."""
    fact = (said or transition).facts[-1]
    data = fact.data.model_copy(update=only_there)
    whole = transition.ticket.parent or transition.ticket.id
    return replace(transition, facts=(*transition.facts, Fact(data, REQUESTS, whole, fact.at)))
