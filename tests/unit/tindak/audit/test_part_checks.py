"""The audit finds every part that is not opened, and every divided ticket that does not end with its parts."""

from typing import Any

import pytest

from shared import topics
from shared.events import EventData, Part, TicketClosed, TicketRouted, TicketSplit, TicketWithdrawn
from shared.ids import part_id
from tests.builders import TICKET
from tests.unit.tindak.audit.story import FACT, ROUTED, Story, told
from tindak.audit import Check

pytestmark = pytest.mark.unit

ONE, TWO = part_id(TICKET, 1), part_id(TICKET, 2)
PARTS = tuple(Part(ticket_id=each, number=n, agency="dlh", agency_name="DLH") for n, each in ((1, ONE), (2, TWO)))
SPLIT = TicketSplit(**FACT | {"version": 2, "state": "split"}, parts=PARTS, reason="Dua.")


def opened(part: str, number: int, parent: str = TICKET) -> TicketRouted:
    return ROUTED.model_copy(update={"ticket_id": part, "parent": parent, "part": number})


def closed(ticket: str, version: int, **about: Any) -> TicketClosed:
    return TicketClosed(**FACT | {"ticket_id": ticket, "version": version, "state": "closed"}, by="system", **about)


OPENED = (SPLIT, opened(ONE, 1), opened(TWO, 2))
ENDED = (*OPENED, closed(ONE, 2), closed(TWO, 2))
WITHDRAWN = TicketWithdrawn(**FACT | {"version": 3, "state": "withdrawn"})


def story(*data: EventData) -> Story:
    found = Story()
    for each in data:
        found.publish(topics.TICKETS, each)
    return found


@pytest.mark.parametrize("said", [OPENED, (*OPENED, closed(ONE, 2)), (*ENDED, closed(TICKET, 3)), (*ENDED, WITHDRAWN)])
def test_a_divided_ticket_that_ends_with_its_parts_is_well(said: tuple[EventData, ...]) -> None:
    assert story(*said).findings(Check.PARTS) == []


@pytest.mark.parametrize(
    "said",
    [
        (SPLIT, opened(ONE, 1)),
        (*OPENED, opened(part_id(TICKET, 3), 3)),
        (SPLIT, opened(ONE, 1), opened(TWO, 2, "another")),
        (opened(ONE, 1),),
        ENDED,
        (*OPENED, closed(ONE, 2), closed(TICKET, 3)),
    ],
    ids=["not opened", "never named", "another's", "never divided", "does not end", "ends too early"],
)
def test_a_part_that_is_lost_or_not_minded_is_found(said: tuple[EventData, ...]) -> None:
    assert len(story(*said).findings(Check.PARTS)) == 1


def test_parts_are_not_taken_for_complaints_that_nobody_accepted() -> None:
    found = told()
    for part, number in ((ONE, 1), (TWO, 2)):
        found.publish(topics.TICKETS, opened(part, number))

    assert found.findings(Check.STAGES) == []
