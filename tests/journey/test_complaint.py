"""A complaint's whole way through four processes, as its channel, its agency, the city and the reporter see it."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path

import pytest

from shared import events as e
from shared import topics
from tests.connected.notify.relay import Relay
from tests.journey.policies import CLOCKS_OF_SECONDS, NO_QUIET_HOURS, policy_with
from tests.journey.post import Letter, letters_to, mail_settings
from tests.journey.story import Story, short, story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

WEB = "/channels/web"
ROADS = "/agencies/dsdabmbk"
OFFICER = "/officers/triage_night"
AT_ROADS = topics.agency_topic("dsdabmbk")
TO_WEB = topics.status_topic("web")
POTHOLE = {
    "channel": "web",
    "title": "Jalan berlubang di Ciputat",
    "body": "Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara motor jatuh.",
}
SITI = {"name": "Siti Rahmawati", "email": "siti.rahmawati@warga.example", "phone": "0812-3456-7890"}
QUESTION = "Di sisi jalan yang mana?"
ANSWER = "Lubang sudah ditambal hari ini."
WORKED_ON = [
    (1, "routed", "routed"),
    (2, "acknowledged", "acknowledged"),
    (3, "progressed", "in_progress"),
    (4, "held", "held"),
    (5, "reporter_replied", "held"),
    (6, "resumed", "in_progress"),
    (7, "answered", "answered"),
    (8, "closed", "closed"),
]
CLOCKS_MET = {
    "verify": ["started", "met"],
    "respond": ["started", "paused", "resumed", "met"],
    "resolve": ["started", "paused", "resumed", "met"],
    "complete": ["started", "met"],
    "feedback": ["started", "met"],
}
REPORTER_TOLD = ("accepted", "routed", "progressed", "held", "answered", "closed")
AGENCY_TOLD = ("agency_new_ticket", "agency_reply")


@asynccontextmanager
async def city(namespace: Namespace, folder: Path, relay: Relay, *replaced: str) -> AsyncIterator[Story]:
    """Give a story in a city whose services run with the demonstration's files in the place of *replaced*."""
    policy = policy_with(folder, NO_QUIET_HOURS, *replaced)
    fleet = Fleet(namespace, folder, policy=policy, settings=mail_settings(relay))
    async with running(fleet), story_of(namespace) as story:
        yield story


def clocks_of(story: Story, ticket: str, topic: str = topics.SLA) -> dict[str, list[str]]:
    """Return what is said of each clock of a ticket, in order."""
    said = defaultdict(list)
    for fact in story.all(e.ClockFact, topic, ticket):
        said[fact.clock.value].append(short(fact).removeprefix("clock_"))
    return dict(said)


def facts_at(story: Story, topic: str, ticket: str) -> list[str]:
    """Return what is said of a ticket itself on *topic*, its clocks left out."""
    return [short(fact) for fact in story.all(e.TicketFact, topic, ticket)]


def course(story: Story, ticket: str) -> list[tuple[int, str, str]]:
    """Return a ticket's history: version, what happened, where it led."""
    return [(fact.version, short(fact), fact.state) for fact in story.all(e.TicketFact, topics.TICKETS, ticket)]


def sent(story: Story, ticket: str) -> set[tuple[str, str, str]]:
    """Return what has been sent about a ticket: notice, recipient, channel."""
    facts = story.all(e.NotificationSent, topics.DELIVERIES, ticket)
    return {(fact.notice, fact.recipient_role, fact.channel) for fact in facts}


def siti_was_told(letters: list[Letter], tracking: str, agency: str) -> None:
    """Assert that the reporter of the first story has been told of every step, by name and in Indonesian."""
    assert {letter.subject for letter in letters} == {
        f"Laporan {tracking} sudah kami terima",
        f"Laporan {tracking} ditangani {agency[:37]}...",
        f"Kabar terbaru laporan {tracking}",
        f"Kami perlu keterangan untuk laporan {tracking}",
        f"Jawaban untuk laporan {tracking}",
        f"Laporan {tracking} selesai",
    }
    assert {letter.language for letter in letters} == {"id"}
    assert all("Halo Siti Rahmawati," in letter.text for letter in letters)
    assert any(QUESTION in letter.text for letter in letters)
    assert any(ANSWER in letter.text for letter in letters)


async def test_a_complaint_is_routed_worked_on_answered_and_closed(
    namespace: Namespace, tmp_path: Path, relay: Relay
) -> None:
    async with city(namespace, tmp_path, relay) as story:
        accepted = await story.complain(source_id="1", reporter=SITI, **POTHOLE)
        ticket, tracking = accepted.ticket_id, accepted.tracking_id
        await story.hears(e.ContactSealed, topics.CONTACTS, ticket)
        routed = await story.hears(e.TicketRouted, topics.TICKETS, ticket)
        at_agency = await story.hears(e.TicketRouted, AT_ROADS, ticket)

        await story.ask(ROADS, e.AcknowledgeTicket(ticket_id=ticket))
        await story.ask(ROADS, e.ProgressTicket(ticket_id=ticket, note="Tim survei sudah ke lokasi."))
        await story.ask(ROADS, e.HoldTicket(ticket_id=ticket, reason=e.HoldReason.NEEDS_REPORTER, question=QUESTION))
        await story.hears(e.ClockPaused, topics.SLA, ticket, clock=e.SlaClock.RESOLVE)
        await story.ask(WEB, e.ReplyToTicket(ticket_id=ticket, text="Sisi kiri, depan pintu masuk pasar."))
        await story.hears(e.ClockResumed, topics.SLA, ticket, clock=e.SlaClock.RESOLVE)
        await story.ask(ROADS, e.AnswerTicket(ticket_id=ticket, answer=ANSWER, final=True))
        await story.ask(WEB, e.ConfirmTicket(ticket_id=ticket, rating=5, comment="Cepat sekali."))

        await story.hears(e.ClockMet, topics.SLA, ticket, clock=e.SlaClock.FEEDBACK)
        await story.hears(e.ClockMet, AT_ROADS, ticket, clock=e.SlaClock.RESOLVE)
        closed_status = await story.hears(e.TicketStatusChanged, TO_WEB, ticket, state="closed")
        for notice in (*REPORTER_TOLD, "agency_reply"):
            await story.hears(e.NotificationSent, topics.DELIVERIES, ticket, notice=notice)

        assert course(story, ticket) == WORKED_ON
        assert (routed.agency, routed.decided_by, routed.hop) == ("dsdabmbk", e.DecidedBy.RULE, 1)
        assert routed.report is None
        assert routed.explanation
        assert all(step.policy_version and step.outcome for step in routed.explanation)
        assert at_agency.report is not None
        assert (at_agency.report.title, at_agency.report.body) == (POTHOLE["title"], POTHOLE["body"])
        assert at_agency.link == f"https://lapor.tangsel.example/t/{tracking}"
        assert facts_at(story, AT_ROADS, ticket) == [name for _, name, _ in course(story, ticket)]
        assert clocks_of(story, ticket, AT_ROADS) == {name: CLOCKS_MET[name] for name in ("respond", "resolve")}
        assert (closed_status.source_id, closed_status.answer, closed_status.rating_wanted) == ("1", ANSWER, False)
        statuses = story.all(e.TicketStatusChanged, TO_WEB, ticket)
        assert [version for version, _ in groupby(statuses, key=lambda each: each.version)] == [1, 2, 3, 4, 6, 7, 8]
        assert {each.question for each in statuses if each.state == "held"} == {QUESTION}
        assert any(each.due_on for each in statuses)
        (closed,) = story.all(e.TicketClosed, topics.TICKETS, ticket)
        assert (closed.by, closed.rating) == (e.ClosedBy.REPORTER, 5)
        assert clocks_of(story, ticket) == CLOCKS_MET
        assert sent(story, ticket) == {
            *((notice, "reporter", "email") for notice in REPORTER_TOLD),
            *((notice, "liaison", "email") for notice in AGENCY_TOLD),
        }

    to_siti, to_roads = letters_to(relay, SITI["email"]), letters_to(relay, "dsdabmbk@tangsel.example")
    assert len(relay.mails) == len(to_siti) + len(to_roads)
    siti_was_told(to_siti, tracking, routed.agency_name)
    assert {letter.subject for letter in to_roads} == {
        f"Laporan baru {tracking} untuk {routed.agency_name[:27]}...",
        f"Pelapor membalas laporan {tracking}",
    }
    assert not any(secret in letter.text for letter in to_roads for secret in ("Siti", *SITI.values()))


async def test_a_declined_ticket_finds_its_agency_and_a_disputed_answer_reopens_it(
    namespace: Namespace, tmp_path: Path, relay: Relay
) -> None:
    john = {"name": "John Doe", "email": "john.doe@warga.example", "locale": "en"}
    async with city(namespace, tmp_path, relay) as story:
        accepted = await story.complain(source_id="1", reporter=john, **POTHOLE)
        ticket, tracking = accepted.ticket_id, accepted.tracking_id
        await story.hears(e.TicketRouted, AT_ROADS, ticket)

        not_ours = e.DeclineTicket(ticket_id=ticket, reason="Jalan lingkungan.", suggested_agency="disperkimta")
        first = await story.ask(ROADS, not_ours)
        nor_ours = e.DeclineTicket(ticket_id=ticket, reason="Bukan jalan lingkungan.", suggested_agency="dishub")
        second = await story.ask("/agencies/disperkimta", nor_ours)
        queued = await story.hears(e.TriageRequested, topics.TRIAGE, ticket)
        assigned = await story.ask(OFFICER, e.AssignTicket(ticket_id=ticket, agency="dsdabmbk", reason="Jalan kota."))
        refused = await story.ask("/agencies/disperkimta", e.AcknowledgeTicket(ticket_id=ticket))
        await story.ask(ROADS, e.AnswerTicket(ticket_id=ticket, answer="Sudah diperbaiki.", final=True))
        reopened = await story.ask(WEB, e.DisputeTicket(ticket_id=ticket, reason="Masih berlubang."))
        await story.hears(e.ClockStarted, topics.SLA, ticket, clock=e.SlaClock.RESOLVE, round=2)
        for notice in ("triage_request", "agency_reopened", "reopened"):
            await story.hears(e.NotificationSent, topics.DELIVERIES, ticket, notice=notice)

        assert [short(fact) for fact in first] == ["declined", "routed"]
        assert [short(fact) for fact in second] == ["declined", "triage_requested"]
        assert (queued.reason, queued.suggestions[0].agency) == ("declined", "dishub")
        assert queued.report is not None
        assert queued.report.body == POTHOLE["body"]
        (by_officer,) = assigned
        assert isinstance(by_officer, e.TicketRouted)
        assert (by_officer.agency, by_officer.decided_by, by_officer.hop) == ("dsdabmbk", e.DecidedBy.OFFICER, 3)
        assert [fact.code for fact in refused if isinstance(fact, e.UpdateRefused)] == ["not_found"]
        assert [(short(fact), fact.state) for fact in reopened] == [("reopened", "reopened")]
        history = [name for _, name, _ in course(story, ticket)]
        assert history == [
            "routed", "declined", "routed", "declined", "triage_requested", "routed", "answered", "reopened",
        ]  # fmt: skip
        assert [version for version, _, _ in course(story, ticket)] == list(range(1, len(history) + 1))
        assert facts_at(story, AT_ROADS, ticket) == ["routed", "unassigned", "routed", "answered", "reopened"]
        assert facts_at(story, topics.agency_topic("disperkimta"), ticket) == ["routed", "unassigned", "update_refused"]
        assert story.told(topics.TRIAGE, ticket) == ["triage_requested", "routed"]
        assert clocks_of(story, ticket)["feedback"] == ["started", "met"]

    to_john = letters_to(relay, john["email"])
    assert f"We have received your report {tracking}" in {letter.subject for letter in to_john}
    assert {letter.language for letter in to_john} == {"en"}
    to_triage = letters_to(relay, "triase@tangsel.example")
    assert [letter.subject for letter in to_triage] == [f"Perlu disposisi: laporan {tracking}"]


async def test_a_withdrawn_report_stops_its_clocks_and_its_agency(
    namespace: Namespace, tmp_path: Path, relay: Relay
) -> None:
    async with city(namespace, tmp_path, relay) as story:
        accepted = await story.complain(source_id="1", reporter=SITI, **POTHOLE)
        ticket, tracking = accepted.ticket_id, accepted.tracking_id
        await story.hears(e.TicketRouted, AT_ROADS, ticket)

        stranger = await story.ask("/channels/whatsapp", e.WithdrawTicket(ticket_id=ticket))
        withdrawn = await story.ask(WEB, e.WithdrawTicket(ticket_id=ticket))
        late = await story.ask(ROADS, e.AnswerTicket(ticket_id=ticket, answer="Sudah diperbaiki.", final=True))
        await story.hears(e.ClockStopped, topics.SLA, ticket, clock=e.SlaClock.RESOLVE)
        await story.hears(e.NotificationSent, topics.DELIVERIES, ticket, notice="agency_withdrawn")
        await story.hears(e.NotificationSent, topics.DELIVERIES, ticket, notice="withdrawn")

        assert [fact.code for fact in stranger if isinstance(fact, e.UpdateRefused)] == ["not_found"]
        assert [fact.state for fact in withdrawn] == ["withdrawn"]
        assert [fact.code for fact in late if isinstance(fact, e.UpdateRefused)] == ["wrong_state"]
        assert clocks_of(story, ticket) == {
            "verify": ["started", "met"],
            "respond": ["started", "stopped"],
            "resolve": ["started", "stopped"],
        }
        assert facts_at(story, AT_ROADS, ticket) == ["routed", "withdrawn", "update_refused"]

    subjects = [letter.subject for letter in letters_to(relay, "dsdabmbk@tangsel.example")]
    assert f"Laporan {tracking} ditarik pelapor" in subjects


async def test_a_late_agency_is_reminded_once_and_silence_closes_the_ticket(
    namespace: Namespace, tmp_path: Path, relay: Relay
) -> None:
    async with city(namespace, tmp_path, relay, CLOCKS_OF_SECONDS) as story:
        accepted = await story.complain(source_id="1", reporter=SITI, **POTHOLE)
        waiting = await story.complain(source_id="2", **POTHOLE)
        ticket, tracking = accepted.ticket_id, accepted.tracking_id
        await story.hears(e.TicketRouted, AT_ROADS, waiting.ticket_id)
        hold = e.HoldTicket(ticket_id=waiting.ticket_id, reason=e.HoldReason.NEEDS_REPORTER, question="Di mana?")
        await story.ask(ROADS, hold)
        respond = {"clock": e.SlaClock.RESPOND}

        await story.hears(e.ClockWarned, topics.WARNINGS, ticket, **respond)
        breached = await story.hears(e.ClockBreached, topics.BREACHES, ticket, **respond)
        await story.hears(e.BreachEscalated, topics.BREACHES, ticket, **respond, responsible="agency_head")
        await story.ask(ROADS, e.AnswerTicket(ticket_id=ticket, answer="Sudah ditambal.", final=True))
        cleared = await story.hears(e.BreachCleared, topics.BREACHES, ticket, **respond)
        await story.hears(e.FeedbackWindowExpired, topics.SLA, ticket)
        closed = await story.hears(e.TicketClosed, topics.TICKETS, ticket)
        archived = await story.hears(e.TicketArchived, topics.TICKETS, waiting.ticket_id)
        for notice in ("late", "agency_warning", "agency_breach", "escalated_to_head", "closed_by_system"):
            await story.hears(e.NotificationSent, topics.DELIVERIES, ticket, notice=notice)
        await story.hears(e.BreachEscalated, AT_ROADS, ticket, **respond)

        assert (closed.by, archived.by) == (e.ClosedBy.SYSTEM, e.ClosedBy.SYSTEM)
        assert archived.reason == "completion_window_expired"
        breaches = story.all(e.ClockBreached, topics.BREACHES)
        assert [b.round for b in breaches if (b.ticket_id, b.clock) == (ticket, e.SlaClock.RESPOND)] == [1]
        assert breached.breached_at > breached.due_at
        assert (breached.agency, breached.level, breached.responsible) == ("dsdabmbk", 1, "liaison")
        steps = [step for step in story.all(e.BreachEscalated, topics.BREACHES, ticket) if step.clock == "respond"]
        assert [step.level for step in steps] == list(range(2, len(steps) + 2))
        assert {step.breach_id for step in steps} == {breached.breach_id} == {cleared.breach_id}
        assert cleared.overdue_seconds > 0
        assert set(story.told(AT_ROADS, ticket)) >= {"routed", "warned", "breached", "escalated", "answered", "closed"}
        # Said once is said once to whoever reads the topic from its beginning, too.
        again = [
            record for record in await story.client.read([topics.BREACHES]) if b"breached.v1" in (record.value or b"")
        ]
        assert len({record.value for record in again}) == len(breaches)

    assert f"Laporan {tracking} ditutup oleh sistem" in {one.subject for one in letters_to(relay, SITI["email"])}
    to_head = {letter.subject for letter in letters_to(relay, "kepala.dsdabmbk@tangsel.example")}
    assert to_head >= {f"Tenggat laporan {tracking} terlewat", f"Eskalasi tingkat 2: laporan {tracking}"}
