"""What a reporter may have an officer do about their data: tell what is held, correct it, forget it; never who may."""

from typing import Any

from services.routing.domain.ticket.refusals import ERASED, ERASED_BEFORE, Refusal
from services.routing.domain.ticket.state import Filed, Held, ReporterView, Situation, Ticket
from services.routing.domain.ticket.transition import Outcome, Transition
from shared import events
from shared.events import Fact, Location, Report
from shared.topics import REQUESTS, TICKETS
from shared.values import replace

TO_A_REPORTER = events.ExportReporter | events.CorrectReporter
FROM_A_REPORTER = (
    events.ReplyToTicket
    | events.ConfirmTicket
    | events.DisputeTicket
    | events.WithdrawTicket
    | events.StopMessages
    | events.ResumeMessages
)


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


def forgotten(filed: Filed) -> Filed:
    """Return the ticket without any text, and without what tells it from others of its kelurahan."""
    ticket, situation, view = filed.ticket, filed.situation, filed.ticket.view
    bare = replace(
        ticket,
        report=bare_report(ticket.report),
        stays=tuple(stay.model_copy(update={"declined_because": None}) for stay in ticket.stays),
        sketch=None,
        findable=False,
        findable_since=None,
        similar=(),
        source_id=None,
        view=ReporterView(final=view.final, reason_id=view.reason_id, reason_en=view.reason_en),
        erased=True,
    )
    return Filed(bare, replace(situation, question=None) if isinstance(situation, Held) else situation)


def bare_report(report: Report) -> Report:
    """Return a report without what its reporter has written: of the place, only the city's own names stay."""
    place = report.location
    known = place and (place.kelurahan or place.kecamatan)
    return Report(
        channel=report.channel,
        title="",
        body="",
        location=Location(kelurahan=place.kelurahan, kecamatan=place.kecamatan) if place and known else None,
        anonymous=report.anonymous,
        confidential=report.confidential,
    )
