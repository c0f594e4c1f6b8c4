"""What routing says about open reports of the same kelurahan that are told in other words."""

from datetime import timedelta
from typing import Any

import pytest

from services.routing.handlers import RoutingHandler
from shared import topics
from shared.delivery.ports import PermanentError, TransientError
from shared.events import ComplaintAccepted, DeclineTicket, Location, MergeTicket, TicketRouted, WithdrawTicket
from tests.component.routing.harness import CHANNEL, DISHUB, DISHUB_TOPIC, OFFICER, ServiceHarness
from tests.component.routing.test_clusters import BODY, CLUSTERED, Clustered, lamp
from tests.fakes.handler_harness import NOON
from tests.fakes.neighbours import MemoryNeighbours

pytestmark = pytest.mark.component

RETOLD = "PJU merpati tidak nyala semingguan, gelap banget jalannya"
UNKNOWN = "Gelap sekali merpati, takut lewat malam"


def similar(harness: ServiceHarness, complaint: ComplaintAccepted, topic: str = topics.TICKETS) -> list[list[str]]:
    """Return what each fact of *topic* lists as similar to a report."""
    told = [data for data in harness.data(topic) if getattr(data, "ticket_id", None) == complaint.ticket_id]
    return [[one.tracking_id for one in data.similar] for data in told if hasattr(data, "similar")]


async def filed(*complaints: ComplaintAccepted, harness: ServiceHarness | None = None) -> Any:
    harness = harness or Clustered()
    for complaint in complaints:
        harness.complain(complaint)
        await harness.work()
    return harness


async def test_agency_and_history_get_the_similar_open_reports_with_scores_alone() -> None:
    first, second = lamp(1), lamp(2, RETOLD)

    harness = await filed(first, second)

    assert similar(harness, second) == similar(harness, second, DISHUB_TOPIC) == [[first.tracking_id]]
    routed = next(data for data in harness.data(topics.TICKETS) if isinstance(data, TicketRouted) and data.similar)
    assert set(routed.similar[0].model_dump()) == {"tracking_id", "score"}
    assert 0 < routed.similar[0].score < 1
    assert "cluster_joined" not in harness.names()  # people decide


async def test_an_officer_gets_them_with_the_question() -> None:
    first, second = lamp(1), lamp(2, UNKNOWN)

    harness = await filed(first, second)

    assert similar(harness, second, topics.TRIAGE) == [[first.tracking_id]]


async def test_similar_reports_are_listed_again_after_a_decline() -> None:
    first, second = lamp(1), lamp(2, RETOLD)
    harness = await filed(first, second)

    harness.ask(DeclineTicket(ticket_id=second.ticket_id, reason="bukan kami"), DISHUB)
    await harness.work()

    assert similar(harness, second, topics.TRIAGE) == [[first.tracking_id]]


async def test_reports_of_one_batch_see_each_other_in_the_order_of_acceptance() -> None:
    first, second = lamp(1, accepted_at=NOON), lamp(2, RETOLD, accepted_at=NOON + timedelta(seconds=1))
    harness = Clustered()
    harness.complain(second)
    harness.complain(first)

    await harness.work()

    assert similar(harness, first) == [[]]
    assert similar(harness, second) == [[first.tracking_id]]


async def test_the_leader_that_was_found_is_not_listed_again() -> None:
    first, retold, same = lamp(1), lamp(2, RETOLD), lamp(3, BODY)

    harness = await filed(first, retold, same)

    assert harness.ticket(same).cluster == first.ticket_id
    assert similar(harness, same) == [[retold.tracking_id]]


async def test_a_member_is_listed_under_its_leader() -> None:
    first, member, retold = lamp(1), lamp(2), lamp(3, RETOLD)

    harness = await filed(first, member, retold)

    assert similar(harness, retold) == [[first.tracking_id]]


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


async def test_ended_tickets_are_not_listed_as_similar() -> None:
    first, second, third = lamp(1), lamp(2, RETOLD), lamp(3, UNKNOWN)
    harness = await filed(first, second)

    harness.ask(WithdrawTicket(ticket_id=first.ticket_id), CHANNEL)
    await harness.work()
    await filed(third, harness=harness)

    assert similar(harness, third) == [[second.tracking_id]]


async def test_an_officer_merges_it_into_the_one_that_is_listed() -> None:
    first, second = lamp(1), lamp(2, RETOLD)
    harness = await filed(first, second)

    harness.ask(MergeTicket(ticket_id=second.ticket_id, into=first.ticket_id), OFFICER)
    await harness.work()

    assert harness.ticket(first).members == (second.ticket_id,)
    assert harness.findings() == []


@pytest.mark.parametrize("error", [TransientError("no primary"), PermanentError("bad bytes"), TimeoutError()])
async def test_a_look_up_that_fails_holds_up_nothing(error: Exception) -> None:
    class Failing(MemoryNeighbours):
        async def listed_in(self, kelurahan: Any) -> Any:
            raise error

    harness = Clustered()
    harness.handler = RoutingHandler(CLUSTERED, neighbours=Failing(harness.store))
    harness.restart()
    complaint = lamp(1)

    await filed(complaint, harness=harness)

    assert similar(harness, complaint) == [[]]


async def test_a_process_that_has_just_started_finds_what_others_have_filed() -> None:
    first, second = lamp(1), lamp(2, RETOLD)
    harness = await filed(first)
    harness.handler = RoutingHandler(CLUSTERED, neighbours=MemoryNeighbours(harness.store))
    harness.restart()

    await filed(second, harness=harness)

    assert similar(harness, second) == [[first.tracking_id]]
