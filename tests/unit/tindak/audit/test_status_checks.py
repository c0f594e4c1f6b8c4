"""The audit finds every ticket of whose state its channel was told something else than the history says."""

from datetime import timedelta
from typing import Any

import pytest

from shared import topics
from shared.ids import part_id
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.tindak.audit.story import OTHER, ROUTED, SEEN, STATUS, WEB, told
from tindak.audit import Check

pytestmark = pytest.mark.unit

PART = part_id(TICKET, 1)
OF_PART = {"ticket_id": PART, "parent": TICKET, "part": 1}


def test_a_ticket_of_which_nothing_was_told_is_found() -> None:
    (finding,) = told(without=WEB).findings(Check.STATUSES)

    assert finding.sentence == f"the channel of ticket {TICKET} was never told where it stands"


@pytest.mark.parametrize(("seconds", "findings"), [(-1, 0), (0, 1)])
def test_a_ticket_that_stood_still_before_the_first_status_of_all_need_not_be_told(seconds: int, findings: int) -> None:
    story = told()
    before = {"ticket_id": OTHER, "at": NOON + timedelta(seconds=seconds)}
    story.publish(topics.TICKETS, ROUTED.model_copy(update=before))

    assert len(story.findings(Check.STATUSES)) == findings


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "answered"}, "says that ticket"),
        ({"version": 7}, "says that ticket"),
        ({"version": 1, "state": "routed"}, "was last told that it is routed"),
        ({"ticket_id": OTHER}, "of which the history knows nothing"),
    ],
    ids=["another state", "a version to come", "an older one", "a ticket that nobody knows"],
)
def test_a_status_that_the_history_does_not_bear_out_is_found(changes: dict[str, Any], words: str) -> None:
    story = told()
    story.publish(WEB, STATUS.model_copy(update=changes), id="another")

    assert words in " ".join(map(str, story.findings(Check.STATUSES)))


def test_a_channel_that_is_told_of_the_ticket_of_another_is_found() -> None:
    story = told()
    story.publish(topics.status_topic("x"), STATUS, id="another")

    (finding,) = story.findings(Check.STATUSES)

    assert finding.sentence == f"tickets.status.x is told of ticket {TICKET}, which came through web"


@pytest.mark.parametrize(("channel", "findings"), [("web", 0), ("x", 1)])
def test_a_part_is_told_of_to_the_channel_of_the_whole(channel: str, findings: int) -> None:
    story = told()
    story.publish(topics.TICKETS, SEEN.model_copy(update=OF_PART | {"version": 1}))
    part = STATUS.model_copy(update=OF_PART | {"version": 1})
    story.publish(topics.status_topic(channel), part)

    assert len(story.findings(Check.STATUSES)) == findings
