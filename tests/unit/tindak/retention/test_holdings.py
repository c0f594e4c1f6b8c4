from pathlib import Path

import pytest

from shared.adapters.mongo.client import COLLECTION
from shared.policy.retention import load_retention
from shared.policy.topics import load_topics
from shared.topics import FAMILIES, SERVICES, family_of
from tindak.retention.holdings import TOPICS, Form, of_collections, of_topic

pytestmark = pytest.mark.unit

POLICY = Path(__file__).parents[4] / "policy"
RETENTION = load_retention(POLICY)
CITY = load_topics(POLICY)


@pytest.mark.parametrize("topic", CITY, ids=lambda topic: topic.name)
def test_of_every_topic_it_is_said_what_it_holds_of_people_and_how_long(topic: object) -> None:
    held = of_topic(topic, RETENTION)  # type: ignore[arg-type]

    assert held.what
    assert "days" in held.kept or held.kept.startswith("until the reporter is erased")


def test_nothing_is_said_of_a_topic_that_is_gone() -> None:
    assert TOPICS.keys() == {family_of(topic.name) for topic in CITY} - {
        f"{service}.{own}" for service in SERVICES for own in ("dead-letters", "replays")
    }


def test_what_outsiders_write_and_what_could_not_be_handled_is_all_that_lies_in_plain() -> None:
    plain = {family_of(topic.name) for topic in CITY if of_topic(topic, RETENTION).form is Form.PLAIN}

    own = {f"{service}.{own}" for service in SERVICES for own in ("dead-letters", "replays")}
    assert plain == own | {"complaints.submitted", "tickets.updates"}
    assert plain - own <= set(FAMILIES)


def test_every_service_has_its_collection_in_it() -> None:
    assert {(service, COLLECTION) for service in SERVICES} <= of_collections(RETENTION).keys()
