import pytest

from shared import topics
from shared.events import NotificationFailed, NotificationSent
from tests.unit.tindak.audit.story import DELIVERY, Story, told
from tindak.audit import Check

pytestmark = pytest.mark.unit


def fail_after_sending(story: Story) -> None:
    failed = NotificationFailed(**DELIVERY, channel="log", attempt=1, error="receipt_failed")
    story.publish(topics.DELIVERIES, failed)


def test_a_delivery_may_go_by_its_next_way_once_a_receipt_said_that_it_did_not_arrive() -> None:
    story = told()
    fail_after_sending(story)
    story.publish(topics.DELIVERIES, NotificationSent(**DELIVERY, channel="email", attempt=1))

    assert story.findings(Check.DELIVERIES) == []


def test_a_delivery_that_went_by_more_ways_than_failed_is_found_out() -> None:
    story = told()
    fail_after_sending(story)
    for channel in ("sms", "email"):
        story.publish(topics.DELIVERIES, NotificationSent(**DELIVERY, channel=channel, attempt=1))

    [finding] = story.findings(Check.DELIVERIES)

    assert "delivery d1 (accepted) ended 3 times" in str(finding)
