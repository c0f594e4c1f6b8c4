"""A report of two matters goes through all four services: divided, worked on by two agencies, closed with its parts."""

import pytest

from shared import topics
from shared.events import (
    AnswerTicket,
    AssignTicket,
    Command,
    ConfirmTicket,
    DisputeTicket,
    FeedbackWindowExpired,
    Reporter,
    TicketSplit,
    TriageRequested,
    WithdrawTicket,
)
from shared.ids import part_id
from tests.builders import TICKET, TRACKING, submitted
from tests.component.city import OFFICER, WEB, City
from tests.unit.notify.samples import EMAIL

pytestmark = pytest.mark.component

REPORT = submitted(
    title=None, body="Jembatan rusak, lampu jalan mati, dan KTP saya belum jadi.",
    reporter=Reporter(name="Siti", email=EMAIL), location={"kecamatan": "Ciputat"},
)  # fmt: skip
AGENCIES = ("dsdabmbk", "dishub", "disdukcapil")
ONE, TWO, THREE = (part_id(TICKET, number) for number in (1, 2, 3))


async def divided() -> City:
    city = City()
    await city.receive(topics.submitted_topic("web"), REPORT, WEB)
    (asked,) = (data for data in city.routing.data(topics.TRIAGE) if isinstance(data, TriageRequested))
    assert tuple(part.agency for part in asked.parts) == AGENCIES
    await city.ask((OFFICER, AssignTicket(ticket_id=TICKET, agencies=AGENCIES, reason="Tiga masalah.")))
    return city


def answered(number: int, text: str = "Selesai.") -> tuple[str, Command]:
    ticket = part_id(TICKET, number)
    return f"/agencies/{AGENCIES[number - 1]}", AnswerTicket(ticket_id=ticket, answer=text, final=True)


def confirmed(number: int) -> tuple[str, Command]:
    return WEB, ConfirmTicket(ticket_id=part_id(TICKET, number), rating=5)


async def test_a_divided_report_is_answered_part_by_part_and_closes_with_the_last() -> None:
    city = await divided()

    await city.ask(answered(1), answered(2), answered(3), confirmed(1), confirmed(2))
    assert city.situation(TICKET) == "split"
    await city.ask(confirmed(3))

    assert [city.situation(each) for each in (TICKET, ONE, TWO, THREE)] == ["closed"] * 4
    assert city.findings() == []


async def test_the_reporter_gets_every_notice_under_one_tracking_id() -> None:
    city = await divided()
    await city.ask(answered(2), confirmed(2), answered(1), confirmed(1), answered(3), confirmed(3))

    letters = city.letters()
    assert all(TRACKING in subject for subject in letters)
    assert sum(f"{TRACKING}/2" in subject for subject in letters) == 3  # routed, answered, closed
    assert f"Semua bagian laporan selesai: {TRACKING}" in letters


async def test_each_agency_gets_its_part_with_the_whole_report_and_its_own_clocks() -> None:
    city = await divided()

    for number, agency in enumerate(AGENCIES, 1):
        routed, *clocks = city.routing.data(topics.agency_topic(agency))
        assert [data.clock.value for data in clocks] == ["respond", "resolve"]
        assert (routed.ticket_id, routed.part, routed.report.body) == (part_id(TICKET, number), number, REPORT.body)
    started = [data for data in city.sla.data(topics.SLA) if data.TYPE.endswith("clock_started.v1")]
    assert sorted((data.part or 0, data.clock.value) for data in started) == [
        (0, "verify"), *((number, clock) for number in (1, 2, 3) for clock in ("resolve", "respond")),
    ]  # fmt: skip


async def test_taking_the_report_back_ends_every_part() -> None:
    city = await divided()

    await city.ask(answered(1), confirmed(1), (WEB, WithdrawTicket(ticket_id=TICKET)))

    assert [city.situation(each) for each in (TICKET, ONE, TWO, THREE)] == ["withdrawn", "closed", *["withdrawn"] * 2]
    assert sum("ditarik kembali" in subject for subject in city.letters()) == 1
    assert city.findings() == []


async def test_a_dispute_about_one_part_opens_the_whole_again() -> None:
    city = await divided()
    await city.ask(answered(1), confirmed(1), answered(2), confirmed(2), answered(3))
    silent = FeedbackWindowExpired(
        ticket_id=THREE, tracking_id=TRACKING, parent=TICKET, part=3, clock="feedback", due_at=city.clock.now()
    )
    await city.say_of_clock(silent)
    assert city.situation(TICKET) == "closed"

    await city.ask((WEB, DisputeTicket(ticket_id=THREE, reason="Belum jadi.")))
    assert city.situation(TICKET) == "split"
    await city.ask(answered(3, "Kini sudah jadi."), confirmed(3))

    assert city.situation(TICKET) == "closed"
    assert city.findings() == []


async def test_a_division_is_published_to_triage_after_its_request() -> None:
    city = await divided()

    assert [data.TYPE for data in city.routing.data(topics.TRIAGE)] == [TriageRequested.TYPE, TicketSplit.TYPE]
