import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from services.intake.policy import load_intake
from shared.policy.loading import PolicyInvalid
from shared.policy.retention import Retention, load_retention
from shared.policy.topics import load_topics
from shared.topics import COMMON, LONGEST_DAYS
from tests.fakes.handler_harness import NOON
from tindak.policy.check import check

pytestmark = pytest.mark.policy

SHIPPED = Path(__file__).parents[3] / "policy"
HELD = """version: 1
ended_tickets_days: 520
reports_days: 200
dead_letters_days: 90
applied_ids_days: 520
outsiders_days: 14
"""
TOO_SHORT = "must be at least 520, not 519: so long a repeat may come"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policy"))


def write(policy: Path, *changes: tuple[str, str]) -> None:
    text = HELD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (policy / "retention.yaml").write_text(text)


def test_the_shipped_file_keeps_no_longer_than_it_must_what_names_somebody() -> None:
    assert load_retention(SHIPPED) == Retention(
        ended_tickets=timedelta(days=520), reports=timedelta(days=200), dead_letters=timedelta(days=90),
        applied_ids=timedelta(days=520), outsiders=timedelta(days=14),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "line", "sentence"),
    [
        (("ended_tickets_days: 520", "ended_tickets_days: 519"), 2, f"`ended_tickets_days` {TOO_SHORT}"),
        (("applied_ids_days: 520", "applied_ids_days: 519"), 5, f"`applied_ids_days` {TOO_SHORT}"),
        (("dead_letters_days: 90", "dead_letters_days: 91"), 2, "`ended_tickets_days` must be at least 521"),
        (("reports_days: 200", "reports_days: 371"), 3, "`reports_days` must be at most 370, not 371"),
        (("outsiders_days: 14", "outsiders_days: 31"), 6, "`outsiders_days` must be less than or equal to 30"),
        (("outsiders_days: 14", "outsiders_days: 0"), 6, "`outsiders_days` must be greater than or equal to 1"),
        (
            ("reports_days: 200", "report_days: 200"),
            3,
            "`report_days` is not a known field; did you mean `reports_days`",
        ),
        (("reports_days: 200\n", ""), 1, "`reports_days` is missing"),
    ],
)
def test_a_fault_is_named_by_its_line(policy: Path, change: tuple[str, str], line: int, sentence: str) -> None:
    write(policy, change)

    with pytest.raises(PolicyInvalid) as caught:
        load_retention(policy)

    assert [fault.line for fault in caught.value.faults if fault.sentence.startswith(sentence)] == [line]


def test_intake_must_know_a_report_for_as_long_as_it_may_be_repeated(policy: Path) -> None:
    write(policy, ("reports_days: 200", "reports_days: 180"))

    with pytest.raises(PolicyInvalid) as caught:
        load_intake(policy)

    [fault] = caught.value.faults
    assert (Path(fault.file).name, fault.line) == ("retention.yaml", 3)
    assert fault.sentence.startswith("`reports_days` must be at least 181, not 180")
    write(policy, ("reports_days: 200", "reports_days: 181"))
    assert load_intake(policy)


def test_the_check_of_the_policy_finds_what_is_wrong_with_it(policy: Path) -> None:
    write(
        policy, ("ended_tickets_days: 520", "ended_tickets_days: 5"), ("applied_ids_days: 520", "applied_ids_days: 5")
    )

    assert [fault.line for fault in check(policy).faults if fault.file.endswith("retention.yaml")] == [2, 3, 5]


def test_dead_letters_stay_on_their_topic_for_as_long_as_the_policy_says(policy: Path) -> None:
    write(policy, ("dead_letters_days: 90", "dead_letters_days: 30"))

    kept = {topic.name: topic.retention_days for topic in load_topics(policy)}

    assert {kept[f"{service}.dead-letters"] for service in ("intake", "routing", "sla", "notify")} == {30}


def test_a_ticket_leaves_after_everything_that_any_topic_keeps_of_it() -> None:
    assert max(topic.retention_days or 0 for topic in COMMON) == LONGEST_DAYS == 400


def test_a_ticket_that_has_not_ended_stays() -> None:
    held = load_retention(SHIPPED)

    assert (held.leaves_at(None), held.dropped_at(None)) == (None, None)
    assert held.leaves_at(NOON) == NOON + timedelta(days=520)
    assert held.dropped_at(NOON) == NOON + timedelta(days=550)
