"""What must change so that a broker's topics are as the catalogue says."""

from dataclasses import replace

import pytest

from shared.topics import Topic
from tindak.topics.plan import Configure, Create, Leave, RaisePartitions, Standing, changes

pytestmark = pytest.mark.unit

TICKETS = Topic("tickets.events", ("routing",), ("sla", "notify"), 12, 90)
STANDING = Standing(partitions=12, copies=3, config=TICKETS.config)


def test_a_missing_topic_is_created() -> None:
    assert changes({}, [TICKETS], 3) == [Create("tickets.events", 12, 3, TICKETS.config)]


def test_a_topic_as_planned_is_not_changed() -> None:
    assert changes({"tickets.events": STANDING}, [TICKETS], 3) == []


def test_settings_outside_the_catalogue_are_not_changed() -> None:
    tuned = replace(STANDING, config={**TICKETS.config, "segment.bytes": "1048576"})

    assert changes({"tickets.events": tuned}, [TICKETS], 3) == []


@pytest.mark.parametrize(
    ("partitions", "found"),
    [
        (11, [RaisePartitions("tickets.events", 11, 12)]),
        (12, []),
        (13, [Leave("tickets.events", "it has 13 partitions instead of 12, and none can be removed")]),
    ],
)
def test_partitions_are_raised_and_never_lowered(partitions: int, found: list[object]) -> None:
    standing = {"tickets.events": replace(STANDING, partitions=partitions)}

    assert changes(standing, [TICKETS], 3) == found


def test_an_entry_that_differs_is_set() -> None:
    standing = {"tickets.events": replace(STANDING, config={**TICKETS.config, "retention.ms": "1000"})}

    assert changes(standing, [TICKETS], 3) == [Configure("tickets.events", "retention.ms", "1000", "7776000000")]


def test_another_replication_factor_is_reported_with_the_tool_that_changes_it() -> None:
    (change,) = changes({"tickets.events": STANDING}, [TICKETS], 2)

    assert str(change) == (
        "leave tickets.events as it is: its replication factor is 3 instead of 2; kafka-reassign-partitions changes it"
    )
