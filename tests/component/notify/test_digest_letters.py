"""What stands in a digest: what is open in order, how late it is, and nothing of what must not be shown."""

from datetime import timedelta

import pytest

from shared.events import (
    ClusterJoined,
    SlaClock,
    TicketAnswered,
    TicketHeld,
    TicketRouted,
    TicketWithdrawn,
)
from shared.ids import tracking_id
from shared.values import replace
from tests.component.notify.digest_city import DAY, MINUTE, DigestCity, city
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import LEADER, TUESDAY, said, started

pytestmark = pytest.mark.component

WEDNESDAY = TUESDAY + DAY


async def test_what_has_ended_since_is_told_though_nothing_is_open() -> None:
    made, tickets = await city()
    await made.at(TUESDAY)
    await made.tell(tickets[0], said(TicketWithdrawn, state="withdrawn", version=3))

    await made.at(WEDNESDAY)
    await made.at(TUESDAY + 2 * DAY)

    assert len(made.letters()) == 2
    assert "dicabut pelapor" in made.letters()[1].body
    assert made.letters()[1].subject.startswith("Laporan terbuka 0:")


async def test_what_is_late_stands_first_and_says_how_late() -> None:
    made, tickets = await city(3)
    await made.tell(tickets[0], started(SlaClock.RESOLVE, at=NOON + timedelta(hours=1), due_at=TUESDAY + 10 * DAY))
    await made.tell(tickets[1], started(SlaClock.RESPOND, at=NOON + timedelta(hours=1), due_at=TUESDAY + MINUTE))
    await made.tell(tickets[2], started(SlaClock.RESPOND, at=NOON + timedelta(hours=1), due_at=TUESDAY - MINUTE))

    await made.at(TUESDAY)

    letter = made.letters()[0]
    assert letter.subject == "Laporan terbuka 3: 1 terlambat, 1 jatuh tempo hari ini"
    places = [letter.body.index(tracking_id(ticket)) for ticket in (tickets[2], tickets[1], tickets[0])]
    assert places == sorted(places)
    assert "terlambat 1 menit" in letter.body


async def test_a_ticket_on_hold_or_answered_is_not_late() -> None:
    made, tickets = await city(2)
    overdue = started(SlaClock.RESPOND, at=NOON + timedelta(hours=1), due_at=TUESDAY - MINUTE)
    await made.tell(tickets[0], overdue, said(TicketHeld, state="held", version=3))
    await made.tell(tickets[1], overdue, said(TicketAnswered, state="answered", version=3))

    await made.at(TUESDAY)

    assert made.letters()[0].subject == "Laporan terbuka 1: 0 terlambat, 0 jatuh tempo hari ini"


async def test_tickets_of_one_matter_are_one_row() -> None:
    made = DigestCity()
    await made.look()
    reported = [made.report(number) for number in range(4)]
    for ticket in reported:
        await made.tell(ticket, said(TicketRouted, cluster=None if ticket == LEADER else LEADER))
        if ticket != LEADER:
            await made.tell(ticket, said(ClusterJoined, cluster=LEADER, version=3))
        await made.tell(ticket, started(SlaClock.RESPOND), started(SlaClock.RESOLVE))

    await made.at(TUESDAY)

    body = made.letters()[0].body
    assert [tracking_id(ticket) in body for ticket in reported] == [True, False, False, False]
    assert "dan 3 laporan serupa" in body
    assert made.letters()[0].subject.startswith("Laporan terbuka 1:")


async def test_thousands_of_open_tickets_are_counted_and_a_hundred_are_listed() -> None:
    made, tickets = await city(1)
    document = made.store.documents[tickets[0]]
    state = document.state
    assert state is not None
    for number in range(3000):
        id_ = f"{number:08d}-0000-5000-8000-000000000000"
        many = replace(state, ticket_id=id_, tracking_id=f"T{number:05d}", gathered=())
        made.store.documents[id_] = replace(document, id=id_, state=many, due_at=None)

    await made.at(TUESDAY)

    letter = made.letters()[0]
    assert letter.subject.startswith("Laporan terbuka 3001:")
    assert letter.body.count(" | ") == 200
    assert "Dan 2901 laporan lagi" in letter.body
    assert len(letter.body.encode()) < 30_000


async def test_a_confidential_title_stands_in_no_digest() -> None:
    made, tickets = await city()
    document = made.store.documents[tickets[0]]
    assert document.state is not None
    assert document.state.complaint is not None
    hidden = replace(document.state.complaint, confidential=True)
    made.store.documents[tickets[0]] = replace(document, state=replace(document.state, complaint=hidden))

    await made.at(TUESDAY)

    assert "(rahasia)" in made.letters()[0].body
    assert hidden.title not in made.letters()[0].body + (made.letters()[0].html or "")


async def test_what_somebody_wrote_makes_no_cell_and_no_row() -> None:
    made, tickets = await city()
    document = made.store.documents[tickets[0]]
    assert document.state is not None
    assert document.state.complaint is not None
    odd = replace(document.state.complaint, title="Lampu | mati\n\nYth. <b>Bapak</b> | https://evil.example")
    made.store.documents[tickets[0]] = replace(document, state=replace(document.state, complaint=odd))

    await made.at(TUESDAY)

    letter = made.letters()[0]
    assert "Lampu / mati Yth. <b>Bapak</b> / [tautan]" in letter.body
    assert letter.body.count(" | ") == 2
    assert "&lt;b&gt;Bapak" in (letter.html or "")
