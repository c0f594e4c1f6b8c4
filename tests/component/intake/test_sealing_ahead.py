"""Contacts are sealed before a batch is decided, and each report's is its own."""

import pytest

from services.intake.domain.decide import submission
from services.intake.handlers import IntakeHandler
from shared import topics
from shared.events import ComplaintSubmitted, ContactSealed
from shared.seal import Contact
from tests.builders import IDS, event, submitted, ticket_id
from tests.component.intake.harness import ServiceHarness
from tests.sealing import SEALER
from tests.unit.intake.city import RULES

pytestmark = pytest.mark.component

REFUSED = "..."
SITI, BUDI = {"name": "Siti Nur Aisyah"}, {"name": "Budi Santoso"}


class Noting(IntakeHandler):
    """Notes whose contacts it seals; at *fails* it has a bug."""

    def __init__(self, fails: str = "") -> None:
        super().__init__(RULES, IDS, SEALER)
        self.fails = fails
        self.sealed: list[str] = []

    def seal(self, ticket: str, submitted: ComplaintSubmitted) -> ContactSealed:
        name = submitted.reporter and submitted.reporter.name
        self.sealed.append(str(name))
        if name == self.fails:
            raise ZeroDivisionError
        return super().seal(ticket, submitted)


async def test_each_contact_is_sealed_once_before_any_report_is_decided() -> None:
    handler = Noting()
    siti = event(submitted(source_id="1", reporter=SITI))

    informed = await handler.prefetch([(None, siti), (None, event(submitted(source_id="2")))])

    assert handler.sealed == ["Siti Nur Aisyah"]
    ticket = handler.key_of(siti)
    sealed = informed.secrets.seal(ticket, submission(siti))
    assert sealed is informed.secrets.seal(ticket, submission(siti))
    assert handler.sealed == ["Siti Nur Aisyah"]
    assert handler.secrets.seal(ticket, submission(siti)) != sealed


@pytest.mark.parametrize(("first", "second"), [(None, REFUSED), (REFUSED, None), (None, "Jalan berlubang di Rempoa.")])
async def test_of_two_reports_under_one_id_the_one_that_is_taken_has_its_own_reporter(
    first: str | None, second: str | None
) -> None:
    harness = ServiceHarness()
    for body, reporter in ((first, SITI), (second, BUDI)):
        harness.submit(reporter=reporter, **({"body": body, "title": None} if body else {}))

    await harness.work()

    assert len(harness.accepted()) == 1
    assert harness.contacts() == [Contact(channel="web", **(BUDI if first == REFUSED else SITI))]


@pytest.mark.expects_errors
async def test_a_bug_in_sealing_costs_its_own_report_alone() -> None:
    handler = Noting(fails="Siti Nur Aisyah")
    harness = ServiceHarness(handler=handler)
    harness.submit(source_id="1", reporter=SITI)
    harness.submit(source_id="2", reporter=BUDI)

    await harness.work()

    assert [report.source_id for report in harness.accepted()] == ["2"]
    assert [said.key for said in harness.published(topics.CONTACTS)] == [ticket_id("web", "2")]
    assert len(harness.broker.topic(topics.dead_letter_topic("intake"))) == 1
