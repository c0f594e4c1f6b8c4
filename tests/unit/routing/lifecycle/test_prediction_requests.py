import pytest

from services.routing.domain.agency_choice.prediction import Question
from services.routing.domain.lifecycle.opening import questions
from services.routing.domain.ticket.state import Awaited, State
from shared.events import ComplaintAccepted, DeclineTicket, Event, ProgressTicket
from tests.builders import TICKET, accepted, event
from tests.unit.routing.samples import POLICY, filed, report

pytestmark = pytest.mark.unit

VAGUE = accepted(title="Min", body="Di sini gelap sekali", category="Penerangan malam")
CLEAR = accepted(title="Lampu jalan mati", body="PJU padam sejak seminggu.")
DECLINE = DeclineTicket(ticket_id=TICKET, reason="Bukan kami")
ABOUT_VAGUE = Question(report(title="Min", body="Di sini gelap sekali"), "Penerangan malam")
ABOUT_CLEAR = Question(report())


def asked(*waiting: tuple[State | None, ComplaintAccepted | DeclineTicket | ProgressTicket]) -> dict[str, Question]:
    told: list[tuple[State | None, Event]] = [(state, event(data)) for state, data in waiting]
    return questions(POLICY, told)


@pytest.mark.parametrize(("complaint", "about"), [(VAGUE, ABOUT_VAGUE), (CLEAR, ABOUT_CLEAR)])
@pytest.mark.parametrize("state", [None, Awaited()])
def test_a_new_report_is_asked_about(state: State | None, complaint: ComplaintAccepted, about: Question) -> None:
    assert asked((state, complaint)) == {TICKET: about}


def test_a_category_is_named_by_its_code() -> None:
    ((_, question),) = asked((None, accepted(category="Penerangan Jalan"))).items()

    assert question.category == "penerangan_jalan"


def test_a_ticket_that_its_agency_gives_back_is_asked_about() -> None:
    assert asked((filed(), DECLINE)) == {TICKET: ABOUT_CLEAR}


def test_the_same_is_asked_whichever_of_complaint_and_return_comes_first() -> None:
    assert asked((None, DECLINE), (None, CLEAR)) == asked((None, CLEAR), (filed(), DECLINE)) == {TICKET: ABOUT_CLEAR}


def test_nothing_else_is_asked() -> None:
    progress = ProgressTicket(ticket_id=TICKET, note="Dikerjakan")

    assert asked((filed(), progress), (None, progress), (filed(), VAGUE)) == {}
