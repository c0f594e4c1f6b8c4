"""What routing says about open reports of the same kelurahan that are told in other words."""

from datetime import timedelta
from typing import Any

import pytest

from services.routing.handlers import RoutingHandler
from shared import topics
from shared.delivery.ports import PermanentError, TransientError
from shared.events import ComplaintAccepted, DeclineTicket, Location, MergeTicket, TicketRouted, WithdrawTicket
from tests.component.routing.desk import CHANNEL, DISHUB, DISHUB_TOPIC, OFFICER, Desk
from tests.component.routing.test_clusters import BODY, CLUSTERED, Clustered, lamp
from tests.fakes.bench import NOON
from tests.fakes.neighbours import MemoryNeighbours

pytestmark = pytest.mark.component

RETOLD = "PJU merpati tidak nyala semingguan, gelap banget jalannya"
UNKNOWN = "Gelap sekali merpati, takut lewat malam"


def similar(desk: Desk, complaint: ComplaintAccepted, topic: str = topics.TICKETS) -> list[list[str]]:
    """Return what each fact of *topic* lists as similar to a report."""
    told = [data for data in desk.data(topic) if getattr(data, "ticket_id", None) == complaint.ticket_id]
    return [[one.tracking_id for one in data.similar] for data in told if hasattr(data, "similar")]


async def filed(*complaints: ComplaintAccepted, desk: Desk | None = None) -> Any:
    desk = desk or Clustered()
    for complaint in complaints:
        desk.complain(complaint)
        await desk.work()
    return desk


async def test_agency_and_history_get_the_similar_open_reports_with_scores_alone() -> None:
    first, second = lamp(1), lamp(2, RETOLD)

    desk = await filed(first, second)

    assert similar(desk, second) == similar(desk, second, DISHUB_TOPIC) == [[first.tracking_id]]
    routed = next(data for data in desk.data(topics.TICKETS) if isinstance(data, TicketRouted) and data.similar)
    assert set(routed.similar[0].model_dump()) == {"tracking_id", "score"}
    assert 0 < routed.similar[0].score < 1
    assert "cluster_joined" not in desk.names()  # people decide


async def test_an_officer_gets_them_with_the_question() -> None:
    first, second = lamp(1), lamp(2, UNKNOWN)

    desk = await filed(first, second)

    assert similar(desk, second, topics.TRIAGE) == [[first.tracking_id]]


async def test_whoever_gets_the_ticket_later_is_shown_them_too() -> None:
    first, second = lamp(1), lamp(2, RETOLD)
    desk = await filed(first, second)

    desk.ask(DeclineTicket(ticket_id=second.ticket_id, reason="bukan kami"), DISHUB)
    await desk.work()

    assert similar(desk, second, topics.TRIAGE) == [[first.tracking_id]]


async def test_reports_of_one_batch_see_each_other_in_the_order_of_acceptance() -> None:
    first, second = lamp(1, accepted_at=NOON), lamp(2, RETOLD, accepted_at=NOON + timedelta(seconds=1))
    desk = Clustered()
    desk.complain(second)
    desk.complain(first)

    await desk.work()

    assert similar(desk, first) == [[]]
    assert similar(desk, second) == [[first.tracking_id]]


async def test_the_leader_that_was_found_is_not_listed_again() -> None:
    first, retold, same = lamp(1), lamp(2, RETOLD), lamp(3, BODY)

    desk = await filed(first, retold, same)

    assert desk.ticket(same).cluster == first.ticket_id
    assert similar(desk, same) == [[retold.tracking_id]]


async def test_a_member_is_listed_under_its_leader() -> None:
    first, member, retold = lamp(1), lamp(2), lamp(3, RETOLD)

    desk = await filed(first, member, retold)

    assert similar(desk, retold) == [[first.tracking_id]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lamp(1, confidential=True), lamp(2, RETOLD)),
        (lamp(1), lamp(2, RETOLD, confidential=True)),
        (lamp(1), lamp(2, RETOLD, location=Location(kelurahan="Serua", kecamatan="Ciputat"))),
        (lamp(1), lamp(2, RETOLD, location=None)),
    ],
    ids=["confidential one", "confidential itself", "elsewhere", "nowhere"],
)
async def test_confidential_reports_and_those_of_other_places_are_not_compared(
    one: ComplaintAccepted, other: ComplaintAccepted
) -> None:
    assert similar(await filed(one, other), other) == [[]]


async def test_what_has_ended_is_listed_no_more() -> None:
    first, second, third = lamp(1), lamp(2, RETOLD), lamp(3, UNKNOWN)
    desk = await filed(first, second)

    desk.ask(WithdrawTicket(ticket_id=first.ticket_id), CHANNEL)
    await desk.work()
    await filed(third, desk=desk)

    assert similar(desk, third) == [[second.tracking_id]]


async def test_an_officer_merges_it_into_the_one_that_is_listed() -> None:
    first, second = lamp(1), lamp(2, RETOLD)
    desk = await filed(first, second)

    desk.ask(MergeTicket(ticket_id=second.ticket_id, into=first.ticket_id), OFFICER)
    await desk.work()

    assert desk.ticket(first).members == (second.ticket_id,)
    assert desk.findings() == []


@pytest.mark.parametrize("error", [TransientError("no primary"), PermanentError("bad bytes"), TimeoutError()])
async def test_a_look_up_that_fails_holds_up_nothing(error: Exception) -> None:
    class Failing(MemoryNeighbours):
        async def listed_in(self, kelurahan: Any) -> Any:
            raise error

    desk = Clustered()
    desk.handler = RoutingHandler(CLUSTERED, neighbours=Failing(desk.store))
    desk.restart()
    complaint = lamp(1)

    await filed(complaint, desk=desk)

    assert similar(desk, complaint) == [[]]


async def test_a_process_that_has_just_started_finds_what_others_have_filed() -> None:
    first, second = lamp(1), lamp(2, RETOLD)
    desk = await filed(first)
    desk.handler = RoutingHandler(CLUSTERED, neighbours=MemoryNeighbours(desk.store))
    desk.restart()

    await filed(second, desk=desk)

    assert similar(desk, second) == [[first.tracking_id]]
