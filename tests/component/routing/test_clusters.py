"""Routing follows reports of the same matter together, whether they come in one batch or one after the other."""

from dataclasses import replace
from typing import Any

import pytest

from services.routing.domain.agency_choice.rules import Category
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
from shared.ids import tracking_id
from tests.builders import accepted, ticket_id
from tests.component.routing.harness import DISHUB, DISHUB_TOPIC, OFFICER, ServiceHarness
from tests.fakes.handler_harness import Crashed, dies_after
from tests.fakes.neighbours import MemoryNeighbours
from tests.unit.routing.samples import DLH, POLICY
from tindak.audit import Check, audit

pytestmark = pytest.mark.component

CLUSTERED = replace(
    POLICY,
    clusters=replace(
        POLICY.clusters, members_max=3, unheard=frozenset({"sudah", "di"}), kinds_of_place=frozenset({"jalan"}),
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


class Clustered(ServiceHarness):
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
    harness = Clustered()
    for complaint in complaints:
        harness.complain(complaint)
        if not together:
            await harness.work()
    await harness.work()
    return harness


@pytest.mark.parametrize("together", [False, True])
async def test_reports_of_one_matter_follow_the_first_of_them(together: bool) -> None:
    first, second, third = lamp(1), lamp(2, BODY + " pak"), lamp(3, "Lampu jalan merpati sudah padam seminggu, gelap")

    harness = await filed(first, second, third, together=together)

    leads = next(one for one in (first, second, third) if harness.ticket(one).members)
    others = [one for one in (first, second, third) if one is not leads]
    assert {harness.ticket(one).cluster for one in others} == {leads.ticket_id}
    counts = [data for data in harness.data(DISHUB_TOPIC) if isinstance(data, ClusterCounted)]
    assert [data.members for data in counts] == [1, 2]
    assert {data.report.body for data in counts if data.report} == {one.body for one in others}
    assert harness.names(DISHUB_TOPIC).count("routed") == 3  # each stays with its agency, with clocks of its own
    assert harness.findings() == []


async def test_answering_the_leader_answers_all_and_each_reporter_may_disagree() -> None:
    first, second, third = lamp(1), lamp(2), lamp(3)
    harness = await filed(first, second, third)

    harness.ask(AnswerTicket(ticket_id=first.ticket_id, answer="Sudah menyala.", final=True), DISHUB)
    await harness.work()

    assert harness.names().count("answer_offered") == 2
    assert {harness.store.documents[one.ticket_id].state.situation.kind for one in (first, second, third)} == {
        "answered"
    }
    assert harness.findings() == []


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
async def test_a_report_of_a_possibly_different_matter_joins_no_cluster(other: ComplaintAccepted) -> None:
    harness = await filed(lamp(1), other)

    assert "cluster_joined" not in harness.names()


async def test_a_full_cluster_takes_nobody_and_the_next_one_begins() -> None:
    complaints = [lamp(number) for number in range(6)]

    harness = await filed(*complaints)

    sizes = sorted(len(harness.ticket(one).members) for one in complaints)
    assert sizes == [0, 0, 0, 0, 1, 3]
    assert harness.findings() == []


async def test_too_many_at_once_are_refused_by_the_leader_and_stay_alone() -> None:
    complaints = [lamp(number) for number in range(6)]

    harness = await filed(*complaints, together=True)

    assert sum(len(harness.ticket(one).members) for one in complaints) == 3
    assert [data.reason for data in harness.data(topics.TICKETS) if hasattr(data, "reason")] == ["full", "full"]
    assert harness.findings() == []


async def test_officers_part_and_join_tickets() -> None:
    first, second, far = lamp(1), lamp(2), lamp(3, "Sampah menumpuk")
    harness = await filed(first, second, far)

    harness.ask(UnmergeTicket(ticket_id=second.ticket_id), OFFICER)
    harness.ask(MergeTicket(ticket_id=far.ticket_id, into=first.ticket_id), OFFICER)
    await harness.work()

    assert harness.ticket(first).members == (far.ticket_id,)
    assert harness.ticket(second).cluster is None
    assert harness.findings() == []


FOUR = [lamp(number) for number in range(4)]
DARK = [lamp(number, "Jalan merpati gelap sekali sejak seminggu, tolong pak") for number in range(4)]


def declined(leader: ComplaintAccepted) -> DeclineTicket:
    return DeclineTicket(ticket_id=leader.ticket_id, reason="Bukan lampu kami.", suggested_agency="dlh")


async def test_all_go_where_their_leader_goes_and_get_the_answer_of_its_new_agency() -> None:
    harness = await filed(*FOUR)

    harness.ask(declined(FOUR[0]), DISHUB)
    await harness.work()
    moved = harness.where(*FOUR)
    harness.ask(AnswerTicket(ticket_id=FOUR[0].ticket_id, answer="Sudah menyala.", final=True), DLH)
    await harness.work()

    assert moved == [("with_agency", "dlh")] * 4
    assert harness.where(*FOUR) == [("answered", "dlh")] * 4
    assert harness.names().count("answer_offered") == 3
    assert harness.names(DISHUB_TOPIC).count("unassigned") == 4
    assert harness.findings() == []


async def test_an_officer_takes_all_out_of_triage_with_their_leader() -> None:
    harness = await filed(*DARK)
    waited = harness.where(*DARK)

    harness.ask(AssignTicket(ticket_id=DARK[0].ticket_id, agency="dishub", reason="Lampu."), OFFICER)
    await harness.work()

    assert waited == [("in_triage", None)] * 4
    assert harness.where(*DARK) == [("with_agency", "dishub")] * 4
    assert harness.names(topics.TRIAGE).count("routed") == 4
    assert harness.findings() == []


async def test_a_member_assigned_by_an_officer_does_not_follow_its_leader() -> None:
    harness = await filed(*FOUR)

    for agency in ("dlh", "dishub"):
        harness.ask(AssignTicket(ticket_id=FOUR[1].ticket_id, agency=agency, reason="Tugasnya."), OFFICER)
    harness.ask(declined(FOUR[0]), DISHUB)
    await harness.work()

    assert [agency for _, agency in harness.where(*FOUR)] == ["dlh", "dishub", "dlh", "dlh"]
    assert harness.findings() == []


@pytest.mark.parametrize("last", list(Step))
@pytest.mark.parametrize("crashes", [1, 2, 3])
async def test_a_crash_at_any_step_takes_all_along_once(last: Step, crashes: int) -> None:
    harness = await filed(*FOUR)
    said_once = "3b9dc0b6-6a3c-5b55-9e0e-0d5a3e3c7f99"
    harness.ask(declined(FOUR[0]), DISHUB, said_once)
    for _ in range(crashes):
        harness.restart(dies_after(last))
        with pytest.raises(Crashed):
            await harness.work()
    harness.restart()
    await harness.work()

    harness.ask(declined(FOUR[0]), DISHUB, said_once)
    await harness.work()

    assert harness.where(*FOUR) == [("with_agency", "dlh")] * 4
    assert [len(harness.ticket(one).agencies) for one in FOUR] == [2] * 4
    assert harness.findings() == []


@pytest.mark.parametrize("last", list(Step))
async def test_a_crash_at_any_step_counts_everybody_once(last: Step) -> None:
    harness = Clustered()
    first, second = lamp(1), lamp(2)
    harness.complain(first)
    await harness.work()
    harness.complain(second)
    harness.restart(dies_after(last))
    with pytest.raises(Crashed):
        await harness.work()

    harness.restart()
    await harness.work()

    assert harness.ticket(first).members == (second.ticket_id,)
    assert harness.findings() == []
