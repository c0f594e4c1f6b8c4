"""A ticket that never rests stays a small document in every service: of an update its id is kept, and no text."""

from datetime import timedelta

import pytest

from services.routing.domain.ticket.refusals import UPDATES_MAX
from services.routing.handlers import RoutingHandler
from shared.events import ReplyToTicket
from tests.component.city import ROUTING, City
from tests.component.long_ticket import CODECS, SAID, held, reported, sizes, state_of, talked, updated
from tests.fakes.neighbours import MemoryNeighbours
from tests.unit.notify.samples import POLICY

pytestmark = [pytest.mark.component, pytest.mark.timeout(300)]

KIB = 1024
DOCUMENT_BYTES_MAX = 1024 * KIB
"""A sixteenth of what MongoDB holds, at the 2,000 updates after which routing takes none but the last."""
UPDATE_BYTES_MAX = 300
"""What one more update may add for good: ids of applied events, and in sla what moved a clock."""
MEMBER_BYTES_MAX = 300


async def test_two_thousand_updates_leave_small_documents() -> None:
    city = City()
    ticket = await reported(city)

    await updated(city, ticket, [one for number in range(UPDATES_MAX // 8) for one in talked(ticket, number)])
    half = sizes(city, ticket)
    await updated(city, ticket, [one for number in range(UPDATES_MAX // 8) for one in talked(ticket, -number - 1)])

    whole = sizes(city, ticket)
    assert state_of(city.routing, ticket).ticket.updates == UPDATES_MAX
    assert whole.keys() == CODECS.keys()
    assert all(size <= DOCUMENT_BYTES_MAX for size in whole.values()), whole
    assert all(whole[name] - half[name] <= UPDATES_MAX // 2 * UPDATE_BYTES_MAX for name in whole), (half, whole)


async def test_what_moves_clocks_again_and_again_adds_little() -> None:
    city = City()
    ticket = await reported(city)

    # As many replies wait for their turn with the agency as ever do.
    await updated(city, ticket, [ReplyToTicket(ticket_id=ticket, text=f"{number} {SAID}") for number in range(81)])
    await updated(city, ticket, [one for number in range(50) for one in held(ticket, number)])
    before = sizes(city, ticket)
    await updated(city, ticket, [one for number in range(50, 100) for one in held(ticket, number)])

    after = sizes(city, ticket)
    grown = {name: (after[name] - before[name]) / 200 for name in after}
    assert len(state_of(city.sla, ticket).history) >= 300
    assert all(size <= UPDATE_BYTES_MAX for size in grown.values()), grown
    assert all(after[name] + UPDATES_MAX * grown[name] <= DOCUMENT_BYTES_MAX for name in after), (after, grown)


async def test_of_five_hundred_deliveries_the_last_hundred_are_kept() -> None:
    city = City()
    ticket = await reported(city)

    await updated(city, ticket, [ReplyToTicket(ticket_id=ticket, text=f"{number} {SAID}") for number in range(520)])

    state = state_of(city.notify, ticket)
    told = {fact.delivery_id for fact in city.notify.facts}
    waiting = [each for each in state.deliveries if not each.is_settled]
    assert len(told) + len(waiting) >= 500
    # What more than a day's share waits for as long as it is not too old.
    assert len(waiting) == POLICY.rules.daily_max * (POLICY.rules.stale_for // timedelta(days=1))
    assert len(state.settled) + len(state.deliveries) - len(waiting) <= 110
    assert sizes(city, ticket)["notify"] <= DOCUMENT_BYTES_MAX // 4


async def test_fifty_members_add_little_to_the_one_they_follow() -> None:
    city = City()
    city.routing.handler = RoutingHandler(ROUTING, neighbours=MemoryNeighbours(city.routing.store))
    city.routing.restart()
    leader = await reported(city)
    alone = sizes(city, leader)

    for number in range(2, 52):
        await reported(city, number)

    led = state_of(city.routing, leader).ticket
    followed = sizes(city, leader)
    assert len(led.members) == 50
    assert all(followed[name] - alone[name] <= 50 * MEMBER_BYTES_MAX for name in followed), (alone, followed)
