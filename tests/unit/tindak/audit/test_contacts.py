"""A contact is sealed once for each report that names somebody, and anew when its keys change."""

import pytest

from shared import topics
from shared.events import ContactSealed, Locale, ReporterErased, SealScheme
from tests.builders import TICKET
from tests.unit.tindak.audit.story import FACT, SUBMITTED, told
from tindak.audit import Check

pytestmark = pytest.mark.unit


def contact(sealed: str) -> ContactSealed:
    return ContactSealed(ticket_id=TICKET, sealed=sealed, locale=Locale.INDONESIAN, key_id="k", scheme=SealScheme.HPKE)


@pytest.mark.parametrize("without", [topics.CONTACTS, ""])
def test_it_may_be_sealed_anew_and_its_topic_may_hold_the_last_one_alone(without: str) -> None:
    story = told(without=without)
    story.publish(topics.CONTACTS, contact("new"))
    story.publish(topics.CONTACTS, contact("newer"))

    assert story.findings(Check.STAGES) == []


def test_one_that_a_submission_brought_twice_is_found() -> None:
    story = told(without=topics.CONTACTS)
    for sealed in ("one", "other"):
        story.publish(topics.CONTACTS, contact(sealed), cause=SUBMITTED.id)

    assert [str(finding) for finding in story.findings(Check.STAGES)] == [
        f"[stages] ticket {TICKET} should be given a sealed contact once and was 2 times"
    ]


@pytest.mark.parametrize("without", [topics.CONTACTS, ""])
def test_of_who_was_erased_there_may_be_none(without: str) -> None:
    story = told(without=without)
    story.publish(topics.TICKETS, ReporterErased(**FACT | {"version": 3}, agency="dishub"))

    assert story.findings(Check.STAGES) == []
