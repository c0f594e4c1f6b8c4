"""How the answer to an update is printed."""

import json

import pytest

from shared import events as e
from tests.builders import NOON, TICKET, TRACKING, event
from tindak.console import Failure
from tindak.formatting import sentence
from tindak.tickets.lookup import Ticket
from tindak.tickets.updates import print_answer

pytestmark = pytest.mark.unit

UPDATE_ID = "3b9dc0b6-6a3c-5b55-9e0e-0d5a3e3c7f11"
FOUND = Ticket(TICKET, TRACKING, "web")


def answered(code: str) -> e.Event:
    refused = e.UpdateRefused(
        ticket_id=TICKET, tracking_id=TRACKING, state="acknowledged", version=3, at=NOON, update_id=UPDATE_ID,
        update_source="/agencies/dishub", code=code, message_id="Sudah diterima.", message_en="Acknowledged before.",
    )  # fmt: skip
    return event(refused)


def test_what_changes_nothing_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(FOUND, UPDATE_ID, answered("unchanged"), as_json=False)

    assert capsys.readouterr().out == f"{TRACKING}: Sudah diterima. / Acknowledged before.\n"


def test_unchanged_is_reported_to_scripts_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(FOUND, UPDATE_ID, answered("unchanged"), as_json=True)

    assert json.loads(capsys.readouterr().out)["answer"]["code"] == "unchanged"


def test_a_refusal_is_a_failure_in_both_languages() -> None:
    with pytest.raises(Failure, match=r"^Refused \(not_yours\): Sudah diterima\. / Acknowledged before\.$"):
        print_answer(FOUND, UPDATE_ID, answered("not_yours"), as_json=False)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("unchanged", "an update of /agencies/dishub changed nothing: Acknowledged before."),
        ("not_yours", "an update of /agencies/dishub was refused: Acknowledged before. (not_yours)"),
    ],
)
def test_a_story_distinguishes_refused_from_unchanged(code: str, said: str) -> None:
    assert sentence(answered(code).data) == said
