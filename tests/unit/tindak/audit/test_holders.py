import pytest

from shared import topics
from shared.events import TicketFact, TriageRequested, UpdateRefused
from tests.unit.tindak.audit.story import ABOUT, FACT, SEEN, told
from tindak.audit import Check

pytestmark = pytest.mark.unit

WORDS = {"update_id": "u", "update_source": "/officers/7", "code": "x", "message_id": "x", "message_en": "x"}


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (SEEN.model_copy(update={"version": 3, "agency": "dlh"}), "names dlh; dishub has it"),
        (SEEN.model_copy(update={"version": 3, "agency": None}), "names no agency; dishub has it"),
        (
            TriageRequested(**ABOUT | {"version": 3, "state": "in_triage"}, agency="dishub", reason="x"),
            "names dishub; none has it",
        ),
    ],
    ids=["no routing gave it to that agency", "nobody is at work", "triage is with nobody"],
)
def test_a_fact_that_names_another_agency_than_the_one_that_has_the_ticket_is_found(
    fact: TicketFact, words: str
) -> None:
    story = told()
    story.publish(topics.TICKETS, fact, id="another")

    (finding,) = story.findings(Check.HOLDERS)

    assert words in str(finding)


def test_a_refusal_of_release_0_1_0_need_not_say_who_has_the_ticket() -> None:
    story = told()
    for version, agency in ((3, None), (4, "dishub")):
        refused = UpdateRefused(**FACT | WORDS | {"version": version}, agency=agency)
        story.publish(topics.TICKETS, refused, id=str(version))

    assert story.findings(Check.HOLDERS, Check.MIRRORS) == []
