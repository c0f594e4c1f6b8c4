import shutil
from pathlib import Path

import pytest

from shared.policy.loading import PolicyInvalid
from shared.policy.topics import load_partitions, load_topics
from shared.topics import OF_EVERY_TICKET
from tindak.policy.check import check

pytestmark = pytest.mark.policy

SHIPPED = Path(__file__).parents[3] / "policy"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policy"))


def partitions_of(policy: Path) -> dict[str, int]:
    return {topic.name: topic.partitions for topic in load_topics(policy)}


def test_a_topic_of_ours_has_three_partitions_by_default(policy: Path) -> None:
    shipped = partitions_of(policy)
    (policy / "topics.yaml").unlink()

    assert {shipped[name] for name in OF_EVERY_TICKET} == {3}
    assert partitions_of(policy) == shipped


def test_the_file_says_more_of_all_that_carry_every_ticket_and_of_single_topics(policy: Path) -> None:
    before = partitions_of(policy)
    (policy / "topics.yaml").write_text(
        "version: 1\npartitions: 12\ntopics:\n  - {topic: tickets.links, partitions: 6}\n"
        "  - {topic: sla.breaches, partitions: 5}\n  - {topic: tickets.routed, partitions: 1}\n"
        "  - {topic: notify.dead-letters, partitions: 1}\n"
    )

    raised = dict.fromkeys(OF_EVERY_TICKET, 12) | {"tickets.links": 6, "sla.breaches": 5, "notify.dead-letters": 1}
    agencies = {name: 1 for name in before if name.startswith("tickets.routed.")}
    assert len(agencies) > 30
    assert partitions_of(policy) == before | raised | agencies


@pytest.mark.parametrize(
    ("lines", "line", "sentence"),
    [
        ("partition: 3", 2, "`partition` is not a known field; did you mean `partitions`?"),
        ("partitions: 0", 2, "`partitions` must be greater than or equal to 1, not `0`"),
        ("partitions: 101", 2, "`partitions` must be less than or equal to 100, not `101`"),
        (
            "topics:\n  - {topic: ticket.events, partitions: 6}",
            3,
            "topic `ticket.events` is not in the catalogue; did you mean `tickets.events`?",
        ),
        (
            "topics:\n  - {topic: sla.events, partitions: 6}\n  - {topic: sla.events, partitions: 7}",
            4,
            "the topic `sla.events` is given twice, first on line 3",
        ),
        (
            "topics:\n  - {topic: complaints.submitted.web, partitions: 6}",
            3,
            "the partitions of `complaints.submitted.web` stand in channels.yaml",
        ),
        (
            "topics:\n  - {topic: tickets.updates.agency-dlh, partitions: 6}",
            3,
            "the partitions of `tickets.updates.agency-dlh` stand in agencies.yaml and channels.yaml",
        ),
        (
            "topics:\n  - {topic: tickets.routed.dlh, partitions: 6}",
            3,
            "`tickets.routed` stands for the topics of all agencies; `tickets.routed.dlh` alone cannot be named",
        ),
    ],
)
def test_a_fault_has_its_place_and_the_check_finds_it(policy: Path, lines: str, line: int, sentence: str) -> None:
    (policy / "topics.yaml").write_text(f"version: 1\n{lines}\n")

    with pytest.raises(PolicyInvalid) as refused:
        load_partitions(policy)

    (fault,) = refused.value.faults
    assert (Path(fault.file).name, fault.line, fault.sentence) == ("topics.yaml", line, sentence)
    assert fault in check(policy).faults
