"""The audit tells what became of a report by what was said of it, since it cannot compute ids."""

import pytest

from shared import topics
from shared.events import ComplaintRejected, Origin, Reason
from shared.events.envelope import HEADERS, encode
from tests.builders import TICKET, accepted, event, submitted, ticket_id
from tests.unit.tindak.audit.story import OTHER, SUBMITTED, Story, told
from tindak.audit import Check

pytestmark = pytest.mark.unit


def test_an_answer_counts_though_it_masks_a_source_id_that_is_a_telephone_number() -> None:
    ticket = ticket_id("sms_1708", "6281234567890-1")
    story = Story()
    submission = event(submitted(channel="sms_1708", source_id="6281234567890-1"))
    story.broker.append(topics.submitted_topic("sms_1708"), b"any", encode(submission), HEADERS)
    story.publish(
        topics.ACCEPTED, accepted(channel="sms_1708", source_id="[telepon]-1", ticket_id=ticket), cause=submission.id
    )

    assert story.findings(Check.ANSWERS) == []


def test_what_was_submitted_before_a_topic_was_cut_is_not_missed() -> None:
    story = told()
    kept = encode(event(submitted(source_id="2")))
    story.broker.logs[topics.submitted_topic("web"), 0] = []
    assert story.findings() == []

    story.broker.append(topics.submitted_topic("web"), b"2", kept, HEADERS)
    assert [str(found) for found in story.findings()] == [
        "[answers] complaints.submitted.web/0/0 (web/2) got no answer",
    ]


def test_a_report_of_which_two_tickets_were_made_is_found() -> None:
    story = told()
    story.publish(topics.ACCEPTED, accepted(ticket_id=OTHER), cause=SUBMITTED.id)

    (finding,) = story.findings(Check.ANSWERS)

    assert str(finding) == f"[answers] web/1 became 2 tickets: {', '.join(sorted((TICKET, OTHER)))}"


def test_two_reports_under_one_event_id_are_no_second_ticket_of_each_other() -> None:
    story = Story()
    for number, ticket in (("6281234567890", TICKET), ("6281234567891", OTHER)):
        said = event(submitted(channel="sms_1708", source_id=number), id=SUBMITTED.id)
        story.broker.append(topics.submitted_topic("sms_1708"), b"any", encode(said), HEADERS)
        answer = accepted(channel="sms_1708", source_id="[telepon]", ticket_id=ticket)
        story.publish(topics.ACCEPTED, answer, id=ticket, cause=SUBMITTED.id)

    assert story.findings(Check.ANSWERS) == []


def test_what_is_refused_as_erased_contradicts_no_earlier_answer() -> None:
    story = told()
    contradicts = "[answers] complaints.submitted.web/0/0 (web/1) was accepted and rejected"
    for code, found in (("erased", []), ("spam", [contradicts])):
        reason = Reason(code=code, message_id="Ditolak.", message_en="Refused.")
        origin = Origin(partition=0, offset=0, sha256="")
        story.publish(topics.answers_topic("web"), ComplaintRejected(channel="web", reasons=(reason,), origin=origin))

        assert [str(one) for one in story.findings(Check.ANSWERS)] == found
