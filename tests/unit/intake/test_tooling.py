"""A dry run of intake says what the service would."""

import pytest

from services.intake.tooling import dry_run
from shared.events import ComplaintAccepted, ComplaintRejected
from tests.builders import submitted
from tests.fakes.handler_harness import NOON
from tests.unit.intake.city import RULES

pytestmark = pytest.mark.unit


def test_a_dry_run_of_a_good_report_accepts_it() -> None:
    said = dry_run(RULES, submitted(location={"kelurahan": "Rempoa"}), NOON)

    assert isinstance(said, ComplaintAccepted)
    assert (said.accepted_at, said.location and said.location.kecamatan) == (NOON, "Ciputat Timur")


def test_a_dry_run_seals_no_contact() -> None:
    assert dry_run(RULES, submitted(reporter={"name": "Siti Nur Aisyah"}), NOON) == dry_run(RULES, submitted(), NOON)


def test_a_dry_run_of_a_refused_report_gives_the_reasons() -> None:
    said = dry_run(RULES, submitted(channel="fax"), NOON)

    assert isinstance(said, ComplaintRejected)
    assert [reason.code for reason in said.reasons] == ["unknown_channel"]
