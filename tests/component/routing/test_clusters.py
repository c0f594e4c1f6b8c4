"""Routing follows reports of the same matter together, whether they come in one batch or one after the other."""

from dataclasses import replace
from typing import Any

import pytest

from services.routing.domain.agency_choice.rules import Category
from services.routing.domain.duplicates.similarity import ClusterRules
from services.routing.handlers import RoutingHandler
from shared import topics
from shared.delivery.vitals import Step
from shared.events import (
    AnswerTicket,
    AssignTicket,
    ClusterCounted,
    ComplaintAccepted,
    DeclineTicket,
    Location,
    MergeTicket,
    UnmergeTicket,
)
from shared.ids import ticket_id, tracking_id
from tests.builders import accepted
from tests.component.routing.desk import DISHUB, DISHUB_TOPIC, OFFICER, Desk
from tests.fakes.bench import Crashed, dies_after
from tests.fakes.neighbours import MemoryNeighbours
from tests.unit.routing.desk import DLH, POLICY
from tindak.audit import Check, audit

pytestmark = pytest.mark.component

CLUSTERED = replace(
    POLICY,
    clusters=ClusterRules(
        members_max=3, unheard=frozenset({"sudah", "di"}), kinds_of_place=frozenset({"jalan"}),
        personal=frozenset({("ktp", "saya")}),
    ),
    categories=POLICY.categories | {"ktp": Category("ktp", None, personal=True)},
)  # fmt: skip
PLACE = Location(kelurahan="Sawah Baru", kecamatan="Ciputat")
BODY = "Lampu jalan merpati padam sejak seminggu, gelap sekali"


def lamp(number: int, body: str = BODY, **changes: Any) -> ComplaintAccepted:
    ticket = ticket_id("web", f"lamp {number}")
    plain = {"ticket_id": ticket, "tracking_id": tracking_id(ticket), "source_id": f"lamp {number}", "location": PLACE}
    return accepted(title="", body=body, **plain | changes)


class Clustered(Desk):
    """Routing that looks for neighbours in its own collection."""

    def __init__(self) -> None:
        super().__init__()
        self.handler = RoutingHandler(CLUSTERED, neighbours=MemoryNeighbours(self.store))
        self.restart()

    def ticket(self, complaint: ComplaintAccepted) -> Any:
        return self.store.documents[complaint.ticket_id].state.ticket

    def where(self, *complaints: ComplaintAccepted) -> list[tuple[str, str | None]]:
        """Return the situation of each and its agency."""
        now = [self.store.documents[one.ticket_id].state.situation for one in complaints]
        return [(situation.kind, situation.agency) for situation in now]

    def findings(self) -> list[str]:
        records = [record for log in self.broker.logs.values() for record in log]
        return [str(found) for found in audit(records, {}, checks={Check.CLUSTERS, Check.MIRRORS, Check.VERSIONS})]


async def filed(*complaints: ComplaintAccepted, together: bool = False) -> Clustered:
    desk = Clustered()
    for complaint in complaints:
        desk.complain(complaint)
        if not together:
            await desk.work()
    await desk.work()
    return desk


@pytest.mark.parametrize("together", [False, True])
async def test_reports_of_one_matter_follow_the_first_of_them(together: bool) -> None:
    first, second, third = lamp(1), lamp(2, BODY + " pak"), lamp(3, "Lampu jalan merpati sudah padam seminggu, gelap")

    desk = await filed(first, second, third, together=together)

    leads = next(one for one in (first, second, third) if desk.ticket(one).members)
    others = [one for one in (first, second, third) if one is not leads]
    assert {desk.ticket(one).cluster for one in others} == {leads.ticket_id}
    counts = [data for data in desk.data(DISHUB_TOPIC) if isinstance(data, ClusterCounted)]
    assert [data.members for data in counts] == [1, 2]
    assert {data.report.body for data in counts if data.report} == {one.body for one in others}
    assert desk.names(DISHUB_TOPIC).count("routed") == 3  # each stays with its agency, with clocks of its own
    assert desk.findings() == []


async def test_answering_the_leader_answers_all_and_each_reporter_may_disagree() -> None:
    first, second, third = lamp(1), lamp(2), lamp(3)
    desk = await filed(first, second, third)

    desk.ask(AnswerTicket(ticket_id=first.ticket_id, answer="Sudah menyala.", final=True), DISHUB)
    await desk.work()

    assert desk.names().count("answer_offered") == 2
    assert {desk.store.documents[one.ticket_id].state.situation.kind for one in (first, second, third)} == {"answered"}
    assert desk.findings() == []


@pytest.mark.parametrize(
    "other",
    [
        lamp(2, location=Location(kelurahan="Serua", kecamatan="Ciputat")),
        lamp(2, location=None),
        lamp(2, "Lampu jalan kenari padam sejak seminggu, gelap sekali"),
        lamp(2, "Lampu jalan merpati dicuri orang kemarin siang"),
        lamp(2, confidential=True),
        lamp(2, category="ktp"),
        lamp(2, BODY + " saat saya urus KTP saya"),
    ],
    ids=["elsewhere", "nowhere", "other street", "other matter", "confidential", "personal category", "personal words"],
)
async def test_what_may_be_another_matter_stays_alone(other: ComplaintAccepted) -> None:
    desk = await filed(lamp(1), other)

    assert "cluster_joined" not in desk.names()


async def test_a_full_cluster_takes_nobody_and_the_next_one_begins() -> None:
    complaints = [lamp(number) for number in range(6)]

    desk = await filed(*complaints)

    sizes = sorted(len(desk.ticket(one).members) for one in complaints)
    assert sizes == [0, 0, 0, 0, 1, 3]
    assert desk.findings() == []


async def test_too_many_at_once_are_refused_by_the_leader_and_stay_alone() -> None:
    complaints = [lamp(number) for number in range(6)]

    desk = await filed(*complaints, together=True)

    assert sum(len(desk.ticket(one).members) for one in complaints) == 3
    assert [data.reason for data in desk.data(topics.TICKETS) if hasattr(data, "reason")] == ["full", "full"]
    assert desk.findings() == []


async def test_officers_part_and_join_tickets() -> None:
    first, second, far = lamp(1), lamp(2), lamp(3, "Sampah menumpuk")
    desk = await filed(first, second, far)

    desk.ask(UnmergeTicket(ticket_id=second.ticket_id), OFFICER)
    desk.ask(MergeTicket(ticket_id=far.ticket_id, into=first.ticket_id), OFFICER)
    await desk.work()

    assert desk.ticket(first).members == (far.ticket_id,)
    assert desk.ticket(second).cluster is None
    assert desk.findings() == []


FOUR = [lamp(number) for number in range(4)]
DARK = [lamp(number, "Jalan merpati gelap sekali sejak seminggu, tolong pak") for number in range(4)]


def declined(leader: ComplaintAccepted) -> DeclineTicket:
    return DeclineTicket(ticket_id=leader.ticket_id, reason="Bukan lampu kami.", suggested_agency="dlh")


async def test_all_go_where_their_leader_goes_and_get_the_answer_of_its_new_agency() -> None:
    desk = await filed(*FOUR)

    desk.ask(declined(FOUR[0]), DISHUB)
    await desk.work()
    moved = desk.where(*FOUR)
    desk.ask(AnswerTicket(ticket_id=FOUR[0].ticket_id, answer="Sudah menyala.", final=True), DLH)
    await desk.work()

    assert moved == [("with_agency", "dlh")] * 4
    assert desk.where(*FOUR) == [("answered", "dlh")] * 4
    assert desk.names().count("answer_offered") == 3
    assert desk.names(DISHUB_TOPIC).count("unassigned") == 4
    assert desk.findings() == []


async def test_an_officer_takes_all_out_of_triage_with_their_leader() -> None:
    desk = await filed(*DARK)
    waited = desk.where(*DARK)

    desk.ask(AssignTicket(ticket_id=DARK[0].ticket_id, agency="dishub", reason="Lampu."), OFFICER)
    await desk.work()

    assert waited == [("in_triage", None)] * 4
    assert desk.where(*DARK) == [("with_agency", "dishub")] * 4
    assert desk.names(topics.TRIAGE).count("routed") == 4
    assert desk.findings() == []


async def test_a_member_that_an_officer_assigned_stays_when_its_leader_goes() -> None:
    desk = await filed(*FOUR)

    for agency in ("dlh", "dishub"):
        desk.ask(AssignTicket(ticket_id=FOUR[1].ticket_id, agency=agency, reason="Tugasnya."), OFFICER)
    desk.ask(declined(FOUR[0]), DISHUB)
    await desk.work()

    assert [agency for _, agency in desk.where(*FOUR)] == ["dlh", "dishub", "dlh", "dlh"]
    assert desk.findings() == []


@pytest.mark.parametrize("last", list(Step))
@pytest.mark.parametrize("crashes", [1, 2, 3])
async def test_a_crash_at_any_step_takes_all_along_once(last: Step, crashes: int) -> None:
    desk = await filed(*FOUR)
    said_once = "3b9dc0b6-6a3c-5b55-9e0e-0d5a3e3c7f99"
    desk.ask(declined(FOUR[0]), DISHUB, said_once)
    for _ in range(crashes):
        desk.restart(dies_after(last))
        with pytest.raises(Crashed):
            await desk.work()
    desk.restart()
    await desk.work()

    desk.ask(declined(FOUR[0]), DISHUB, said_once)
    await desk.work()

    assert desk.where(*FOUR) == [("with_agency", "dlh")] * 4
    assert [len(desk.ticket(one).agencies) for one in FOUR] == [2] * 4
    assert desk.findings() == []


@pytest.mark.parametrize("last", list(Step))
async def test_a_crash_at_any_step_counts_everybody_once(last: Step) -> None:
    desk = Clustered()
    first, second = lamp(1), lamp(2)
    desk.complain(first)
    await desk.work()
    desk.complain(second)
    desk.restart(dies_after(last))
    with pytest.raises(Crashed):
        await desk.work()

    desk.restart()
    await desk.work()

    assert desk.ticket(first).members == (second.ticket_id,)
    assert desk.findings() == []
