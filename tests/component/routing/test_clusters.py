"""Routing follows reports of the same matter together, whether they come in one batch or one after the other."""

from dataclasses import replace
from typing import Any

import pytest

from services.routing.domain.likeness import ClusterRules
from services.routing.domain.rules import Category
from services.routing.handlers import RoutingHandler
from shared import topics
from shared.delivery.audit import Check, audit
from shared.delivery.vitals import Step
from shared.events import (
    AnswerTicket,
    ClusterCounted,
    ComplaintAccepted,
    Location,
    MergeTicket,
    UnmergeTicket,
)
from shared.ids import ticket_id, tracking_id
from tests.builders import accepted
from tests.component.routing.desk import DISHUB, DISHUB_TOPIC, OFFICER, Desk
from tests.fakes.bench import Crashed, dies_after
from tests.fakes.neighbours import MemoryNeighbours
from tests.unit.routing.desk import POLICY

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
