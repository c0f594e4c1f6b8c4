"""What is left of a ticket whose reporter was erased: where it stands, and nothing that anybody has written."""

from dataclasses import replace

from services.routing.domain.ticket.state import Filed, Held, ReporterView
from shared.events import Location, Report


def forgotten(filed: Filed) -> Filed:
    """Return the ticket without any text, and without what tells it from others of its kelurahan."""
    ticket, situation, view = filed.ticket, filed.situation, filed.ticket.view
    bare = replace(
        ticket,
        report=bare_report(ticket.report),
        stays=tuple(stay.model_copy(update={"declined_because": None}) for stay in ticket.stays),
        sketch=None,
        findable=False,
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
