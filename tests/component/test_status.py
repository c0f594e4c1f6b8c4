"""What a channel may tell its reporter, and when an agency hears what is due, over whole lives of reports."""

from datetime import timedelta
from typing import Any

import pytest

from shared import topics
from shared.events import (
    AcknowledgeTicket,
    AnswerTicket,
    AssignTicket,
    Command,
    ComplaintRejected,
    ConfirmTicket,
    DeclineTicket,
    DisputeTicket,
    EraseReporter,
    HoldReason,
    HoldTicket,
    MergeTicket,
    ProgressTicket,
    ReplyToTicket,
    Reporter,
    TicketStatusChanged,
    WithdrawTicket,
)
from shared.ids import part_id
from tests.builders import TICKET, TRACKING, submitted, ticket_id
from tests.component.city import OFFICER, WEB, City
from tests.unit.notify.samples import EMAIL

pytestmark = pytest.mark.component

LAMP = submitted(title=None, body="Lampu jalan mati sejak seminggu.", reporter=Reporter(name="Siti", email=EMAIL))
WHOLE = submitted(
    title=None, body="Jembatan rusak, lampu jalan mati, dan KTP saya belum jadi.", location={"kecamatan": "Ciputat"}
)
STATUS = topics.status_topic("web")
DISHUB, DLH = "/agencies/dishub", "/agencies/dlh"
SEEN = AcknowledgeTicket(ticket_id=TICKET)
ASKED = HoldTicket(ticket_id=TICKET, reason=HoldReason.NEEDS_REPORTER, question="Nomor tiangnya berapa?")
ANSWERED = AnswerTicket(ticket_id=TICKET, answer="Lampu sudah diganti.", final=True)

AGAIN = AnswerTicket(ticket_id=TICKET, answer="Kabel juga sudah diganti.", final=True)


async def lit(*asked: tuple[str, Command]) -> City:
    """Return the city after a report of a lamp has come, and so much has been asked of it."""
    city = City()
    await city.receive(topics.SUBMITTED, LAMP, WEB)
    await city.ask(*asked)
    return city


def each_once(city: City, topic: str) -> list[Any]:
    return list({event.id: event.data for event in city.routing.published(topic)}.values())


def statuses(city: City, ticket: str = TICKET) -> list[TicketStatusChanged]:
    told = each_once(city, STATUS)
    return [data for data in told if isinstance(data, TicketStatusChanged) and data.ticket_id == ticket]


def at_agency(city: City, agency: str) -> list[str]:
    """Return what an agency reads, repeats left out: the middle of each type, and of clocks which."""
    told = each_once(city, topics.agency_topic(agency))
    return [
        f"{data.TYPE.split('.')[2]} {data.clock.value}"
        if "clock" in type(data).model_fields
        else data.TYPE.split(".")[2]
        for data in told
    ]


async def test_the_last_status_says_all_that_a_reporter_should_know() -> None:
    city = await lit((DISHUB, SEEN), (DISHUB, ProgressTicket(ticket_id=TICKET, note="Petugas meluncur.")))

    last = statuses(city)[-1]
    assert (last.source_id, last.state, last.state_en, last.agency) == ("1", "in_progress", "being worked on", "dishub")
    assert (last.agency_name, last.note) == ("Dinas Perhubungan", "Petugas meluncur.")
    assert str(last.due_on) == "2026-03-27"
    assert last.message_id.endswith(" sedang ditangani Dinas Perhubungan. Jawaban paling lambat 27 Maret 2026.")
    assert city.findings() == []


async def test_a_channel_follows_a_question_an_answer_a_dispute_and_the_end() -> None:
    city = await lit(
        (DISHUB, ASKED), (WEB, ReplyToTicket(ticket_id=TICKET, text="Nomor 12.")), (DISHUB, ANSWERED),
        (WEB, DisputeTicket(ticket_id=TICKET, reason="Masih padam.")), (DISHUB, AGAIN),
        (WEB, ConfirmTicket(ticket_id=TICKET, rating=5)),
    )  # fmt: skip

    told = statuses(city)
    assert list(dict.fromkeys((data.version, data.state) for data in told)) == [
        (1, "routed"), (2, "held"), (4, "routed"), (5, "answered"), (6, "reopened"), (7, "answered"), (8, "closed"),
    ]  # fmt: skip
    assert {data.version for data in told if data.question} == {2}
    assert {data.version for data in told if data.rating_wanted} == {5, 7}
    assert [{data.version for data in told if data.answer == one.answer} for one in (ANSWERED, AGAIN)] == [
        {5, 6},
        {7, 8},
    ]
    assert {data.version for data in told if data.due_at} == {1, 2, 4, 6}
    assert city.findings() == []


async def test_a_due_time_that_stands_still_is_not_promised() -> None:
    city = await lit((DISHUB, ASKED))

    assert [data.due_at is None for data in statuses(city) if data.state == "held"][-1]
    await city.pass_time(timedelta(days=3))
    before = statuses(city)[-1]
    await city.ask((WEB, ReplyToTicket(ticket_id=TICKET, text="Nomor 12.")))

    after = statuses(city)[-1]
    assert (before.due_at, after.state, str(after.due_on)) == (None, "routed", "2026-04-01")


async def test_an_agency_hears_when_its_ticket_is_due_and_how_its_clocks_go_on() -> None:
    city = await lit((DISHUB, ASKED), (WEB, ReplyToTicket(ticket_id=TICKET, text="Nomor 12.")), (DISHUB, ANSWERED))

    assert at_agency(city, "dishub") == [
        "routed", "clock_started respond", "clock_started resolve", "held", "clock_paused respond",
        "clock_paused resolve", "reporter_replied", "resumed", "clock_resumed respond", "clock_resumed resolve",
        "answered", "clock_met respond", "clock_met resolve",
    ]  # fmt: skip
    (routed, *_) = each_once(city, topics.agency_topic("dishub"))
    assert routed.link == f"https://lapor.tangsel.example/t/{routed.tracking_id}"
    on_sla = [data for data in each_once(city, topics.SLA) if data.clock.value in ("respond", "resolve")]
    assert [data for data in each_once(city, topics.agency_topic("dishub")) if hasattr(data, "clock")] == on_sla


async def test_the_next_agency_hears_its_own_clocks_and_until_when_the_reporter_waits() -> None:
    city = await lit((DISHUB, DeclineTicket(ticket_id=TICKET, reason="Rahasia kami.", suggested_agency="dlh")))

    assert at_agency(city, "dishub") == ["routed", "clock_started respond", "clock_started resolve", "unassigned"]
    assert at_agency(city, "dlh") == ["routed", "clock_started respond"]
    (routed, respond) = each_once(city, topics.agency_topic("dlh"))
    last = statuses(city)[-1]
    assert (last.agency, last.due_at, last.respond_due_at) == ("dlh", routed.resolve_due_at, respond.due_at)
    assert "Rahasia" not in "".join(data.model_dump_json() for data in statuses(city))


async def test_each_part_is_told_by_itself_and_the_whole_ends_with_them() -> None:
    city = City()
    await city.receive(topics.SUBMITTED, WHOLE, WEB)
    agencies = ("dsdabmbk", "dishub")
    await city.ask((OFFICER, AssignTicket(ticket_id=TICKET, agencies=agencies, reason="Dua masalah.")))
    parts = [part_id(TICKET, number) for number in (1, 2)]
    for part, agency in zip(parts, agencies, strict=True):
        await city.ask((f"/agencies/{agency}", AnswerTicket(ticket_id=part, answer="Selesai.", final=True)))
        await city.ask((WEB, ConfirmTicket(ticket_id=part)))

    assert [data.state for data in statuses(city)] == ["in_triage", "split", "closed"]
    for number, part in enumerate(parts, 1):
        told = statuses(city, part)
        assert {(data.source_id, data.parent, data.part) for data in told} == {("1", TICKET, number)}
        assert list(dict.fromkeys(data.state for data in told)) == ["routed", "answered", "closed"]
    assert city.findings() == []


async def test_of_a_ticket_that_is_followed_with_another_each_reporter_hears_the_answer() -> None:
    city = await lit()
    other = ticket_id("web", "2")
    sidewalk = submitted(source_id="2", title=None, body="PJU di depan rumah saya padam.")
    await city.receive(topics.SUBMITTED, sidewalk, WEB)
    await city.ask((OFFICER, MergeTicket(ticket_id=other, into=TICKET)), (DISHUB, ANSWERED))

    assert [(data.state, data.answer) for data in (statuses(city)[-1], statuses(city, other)[-1])] == [
        ("answered", ANSWERED.answer)
    ] * 2
    assert city.findings() == []


async def test_a_report_that_is_taken_back_is_told_once_more_and_then_no_more() -> None:
    city = await lit((WEB, WithdrawTicket(ticket_id=TICKET)))
    told = len(statuses(city))

    await city.pass_time(timedelta(days=60))

    assert (statuses(city)[-1].state, statuses(city)[-1].due_at, len(statuses(city))) == ("withdrawn", None, told)


LIFE: tuple[tuple[str, Command], ...] = (
    (DISHUB, SEEN), (DISHUB, ASKED), (WEB, ReplyToTicket(ticket_id=TICKET, text="Nomor 12.")), (DISHUB, ANSWERED),
    (WEB, DisputeTicket(ticket_id=TICKET, reason="Masih padam.")),
    (DISHUB, DeclineTicket(ticket_id=TICKET, reason="Bukan wewenang kami.", suggested_agency="dlh")),
    (DLH, AcknowledgeTicket(ticket_id=TICKET)),
)  # fmt: skip


def last_known(city: City) -> tuple[Any, ...]:
    ticket = city.routing.store.documents[TICKET].state.ticket
    last = statuses(city)[-1]
    return ticket.resolve, ticket.respond, last.state, last.due_at, last.respond_due_at


@pytest.mark.parametrize("heard_after", range(len(LIFE) + 1))
async def test_however_late_the_clocks_are_heard_the_same_is_told_in_the_end(heard_after: int) -> None:
    """There is no order between two topics: all of the updates may be read before anything of sla."""
    usual, late = await lit(*LIFE), City()
    await late.receive(topics.SUBMITTED, LAMP, WEB)
    await late.ask(*LIFE[:heard_after])
    held_back, late.harnesses = late.harnesses, tuple(one for one in late.harnesses if one is not late.sla)
    await late.ask(*LIFE[heard_after:])
    late.harnesses = held_back
    await late.settle()

    assert last_known(late) == last_known(usual)
    assert late.findings() == []


QUESTION = "Bagaimana kelanjutan laporan {}? Belum ada kabar."


def questions(city: City, channel: str, source_id: str) -> list[str]:
    """Return the codes of what a channel was answered to one submission."""
    told = each_once(city, topics.answers_topic(channel))
    refused = [data for data in told if data.source_id == source_id and isinstance(data, ComplaintRejected)]
    return [reason.code for data in refused for reason in data.reasons]


async def ask_where_it_stands(city: City, channel: str, source_id: str, tracking_id: str) -> None:
    question = submitted(
        channel=channel, source_id=source_id, title=None, location=None, body=QUESTION.format(tracking_id)
    )
    await city.receive(topics.submitted_topic(channel), question, f"/channels/{channel}")


async def test_who_asks_on_the_tickets_channel_is_told_where_it_stands() -> None:
    city = await lit((DISHUB, SEEN))
    last = statuses(city)[-1]

    await ask_where_it_stands(city, "web", "question", TRACKING.lower())

    assert questions(city, "web", "question") == ["status_question"]
    assert statuses(city)[-1] == last.model_copy(update={"asked_as": "question"})
    assert [record.key for record in city.broker.topic(topics.ACCEPTED)] == [TICKET.encode()]
    assert city.findings() == []


async def test_who_asks_on_another_channel_learns_no_more_than_of_an_id_that_nobody_has() -> None:
    city = await lit((DISHUB, SEEN))
    before = len(statuses(city))

    await ask_where_it_stands(city, "whatsapp", "known", TRACKING)
    await ask_where_it_stands(city, "whatsapp", "unknown", "SEZK-FNERA-WV")

    known, unknown = (
        data for data in each_once(city, topics.answers_topic("whatsapp")) if isinstance(data, ComplaintRejected)
    )
    said = [reason.message_id.replace(TRACKING, "SEZK-FNERA-WV") for reason in known.reasons]
    assert said == [reason.message_id for reason in unknown.reasons]
    assert len(statuses(city)) == before
    assert each_once(city, topics.status_topic("whatsapp")) == []


async def test_a_question_that_is_delivered_again_is_answered_once() -> None:
    city = await lit()
    await ask_where_it_stands(city, "web", "question", TRACKING)
    (asked,) = city.broker.topic(topics.QUESTIONS)

    city.broker.append(topics.QUESTIONS, asked.key, asked.value, asked.headers)
    await city.settle()

    assert [status.asked_as for status in statuses(city)].count("question") == 1


async def test_an_erased_reporters_question_finds_nothing() -> None:
    city = await lit()
    await city.ask(("/officers/privacy", EraseReporter(ticket_id=TICKET, reason="Diminta pelapor.")))
    before = len(statuses(city))

    await ask_where_it_stands(city, "web", "question", TRACKING)

    assert questions(city, "web", "question") == ["status_question"]
    assert len(statuses(city)) == before
