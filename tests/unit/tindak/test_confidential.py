"""What the command line shows of confidential tickets, and what of sensitive ones it writes to no file."""

from dataclasses import replace
from typing import Any

import pytest

from services.routing.domain.agency_choice.rules import SensitiveKind
from services.routing.handlers import RoutingHandler
from shared import topics
from shared.events import (
    AssignTicket,
    EventData,
    ReporterReplied,
    TicketAnswered,
    TicketDeclined,
    TicketReopened,
    TicketRouted,
)
from tests.builders import TICKET, TRACKING, accepted, event
from tests.fakes.handler_harness import HandlerHarness
from tests.unit.notify.samples import said
from tests.unit.routing.samples import OFFICER, POLICY
from tindak.formatting import sentence
from tindak.model.corrections import corrections_on
from tindak.ops.watch import STREAMS, Stream, _concerns
from tindak.tickets.lookup import Ticket
from tindak.tickets.projection import project
from tindak.tickets.track import lines

pytestmark = pytest.mark.unit

FLAGS = ("sensitive", "sensitive_abuse")
ROUTING = replace(POLICY, sensitive={"abuse": SensitiveKind("dishub", "desk")})
WORDS = "Anak dipukuli ayahnya"
COMPLAINT = accepted(title=WORDS, body=WORDS, confidential=True)
ROUTED = said(TicketRouted, confidential=True, decided_by="officer", officer="protection_desk")


@pytest.mark.parametrize(
    "data",
    [
        COMPLAINT,
        said(TicketAnswered, answer=WORDS, confidential=True),
        said(ReporterReplied, text=WORDS, confidential=True),
        said(TicketReopened, reason=WORDS, confidential=True),
        TicketDeclined.model_validate(said(TicketReopened, reason=WORDS, confidential=True).model_dump()),
    ],
    ids=lambda data: type(data).__name__,
)
def test_a_line_about_a_confidential_ticket_quotes_nobody(data: EventData) -> None:
    assert WORDS not in sentence(data)
    assert WORDS in sentence(data.model_copy(update={"confidential": False}))


def test_who_tracks_a_confidential_ticket_reads_where_it_is_and_nothing_of_it() -> None:
    shown = "\n".join(lines(Ticket(TICKET, TRACKING, "web"), project([event(COMPLAINT), event(ROUTED)])))

    assert WORDS not in shown
    assert "(confidential)" in shown
    assert "routed to Dinas Perhubungan" in shown


async def city(**changes: Any) -> HandlerHarness:
    """Return routing after a report that an officer has sent to another agency."""
    harness = HandlerHarness(RoutingHandler(ROUTING))
    harness.publish(topics.ACCEPTED, event(accepted(**{"title": "Lampu", "body": "PJU padam."} | changes)))
    await harness.work()
    assign = AssignTicket(ticket_id=TICKET, agency="dlh", reason="Wewenangnya")
    harness.publish(topics.UPDATES, event(assign, source=OFFICER))
    await harness.work()
    return harness


@pytest.mark.parametrize(("flags", "rows"), [((), 1), (FLAGS, 0)])
async def test_the_model_learns_from_no_sensitive_report(flags: tuple[str, ...], rows: int) -> None:
    harness = await city(flags=flags)

    assert len(corrections_on(record for log in harness.broker.logs.values() for record in log)) == rows


@pytest.mark.parametrize(("flags", "shown"), [((), 1), (FLAGS, 2)])
async def test_officers_who_watch_triage_see_what_their_sensitive_reports_come_to(
    flags: tuple[str, ...], shown: int
) -> None:
    harness = await city(flags=flags, title="Halo", body="Kenapa begini.")

    on_triage = [record for (topic, _), log in harness.broker.logs.items() if topic == topics.TRIAGE for record in log]
    assert sum(_concerns(record, STREAMS[Stream.TRIAGE], None) for record in on_triage) == shown
