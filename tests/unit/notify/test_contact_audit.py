from datetime import timedelta

import orjson
import pytest

from services.notify.domain.contact_audit import NOTIFY, opening, openings_to_send
from services.notify.domain.correspondence import AuditHead
from services.notify.domain.deliveries import Due, Sending
from services.notify.domain.sending.attempts import tick
from services.notify.store import STATE
from shared.events import CHAIN_START, ContactOpened, Fact, Opener, OpenerRole, OpeningPurpose, link_hash
from shared.events.envelope import encode_data
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import DELIVERY, LEASE, correspondence, delivery, rules

pytestmark = pytest.mark.unit

OFFICER = Opener(role=OpenerRole.OFFICER, code="privacy_desk")
LATER = NOON + timedelta(hours=1)


def data_of(fact: Fact) -> ContactOpened:
    assert isinstance(fact.data, ContactOpened)
    return fact.data


def test_who_opens_a_contact_to_send_is_said_with_the_claim() -> None:
    decision = tick(correspondence(delivery(Due(NOON, 1))), rules(), NOON)

    [fact] = decision.facts
    data = data_of(fact)
    assert (fact.topic, fact.key, fact.at) == ("security.audit", TICKET, NOON)
    assert data == ContactOpened(
        ticket_id=TICKET, purpose=OpeningPurpose.SEND, by=Opener(role=OpenerRole.SERVICE, code="notify"),
        delivery_id=DELIVERY, at=NOON, sequence=1, previous=CHAIN_START, hash=data.hash,
    )  # fmt: skip
    assert decision.state.audit == AuditHead(data.hash, (NOON,))


def test_nothing_is_said_of_a_notice_to_an_agency_for_no_contact_is_opened() -> None:
    leased = delivery(Sending(NOON + LEASE, 1), role="liaison", agency="dishub")

    assert openings_to_send(correspondence(), [leased], NOON) == (correspondence(), ())


def test_each_fact_holds_the_hash_of_the_one_before_and_its_own() -> None:
    state, facts = openings_to_send(correspondence(), [delivery(id="a"), delivery(id="b")], NOON)
    state, third = opening(state, OpeningPurpose.EXPORT, OFFICER, LATER)

    chain = [data_of(fact) for fact in (*facts, third)]

    assert [data.sequence for data in chain] == [1, 2, 3]
    assert [data.previous for data in chain] == [CHAIN_START, chain[0].hash, chain[1].hash]
    assert [link_hash(data.model_dump(mode="json", exclude_none=True)) for data in chain] == [d.hash for d in chain]
    assert state.audit == AuditHead(chain[2].hash, (NOON, NOON, LATER))


@pytest.mark.parametrize("since", [timedelta(0), timedelta(microseconds=1), timedelta(microseconds=500_000)])
@pytest.mark.parametrize("delivery_id", [None, DELIVERY])
@pytest.mark.parametrize("by", [NOTIFY, OFFICER])
def test_it_is_hashed_as_it_writes_itself(since: timedelta, delivery_id: str | None, by: Opener) -> None:
    _, fact = opening(correspondence(), OpeningPurpose.SEND, by, NOON + since, delivery_id)

    written = orjson.loads(encode_data(fact.data))
    assert data_of(fact).hash == written["hash"] == link_hash(written)


def test_an_export_is_said_on_the_account_of_the_officer() -> None:
    _, fact = opening(correspondence(), OpeningPurpose.EXPORT, OFFICER, NOON)

    assert (data_of(fact).by, data_of(fact).purpose, data_of(fact).delivery_id) == (OFFICER, "export", None)


def test_the_same_opening_said_again_is_the_same_fact() -> None:
    assert opening(correspondence(), OpeningPurpose.EXPORT, OFFICER, NOON) == opening(
        correspondence(), OpeningPurpose.EXPORT, OFFICER, NOON
    )


def test_a_document_that_knows_no_chain_begins_one() -> None:
    stored = STATE.dump_python(correspondence(), mode="json")
    del stored["audit"]

    assert STATE.validate_python(stored).audit == AuditHead(CHAIN_START, ())


def test_the_head_comes_back_from_a_database_as_it_was() -> None:
    state, _ = opening(correspondence(), OpeningPurpose.EXPORT, OFFICER, NOON)

    assert STATE.validate_python(STATE.dump_python(state, mode="json")) == state
