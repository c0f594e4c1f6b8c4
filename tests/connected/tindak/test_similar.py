"""Merging by the number of a similar report, against a broker."""

import pytest

from shared import events as e
from shared import topics
from shared.events.envelope import decode
from shared.ids import tracking_id
from tests.builders import TICKET, TRACKING, accepted, ticket_id
from tests.connected.tindak.test_commands import environment, read, run, said, write
from tests.servers.addresses import Namespace
from tests.unit.tindak.test_formatting import routed

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies]

__all__ = ["environment"]  # a fixture, for every test here


def test_an_officer_merges_into_a_similar_report_by_its_number(
    namespace: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    other = ticket_id("web", "other")
    named = tracking_id(other)
    listed = (e.SimilarTicket(tracking_id=named, score=0.4),)
    write(
        namespace,
        said(topics.ACCEPTED, accepted()),
        said(topics.ACCEPTED, accepted(ticket_id=other, tracking_id=named, title="Lampu padam")),
        said(topics.TICKETS, routed().model_copy(update={"similar": listed})),
    )

    shown = run(capsys, "officer", "merge", TRACKING, "--show")
    run(capsys, "officer", "merge", TRACKING, "--into", "1")

    assert f'1  {named}  0.40  not routed yet, with nobody: "Lampu padam"' in shown
    (record,) = read(namespace, topics.updates_topic(topics.OFFICERS))
    asked = decode(record.value, dict(record.headers), from_outside=True)
    assert asked.data == e.MergeTicket(ticket_id=TICKET, into=other)
