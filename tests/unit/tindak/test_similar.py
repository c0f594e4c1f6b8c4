"""What an officer sees of similar reports before he merges a ticket into one of them."""

from datetime import timedelta
from typing import Any

import pytest

from shared import events as e
from shared.ids import tracking_id
from tests.builders import NOON, TICKET, TRACKING, accepted, event, ticket_id
from tests.unit.tindak.test_formatting import routed
from tindak.cli import main
from tindak.formatting import sentence
from tindak.tickets import officer
from tindak.tickets.lookup import Ticket
from tindak.tickets.projection import project
from tindak.tickets.similar import Similar, similar_to
from tindak.tickets.track import lines

pytestmark = pytest.mark.unit

OTHER = ticket_id("web", "other")
OTHER_TRACKING = tracking_id(OTHER)
LISTED = (e.SimilarTicket(tracking_id=OTHER_TRACKING, score=0.417),)


def story(*data: e.EventData) -> list[e.Event]:
    return [event(each, at=NOON + timedelta(seconds=second)) for second, each in enumerate(data)]


STORY = story(
    accepted(ticket_id=OTHER, tracking_id=OTHER_TRACKING, title="Lampu padam"),
    routed().model_copy(update={"ticket_id": OTHER, "tracking_id": OTHER_TRACKING}),
    accepted(),
    routed().model_copy(update={"similar": LISTED}),
)


def test_a_similar_ticket_is_shown_as_it_is_now_under_its_number() -> None:
    (found,) = similar_to(TICKET, STORY)

    assert found.line(1) == f'1  {OTHER_TRACKING}  0.42  routed, with dishub: "Lampu padam"'
    assert found.summary() == {
        "tracking_id": OTHER_TRACKING, "score": 0.417, "state": "routed", "agency": "dishub",
    }  # fmt: skip


def test_a_similar_ticket_that_the_topics_hold_no_longer_is_still_listed() -> None:
    (found,) = similar_to(TICKET, STORY[2:])

    assert found.line(1) == f"1  {OTHER_TRACKING}  0.42  not routed yet, with nobody"


def test_track_shows_the_similar_reports() -> None:
    told = project(STORY[2:])

    assert f"  similar   1  {OTHER_TRACKING}  0.42" in lines(Ticket(TICKET, TRACKING, "web"), told)


def test_the_line_of_a_triage_request_names_the_similar_reports() -> None:
    asked = e.TriageRequested(
        ticket_id=TICKET, tracking_id=TRACKING, state="in_triage", version=1, at=NOON, reason="no_evidence",
        classification="complaint", similar=LISTED, accepted_at=NOON, submitted_at=NOON,
    )  # fmt: skip

    assert sentence(asked) == f"waits for an officer: no_evidence (similar: {OTHER_TRACKING} 0.42)"


class Asking:
    """Stands where topics would be read and an update would be published."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[Any] = []
        monkeypatch.setattr(officer, "send", lambda asked, *_: self.asked.append(asked))
        monkeypatch.setattr("tindak.tickets.similar._read", self.read)

    async def read(self, *_: Any) -> tuple[str, list[Similar]]:
        return TRACKING, similar_to(TICKET, STORY)


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Asking:
    return Asking(monkeypatch)


@pytest.mark.parametrize(("typed", "into"), [("1", OTHER_TRACKING), (OTHER, OTHER), (OTHER_TRACKING, OTHER_TRACKING)])
def test_merge_takes_a_number_or_an_id(asking: Asking, typed: str, into: str) -> None:
    assert main(["officer", "merge", TRACKING, "--into", typed]) == 0

    assert [asked.tickets for asked in asking.asked] == [{"into": into}]


def test_merge_into_a_number_that_is_not_listed_fails(asking: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["officer", "merge", TRACKING, "--into", "2"]) == 1

    assert "--show" in capsys.readouterr().err
    assert asking.asked == []


def test_merge_shows_what_is_similar_and_asks_nothing(asking: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["officer", "merge", TRACKING, "--show"]) == 0

    shown = capsys.readouterr().out
    assert OTHER_TRACKING in shown
    assert "--into 1" in shown
    assert asking.asked == []


def test_merge_without_a_target_is_wrong_usage(asking: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["officer", "merge", TRACKING]) == 2

    assert "--show" in capsys.readouterr().err
    assert asking.asked == []
