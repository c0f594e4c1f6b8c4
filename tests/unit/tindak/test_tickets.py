"""What a person types stands for one ticket, or for a part of one."""

from typing import Any

import pytest

from shared import topics
from shared.ids import part_id
from tests.builders import TICKET, TRACKING, accepted, event
from tests.fakes.handler_harness import HandlerHarness
from tindak.console import Failure, Misuse
from tindak.tickets.lookup import Ticket, find_ticket

pytestmark = pytest.mark.unit


class Topics:
    """A client that reads one accepted complaint."""

    async def read(self, names: list[str]) -> list[Any]:
        harness = HandlerHarness(None)
        harness.publish(topics.ACCEPTED, event(accepted()))
        return [record for name in names for record in harness.broker.topic(name)]


async def found(typed: str) -> Ticket:
    return await find_ticket(Topics(), typed)  # type: ignore[arg-type]


@pytest.mark.parametrize("typed", [TRACKING, TRACKING.lower().replace("-", " "), TICKET])
async def test_a_ticket_is_found_by_either_id(typed: str) -> None:
    assert await found(typed) == Ticket(TICKET, TRACKING, "web")


@pytest.mark.parametrize("typed", [f"{TRACKING}/2", f"{TICKET}/2", part_id(TICKET, 2)])
async def test_a_part_is_found_by_its_number_and_by_its_own_id(typed: str) -> None:
    assert await found(typed) == Ticket(part_id(TICKET, 2), f"{TRACKING}/2", "web", TICKET)


@pytest.mark.parametrize("number", ["", "0", "6", "x", "-1", "²"])
async def test_an_unknown_part_is_reported_in_one_sentence(number: str) -> None:
    with pytest.raises(Misuse, match="names no part"):
        await found(f"{TRACKING}/{number}")


async def test_an_unknown_ticket_is_a_failure() -> None:
    with pytest.raises(Failure, match="No accepted complaint"):
        await found(part_id(TICKET, 6))


async def test_a_ticket_id_of_which_no_complaint_is_left_does_for_who_takes_that() -> None:
    old = part_id(TICKET, 6)

    assert await find_ticket(Topics(), old, or_unheard=True) == Ticket(old, old, "")  # type: ignore[arg-type]
    with pytest.raises(Failure, match="No accepted complaint"):
        await find_ticket(Topics(), "K7QF-9D2MX-4Q", or_unheard=True)  # type: ignore[arg-type]
