from collections.abc import Callable
from datetime import timedelta

import pytest

from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.documents.document import Document
from shared.delivery.outgoing import Outgoing
from shared.events import (
    BreachEscalated,
    ComplaintRejected,
    NotificationFailed,
    Origin,
    Reason,
    SlaClock,
    TicketUnassigned,
    TriageRequested,
    UpdateRefused,
)
from shared.events.envelope import HEADERS, encode
from tests.builders import TICKET, accepted, event, submitted
from tests.fakes.handler_harness import NOON
from tests.unit.tindak.audit.story import (
    ABOUT,
    BREACHED,
    CLOCK,
    DELIVERY,
    DISHUB,
    FACT,
    MET,
    OTHER,
    ROUTED,
    SEEN,
    STARTED,
    Story,
    told,
)
from tindak.audit import Check

pytestmark = pytest.mark.unit


FROM_WEB = topics.submitted_topic("web")


def test_a_story_in_which_all_is_well_has_no_findings() -> None:
    assert told().findings() == []


def test_repeats_are_fine_everywhere() -> None:
    story = told()
    for record in [record for log in story.broker.logs.values() for record in log]:
        story.broker.append(record.topic, record.key, record.value, record.headers)

    assert story.findings() == []


def refused(**changes: object) -> UpdateRefused:
    """Return the refusal of an update, outside of the counted history."""
    plain = FACT | {
        "state": "unchanged", "version": 0, "update_id": "", "update_source": "/agencies/dishub", "code": "malformed",
        "message_id": "Bukan JSON.", "message_en": "Not JSON.",
    }  # fmt: skip
    return UpdateRefused.model_validate(plain | changes)


def test_two_refusals_that_name_no_update_are_told_apart() -> None:
    story = told()
    for code in ("malformed", "too_long"):
        story.publish(topics.TICKETS, refused(code=code), id=code)
        story.publish(DISHUB, refused(code=code), id=f"{code} to the agency")

    assert story.findings() == []


def test_a_refusal_outside_the_history_may_be_given_once_for_each_copy_of_the_update() -> None:
    story = told()
    for number in range(2):
        copy = refused(update_id="u1", code="not_found", at=NOON + timedelta(seconds=number))
        story.publish(topics.TICKETS, copy)
        story.publish(DISHUB, copy)

    assert story.findings() == []


@pytest.mark.parametrize("names", [{}, {"ticket_id": "", "tracking_id": ""}], ids=["a ticket", "none"])
def test_a_refusal_outside_the_counted_history_stands_on_the_senders_topic_alone(names: dict[str, str]) -> None:
    story = told()
    story.publish(DISHUB, refused(**names))

    assert story.findings() == []


def refused_to_the_agency_alone(story: Story) -> None:
    story.publish(DISHUB, refused(version=4))


def refused_in_the_history_alone(story: Story) -> None:
    story.publish(topics.TICKETS, refused(version=4, by={"role": "channel", "code": "web"}))


def refusal(partition: int, offset: int) -> ComplaintRejected:
    reason = Reason(code="empty", message_id="Kosong.", message_en="Empty.")
    return ComplaintRejected(reasons=(reason,), origin=Origin(partition=partition, offset=offset, sha256=""))


def unanswered(story: Story) -> None:
    story.broker.append(FROM_WEB, b"2", encode(event(submitted(source_id="2"))), HEADERS)


def answered_twice(story: Story) -> None:
    (record,) = story.broker.topic(FROM_WEB)
    story.publish(topics.answers_topic("web"), refusal(record.partition, record.offset))


def rejected_twice(story: Story) -> None:
    record = story.broker.append(FROM_WEB, b"x", b"no JSON", ())
    story.publish(topics.answers_topic("web"), refusal(record.partition, record.offset), id="1")
    story.publish(topics.answers_topic("web"), refusal(record.partition, record.offset), id="2")


def garbage_without_answer(story: Story) -> None:
    story.broker.append(FROM_WEB, b"x", b"no JSON", ())


def accepted_twice(story: Story) -> None:
    story.publish(topics.ACCEPTED, accepted(), id="another", cause="another")


def came_from_nowhere(story: Story) -> None:
    story.publish(topics.TICKETS, ROUTED.model_copy(update={"ticket_id": OTHER}))


def two_contents(story: Story) -> None:
    story.publish(topics.SLA, MET.model_copy(update={"lateness_seconds": 1}), id=f"{topics.SLA}/{MET.TYPE}")


def no_event(story: Story) -> None:
    story.broker.append(topics.SLA, b"x", b"{}", ())


def a_gap(story: Story) -> None:
    story.publish(topics.TICKETS, SEEN.model_copy(update={"version": 4, "agency": "dlh"}))


def a_version_twice(story: Story) -> None:
    story.publish(topics.TICKETS, SEEN, id="another")


def out_of_order(story: Story) -> None:
    log = story.broker.logs[topics.TICKETS, story.broker.topic(topics.TICKETS)[0].partition]
    log.reverse()


def not_told_to_the_agency(story: Story) -> None:
    story.publish(topics.TICKETS, SEEN.model_copy(update={"version": 3}))


def not_told_to_officers(story: Story) -> None:
    story.publish(topics.TICKETS, TriageRequested(**ABOUT | {"version": 3}, reason="no_rule"))


def told_to_the_agency_alone(story: Story) -> None:
    story.publish(DISHUB, SEEN.model_copy(update={"note": "another"}))


def taken_from_the_agency_for_nothing(story: Story) -> None:
    story.publish(DISHUB, TicketUnassigned(**FACT | {"version": 2}, agency="dishub", reason="routed_elsewhere"))


def a_clock_told_to_the_agency_alone(story: Story) -> None:
    story.publish(DISHUB, BREACHED.model_copy(update={"level": 2}))


def told_to_routing_alone(story: Story) -> None:
    story.publish(topics.FOR_ROUTING, MET, id="another")


def not_told_to_routing(story: Story) -> None:
    story.publish(topics.SLA, STARTED.model_copy(update={"clock": SlaClock.RESOLVE}), id="1")
    story.publish(topics.FOR_ROUTING, STARTED.model_copy(update={"clock": SlaClock.RESOLVE}), id="1")
    story.publish(topics.SLA, MET.model_copy(update={"clock": SlaClock.RESOLVE}), id="2")


def breached_twice(story: Story) -> None:
    story.publish(topics.BREACHES, BREACHED, id="another")


def escalated_for_nothing(story: Story) -> None:
    story.publish(topics.BREACHES, BreachEscalated(**CLOCK, breach_id="b2", level=2, responsible="mayor", at=NOON))


def a_delivery_ended_twice(story: Story) -> None:
    story.publish(topics.DELIVERIES, NotificationFailed(**DELIVERY, channel="log", attempt=2, error="550"))


def a_dead_letter(story: Story) -> None:
    record = story.broker.append(topics.UPDATES, b"x", b"no JSON", ())
    letter = dead_letter("routing", record, "malformed", "Not JSON", NOON)
    story.broker.append(letter.topic, b"x", letter.value, letter.headers)


def unpublished(story: Story) -> None:
    story.documents["notify"] = [Document(TICKET, pending=(Outgoing("1", topics.DELIVERIES, None, b""),))]


def due(story: Story) -> None:
    story.documents["notify"] = [Document(TICKET, due_at=NOON)]


def an_endless_clock(story: Story) -> None:
    story.publish(topics.SLA, STARTED.model_copy(update={"round": 2}))


@pytest.mark.parametrize(
    ("spoil", "check", "words"),
    [
        (unanswered, Check.ANSWERS, "(web/2) got no answer"),
        (garbage_without_answer, Check.ANSWERS, "got no answer"),
        (answered_twice, Check.ANSWERS, "(web/1) was accepted and rejected"),
        (rejected_twice, Check.ANSWERS, "was rejected 2 times: 1, 2"),
        (accepted_twice, Check.ANSWERS, "web/1 was accepted 2 times"),
        (came_from_nowhere, Check.STAGES, f"ticket {OTHER} should be routed or put to triage never and was 1 times"),
        (two_contents, Check.CONTENTS, "has 2 contents"),
        (no_event, Check.CONTENTS, "is no event: b'{}'"),
        (a_gap, Check.VERSIONS, "have the versions [1, 2, 4]"),
        (a_version_twice, Check.VERSIONS, "have the versions [1, 2, 2]"),
        (out_of_order, Check.VERSIONS, "have the versions [2, 1]"),
        (not_told_to_the_agency, Check.MIRRORS, "version 3) did not reach tickets.routed.dishub"),
        (not_told_to_officers, Check.MIRRORS, "version 3) did not reach tickets.triage"),
        (told_to_the_agency_alone, Check.MIRRORS, "mirrors nothing"),
        (taken_from_the_agency_for_nothing, Check.MIRRORS, "mirrors nothing"),
        (refused_to_the_agency_alone, Check.MIRRORS, "mirrors nothing"),
        (refused_in_the_history_alone, Check.MIRRORS, "did not reach tickets.status.web"),
        (a_clock_told_to_the_agency_alone, Check.MIRRORS, "mirrors nothing"),
        (told_to_routing_alone, Check.COPIES, "was told to routing alone"),
        (not_told_to_routing, Check.COPIES, "did not reach sla.for_routing"),
        (breached_twice, Check.BREACHES, "breached 2 times in round 1"),
        (escalated_for_nothing, Check.BREACHES, "is about the breach b2, which nobody told"),
        (a_delivery_ended_twice, Check.DELIVERIES, "delivery d1 (accepted) ended 2 times"),
        (a_dead_letter, Check.DEAD_LETTERS, "tickets.updates/1/0 is among the dead letters"),
        (unpublished, Check.PUBLISHED, "notify has not published"),
        (due, Check.SETTLED, "notify has still to look at"),
        (an_endless_clock, Check.SETTLED, "round 2, never ended"),
    ],
)
def test_each_spoiled_story_is_found_out(spoil: Callable[[Story], None], check: Check, words: str) -> None:
    story = told()
    spoil(story)

    (finding,) = story.findings(check)

    assert finding.check is check
    assert words in str(finding)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (topics.TICKETS, "should be routed or put to triage once and was 0 times"),
        (topics.CONTACTS, "should be given a sealed contact once and was 0 times"),
        (topics.SLA, "should be given its verify clock once and was 0 times"),
    ],
)
def test_a_stage_that_was_left_out_is_found(missing: str, words: str) -> None:
    (finding,) = told(without=missing).findings(Check.STAGES)

    assert str(finding) == f"[stages] ticket {TICKET} {words}"


@pytest.mark.parametrize("without", [topics.CONTACTS, ""])
def test_contacts_are_not_judged_where_the_submission_is_not_at_hand(without: str) -> None:
    """It may have expired before what followed from it, or lie on a topic of an earlier release."""
    story = told(without=without)
    story.broker.logs = {place: [] if place[0] == FROM_WEB else log for place, log in story.broker.logs.items()}

    assert story.findings(Check.STAGES) == []


def test_expected_dead_letters_are_fine_and_missing_ones_are_not() -> None:
    story = told()
    a_dead_letter(story)
    (record,) = story.broker.topic(topics.UPDATES)
    planted = (record.topic, record.partition, record.offset)

    findings = story.findings(Check.DEAD_LETTERS, dead_letters=(planted, (topics.SLA, 0, 9)))

    assert [str(finding) for finding in findings] == ["[dead_letters] sla.events/0/9 should be among the dead letters"]


def test_a_submission_that_is_a_dead_letter_is_answered_by_that() -> None:
    story = told()
    record = story.broker.append(FROM_WEB, b"x", b"no JSON", ())
    letter = dead_letter("intake", record, "bug", "ZeroDivisionError", NOON)
    story.broker.append(letter.topic, b"x", letter.value, letter.headers)

    assert story.findings(Check.ANSWERS) == []
