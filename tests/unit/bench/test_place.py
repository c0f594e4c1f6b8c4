"""What a service reads is what it subscribes to, not all that it may read."""

import pytest

from bench.whole.place import as_they_are_read
from shared import topics
from shared.topics import Topic

pytestmark = pytest.mark.unit


def test_who_may_read_and_does_not_is_not_waited_for() -> None:
    (read,) = as_they_are_read([Topic(topics.TICKETS, ("routing",), ("intake", "sla", "notify", "board"), 3, 90)])

    assert set(read.read_by) == {"sla", "notify", "board"}


def test_a_topic_of_a_family_is_read_by_who_hears_the_family() -> None:
    (read,) = as_they_are_read([Topic(topics.updates_topic("officers"), ("officers",), ("routing",), 1, 30)])

    assert read.read_by == ("routing",)
