import pytest

from services.routing.domain.lifecycle.actors import KNOWN, actor_refusal
from services.routing.domain.ticket.refusals import ACTOR_IS_NO_CODE, FORGED_ACTOR, Refusal, unknown_actor_role
from services.routing.domain.ticket.state import Filed
from shared.events import AcknowledgeTicket, Actor, state_after
from shared.senders import sender_of
from tests.builders import TICKET
from tests.unit.routing.samples import CHANNEL, DESK, DISHUB, OFFICER, POLICY, ask, filed, refusal_of

pytestmark = pytest.mark.unit


def judged(source: str, role: str, code: str) -> Refusal | None:
    return actor_refusal(POLICY, sender_of(source), Actor(role=role, id=code))


@pytest.mark.parametrize(
    ("source", "role", "code"),
    [
        (DISHUB, "agency", "dishub"),
        (DISHUB, "agency", "dishub-17"),
        (DISHUB, "staff", "S-17"),
        (DISHUB, "liaison", "550e8400-e29b-41d4-a716-446655440000"),
        (CHANNEL, "channel", "web"),
        (CHANNEL, "reporter", "r_20260001"),
        (OFFICER, "officer", "7"),
        (OFFICER, "triage", "7"),
        (DESK, "agency_officer", "desk"),
        (DESK, "staff", "12"),
    ],
)
def test_an_actor_within_its_sender_is_taken(source: str, role: str, code: str) -> None:
    assert judged(source, role, code) is None


def test_an_update_needs_no_actor() -> None:
    assert actor_refusal(POLICY, sender_of(DISHUB), None) is None


@pytest.mark.parametrize(
    ("source", "role", "code"),
    [
        (DISHUB, "officer", "7"),
        (DISHUB, "reporter", "1"),
        (DISHUB, "agency", "dlh"),
        (DISHUB, "staff", "dlh"),
        (CHANNEL, "agency", "dishub"),
        (CHANNEL, "liaison", "web"),
        (CHANNEL, "channel", "whatsapp"),
        (OFFICER, "officer", "chief"),
        (OFFICER, "staff", "chief"),
        (OFFICER, "triage", "17"),
        (OFFICER, "agency", "dishub"),
        (DESK, "triage", "desk"),
    ],
)
def test_an_actor_that_claims_to_be_another_than_its_sender_is_refused(source: str, role: str, code: str) -> None:
    assert judged(source, role, code) == FORGED_ACTOR


@pytest.mark.parametrize(
    "code",
    ["Siti Rahma", "siti@example.org", "081234567890", "3674000000000001", "s-198001012005", "a/b", "", "x" * 65],
)
def test_an_actor_is_named_by_a_code_and_never_quoted(code: str) -> None:
    refusal = actor_refusal(POLICY, sender_of(DISHUB), Actor.model_construct(role="staff", id=code))

    assert refusal == ACTOR_IS_NO_CODE
    assert "actor" in refusal.message_en


@pytest.mark.parametrize("role", ["mayor", "Staff", "petugas"])
def test_an_actor_has_one_of_the_known_roles(role: str) -> None:
    assert judged(DISHUB, role, "17") == unknown_actor_role(KNOWN)


def test_an_update_with_a_forged_actor_changes_nothing_and_counts() -> None:
    command = AcknowledgeTicket(ticket_id=TICKET, actor=Actor(role="officer", id="7"))

    decision = ask(filed(), command)

    after = state_after(filed(), decision)
    assert isinstance(after, Filed)
    assert (refusal_of(decision), after.situation, after.ticket.updates) == ("forged_actor", filed().situation, 1)
