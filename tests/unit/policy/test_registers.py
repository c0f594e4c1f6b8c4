"""What the whole ladder makes of reports in every register that people write in; see the two modules of reports."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.events import Location
from tests.builders import accepted
from tests.unit.policy.everyday_reports import REPORTS
from tests.unit.policy.regional_reports import JAVANESE, SUNDANESE
from tindak.policy.backtest import Verdict, decide
from tindak.policy.dry_run import DryRun
from tindak.policy.labelled_reports import LabelledReport

pytestmark = pytest.mark.policy

DRY_RUN = DryRun.of(Path(__file__).parents[3] / "policy")
RIGHT_OR_OFFERED_MIN = 0.9
WRONG_MAX = 0.02


async def outcomes(reports: Sequence[tuple[str, str]]) -> Counter[Verdict]:
    """Return how many reports go to the right agency, are offered to an officer with it, or go astray."""
    known = [(agency, text) for agency, text in reports if agency != "triage"]
    place = Location(kecamatan="Ciputat")
    past = [LabelledReport(accepted(title="", body=text, location=place), agency) for agency, text in known]
    return Counter(one.verdict for one in await decide(DRY_RUN, past))


@pytest.mark.parametrize(
    ("reports", "count_min"),
    [(REPORTS, 145), (JAVANESE, 40), (SUNDANESE, 40), ((*REPORTS, *JAVANESE, *SUNDANESE), 225)],
    ids=["Indonesian, formal and colloquial", "Javanese", "Sundanese", "all"],
)
async def test_nine_of_ten_reports_reach_or_suggest_their_agency_and_few_are_misrouted(
    reports: Sequence[tuple[str, str]], count_min: int
) -> None:
    found = await outcomes(reports)

    assert found.total() >= count_min
    assert found[Verdict.RIGHT] + found[Verdict.OFFERED] >= RIGHT_OR_OFFERED_MIN * found.total()
    assert found[Verdict.WRONG] <= WRONG_MAX * found.total()
