"""What is held of a reporter is told to the officer who asks, sealed, and never without a trace."""

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from services.notify.exporter import Exporter
from services.notify.handlers import NotifyHandler
from shared import topics
from shared.delivery.vitals import Step
from shared.events import Author, ExportRequested, OpeningPurpose, ReporterErased
from shared.seal import Opener
from shared.sealing_keys import as_text, public_of
from tests.builders import TICKET, TRACKING, event
from tests.component.notify.harness import ACCEPTED, CONTACT, ServiceHarness
from tests.fakes.handler_harness import NOON, Crashed, dies_after
from tests.sealing import SEALER
from tests.unit.notify.samples import EMAIL, NAME, POLICY, contact

pytestmark = pytest.mark.component

PRIVATE = b"a private key of an officer, 32 b"[:32]
OFFICER = Author(role="officer", code="privacy")


def public_key() -> str:
    return as_text({"k": public_of(PRIVATE)}).partition(":")[2]


def asked(**changes: Any) -> ExportRequested:
    plain: dict[str, Any] = {
        "ticket_id": TICKET, "tracking_id": TRACKING, "state": "routed", "version": 2, "at": NOON,
        "reason": "Diminta pelapor.", "public_key": public_key(), "by": OFFICER,
    }  # fmt: skip
    return ExportRequested.model_validate(plain | changes)


def heard(*messages: Any) -> ServiceHarness:
    harness = ServiceHarness()
    for message in messages:
        harness.publish(*message)
    return harness


def opened(harness: ServiceHarness) -> list[dict[str, Any]]:
    """Return each answer, opened by the officer who asked."""
    answers = {said.id: said.data for said in harness.published(topics.EXPORTS)}.values()
    return [json.loads(Opener({"k": PRIVATE}).open(TICKET, each.sealed, "k")) for each in answers]


EXPORT = topics.REQUESTS, event(asked())


async def test_the_officer_who_asks_is_told_contact_and_notices() -> None:
    harness = heard(CONTACT, ACCEPTED)
    await harness.work()
    await harness.send()
    harness.publish(*EXPORT)

    await harness.work()

    [told] = opened(harness)
    assert (told["contact_state"], told["contact"]["name"], told["contact"]["email"]) == ("known", NAME, EMAIL)
    assert [(each["notice"], each["situation"], each["channel"]) for each in told["notices"]] == [
        ("accepted", "sent", "email")
    ]
    [answer] = harness.data(topics.EXPORTS)
    assert (answer.ticket_id, answer.tracking_id, answer.officer) == (TICKET, TRACKING, OFFICER)


async def test_nobody_else_can_read_it() -> None:
    harness = heard(CONTACT, ACCEPTED, EXPORT)

    await harness.work()

    written = [record.value or b"" for (topic, _), log in harness.broker.logs.items() for record in log]
    assert not [value for value in written if EMAIL.encode() in value]
    assert EMAIL not in repr(harness.store.documents[TICKET])


async def test_the_opening_is_a_fact_in_the_name_of_the_officer() -> None:
    harness = heard(CONTACT, ACCEPTED, EXPORT)

    await harness.work()

    [fact] = [said for said in harness.data(topics.AUDIT) if said.purpose is OpeningPurpose.EXPORT]
    assert (fact.by.role, fact.by.code, fact.delivery_id) == ("officer", "privacy", None)


@pytest.mark.parametrize("last", [Step.LOADED, Step.SAVED, Step.PUBLISHED])
async def test_a_crash_at_any_step_answers_once_per_id_with_the_same_bytes(last: Step) -> None:
    harness = heard(CONTACT, ACCEPTED, EXPORT)
    for _ in range(2):
        harness.restart(dies_after(last))
        with pytest.raises(Crashed):
            await harness.work()
    harness.restart()

    await harness.work()

    assert len({record.value for record in harness.broker.topic(topics.EXPORTS)}) == 1
    assert len({said.id for said in harness.published(topics.AUDIT)}) == 1


@pytest.mark.parametrize(("messages", "state"), [((ACCEPTED,), "none"), ((CONTACT,), "unreadable")])
async def test_what_cannot_be_told_is_said_to_be_so(messages: tuple[Any, ...], state: str) -> None:
    harness = heard(*messages, EXPORT)
    if state == "unreadable":
        another = Opener({SEALER.current: X25519PrivateKey.generate().private_bytes_raw()})
        harness.handler = NotifyHandler(POLICY.rules, Exporter(another))
        harness.restart()

    await harness.work()

    [told] = opened(harness)
    assert (told["contact_state"], told.get("contact")) == (state, None)


async def test_of_whom_was_erased_nothing_is_told_and_nothing_opened() -> None:
    erased = ReporterErased(ticket_id=TICKET, tracking_id=TRACKING, state="routed", version=2, at=NOON)
    harness = heard(CONTACT, ACCEPTED)
    await harness.work()
    for said in (erased, asked(version=3)):
        harness.publish(topics.REQUESTS, event(said))

    await harness.work()

    [told] = opened(harness)
    assert (told["contact_state"], told.get("contact")) == ("erased", None)
    assert harness.data(topics.AUDIT) == []


async def test_the_copy_without_a_key_is_answered_by_nobody() -> None:
    harness = heard(CONTACT, ACCEPTED, (topics.TICKETS, event(asked(public_key=None))))

    await harness.work()

    assert harness.data(topics.EXPORTS) == []


async def test_a_key_for_which_nothing_can_be_sealed_is_no_bug() -> None:
    harness = heard(CONTACT, ACCEPTED, (topics.REQUESTS, event(asked(public_key="A" * 43 + "="))))

    await harness.work()

    assert harness.data(topics.EXPORTS) == harness.data(topics.dead_letter_topic("notify")) == []


async def test_a_corrected_contact_is_what_is_told_from_then_on() -> None:
    first = CONTACT[1]
    harness = heard(CONTACT, ACCEPTED)
    corrected = replace(first, data=contact(name="Sita"), id="0b1a5d0e-0f43-5f2b-8d0c-00000000000b")
    harness.publish(topics.CONTACTS, corrected)
    harness.publish(*EXPORT)

    await harness.work()

    [told] = opened(harness)
    assert told["contact"]["name"] == "Sita"
