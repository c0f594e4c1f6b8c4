import pytest

from services.routing.domain.asking import questions
from services.routing.domain.opinion import Question
from services.routing.domain.state import Awaited, State
from shared.events import ComplaintAccepted, DeclineTicket, Event, ProgressTicket
from tests.builders import TICKET, accepted, event
from tests.unit.routing.desk import POLICY, filed, report

pytestmark = pytest.mark.unit

VAGUE = accepted(title="Min", body="Di sini gelap sekali", category="Penerangan malam")
CLEAR = accepted(title="Lampu jalan mati", body="PJU padam sejak seminggu.")
DECLINE = DeclineTicket(ticket_id=TICKET, reason="Bukan kami")
ABOUT_VAGUE = Question(report(title="Min", body="Di sini gelap sekali"), "Penerangan malam")
ABOUT_CLEAR = Question(report())


def asked(*waiting: tuple[State | None, ComplaintAccepted | DeclineTicket | ProgressTicket]) -> dict[str, Question]:
    told: list[tuple[State | None, Event]] = [(state, event(data)) for state, data in waiting]
    return questions(POLICY, told)


def test_a_report_that_the_rules_leave_open_is_asked_about() -> None:
    assert asked((None, VAGUE)) == {TICKET: ABOUT_VAGUE}


def test_a_report_that_the_rules_decide_is_not() -> None:
    assert asked((None, CLEAR)) == {}


def test_a_category_is_told_by_its_code() -> None:
    doubtful = accepted(title="", body="Ada sampah, banyak sampah dan PLN", category="Penerangan Jalan")

    ((_, question),) = asked((None, doubtful), (None, DECLINE)).items()

    assert question.category == "penerangan_jalan"


def test_a_ticket_that_its_agency_gives_back_is_asked_about() -> None:
    assert asked((filed(), DECLINE)) == {TICKET: ABOUT_CLEAR}


@pytest.mark.parametrize("waiting", [[(None, DECLINE), (None, CLEAR)], [(Awaited(), CLEAR)]])
def test_the_same_is_asked_whichever_of_complaint_and_return_comes_first(
    waiting: list[tuple[State | None, ComplaintAccepted | DeclineTicket | ProgressTicket]],
) -> None:
    assert asked(*waiting) == {TICKET: ABOUT_CLEAR}


def test_nothing_else_is_asked() -> None:
    progress = ProgressTicket(ticket_id=TICKET, note="Dikerjakan")

    assert asked((filed(), progress), (None, progress), (filed(), VAGUE)) == {}
