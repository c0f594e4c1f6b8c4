from collections.abc import Mapping

import pytest

from services.routing.domain.lifecycle.commands import refuse_unreadable
from shared.events import Fact, Reason, UnreadableEvent, UpdateRefused
from shared.senders import owner_of
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import CHANNEL, DISHUB, POLICY, UPDATE_ID, author

pytestmark = pytest.mark.unit

REASONS = (
    Reason(code="schema_violation", field="id", message_id="id bukan UUID.", message_en="id is not a UUID."),
    Reason(code="too_long", field="note", message_id="note terlalu panjang.", message_en="note is too long."),
)
KNOWN = {"source": DISHUB, "event_id": UPDATE_ID, "ticket_id": TICKET}


def refusal(owner: str, hints: Mapping[str, str]) -> tuple[Fact, ...]:
    """Return what is said about a record on the topic of updates of *owner*."""
    return refuse_unreadable(POLICY, UnreadableEvent(*REASONS, hints=hints), owner_of(f"tickets.updates{owner}"), NOON)


def told(source: str, topic: str, by: str | None, ticket: str = TICKET, update: str = UPDATE_ID) -> tuple[Fact, ...]:
    data = UpdateRefused(
        ticket_id=ticket, tracking_id="", state="unchanged", version=0, at=NOON, by=author(by) if by else None,
        update_id=update, update_source=source, code="schema_violation",
        message_id="id bukan UUID. note terlalu panjang.", message_en="id is not a UUID. note is too long.",
    )  # fmt: skip
    return (Fact(data, topic, ticket, NOON),)


OWNERS = [
    (".agency-dishub", DISHUB, "tickets.routed.dishub"),
    (".channel-web", CHANNEL, "tickets.status.web"),
    (".officers", None, "tickets.triage"),
]


@pytest.mark.parametrize(("owner", "by", "topic"), OWNERS)
def test_every_fault_of_an_update_is_published_to_the_owner_of_its_topic_alone(
    owner: str, by: str | None, topic: str
) -> None:
    assert refusal(owner, KNOWN) == told(DISHUB, topic, by)


@pytest.mark.parametrize(("owner", "by", "topic"), OWNERS)
def test_the_owner_hears_of_what_names_neither_sender_nor_ticket(owner: str, by: str | None, topic: str) -> None:
    assert refusal(owner, {}) == told("", topic, by, ticket="", update="")


def test_an_owner_that_is_not_registered_has_no_topic_to_be_answered_on() -> None:
    assert refusal(".agency-dinas_x", KNOWN | {"source": "/agencies/dinas_x"}) == ()


@pytest.mark.parametrize(("source", "topic"), [(DISHUB, "tickets.routed.dishub"), (CHANNEL, "tickets.status.web")])
def test_what_lay_on_the_topic_that_all_shared_is_answered_to_its_source(source: str, topic: str) -> None:
    assert refusal("", KNOWN | {"source": source}) == told(source, topic, source)


def test_without_an_owner_and_a_source_nobody_is_answered() -> None:
    assert refusal("", {"event_id": UPDATE_ID, "ticket_id": TICKET}) == ()
