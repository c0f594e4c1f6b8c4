"""What is no report is answered as what it is, on its channel's topic and in both languages, and makes no ticket."""

import pytest

from services.intake.handlers import IntakeHandler
from services.intake.policy import load_intake
from shared import topics
from shared.process import metrics
from tests.builders import IDS
from tests.component.intake.harness import SEALER, ServiceHarness
from tests.conftest import POLICY
from tests.unit.intake.city import rules

pytestmark = pytest.mark.component

ID = "K7QF-9D2MX-4Q"
RULES = rules(non_reports=load_intake(POLICY).non_reports)
REPORTER = {"email": "siti@example.org"}


def channels() -> ServiceHarness:
    return ServiceHarness(handler=IntakeHandler(RULES, IDS, SEALER))


@pytest.mark.parametrize("channel", ["web", "whatsapp", "sms_1708"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (f"Bagaimana kelanjutan laporan {ID}?", "status_question"),
        (f"Laporan saya {ID} ditutup padahal belum diperbaiki", "dispute_of_closed"),
        (f"STOP {ID}", "opt_out"),
        (f"LANJUTKAN {ID}", "opt_in"),
        (f"terima kasih min {ID}, mantap", "thanks"),
    ],
)
async def test_the_channel_is_told_in_both_languages_what_it_was_taken_for(channel: str, body: str, code: str) -> None:
    harness = channels()
    harness.submit(channel=channel, source_id="628-1", title=None, location=None, body=body, reporter=REPORTER)

    await harness.work()

    (answer,) = harness.published(topics.answers_topic(channel))
    (refused,) = harness.rejected()
    (reason,) = refused.reasons
    assert (answer.key, answer.type) == ("628-1", "tindak.complaint.rejected.v1")
    assert (refused.channel, refused.source_id) == (channel, "628-1")
    assert (reason.code, reason.field) == (code, "body")
    assert ID in reason.message_id
    assert ID in reason.message_en
    assert reason.message_id.endswith("tulis apa yang terjadi dan di mana.")
    assert reason.message_en.endswith("write what happened and where.")


async def test_it_makes_no_ticket_and_keeps_nobodys_contact() -> None:
    harness = channels()
    harness.submit(title=None, location=None, body="terima kasih min", reporter=REPORTER)

    await harness.work()

    assert harness.accepted() == []
    assert harness.contacts() == []
    assert harness.store.documents == {}


async def test_advertising_is_spam_and_a_victim_of_it_is_heard() -> None:
    harness = channels()
    harness.submit(source_id="1", title=None, body="slot gacor maxwin daftar wa 081234567890", location=None)
    harness.submit(source_id="2", title=None, body="Saya ditipu pinjaman online, diteror debt collector", location=None)

    await harness.work()

    assert harness.refusals() == [["spam"]]
    assert [report.source_id for report in harness.accepted()] == ["2"]


async def test_a_repeat_under_the_same_source_id_gets_the_same_answer() -> None:
    harness = channels()
    for _ in range(2):
        harness.submit(title=None, location=None, body="STOP")
        await harness.work()

    first, again = harness.rejected()
    assert first.reasons == again.reasons
    assert (first.source_id, again.source_id) == ("1", "1")


async def test_what_was_no_report_may_be_written_anew_under_the_same_source_id() -> None:
    harness = channels()
    harness.submit(title=None, location=None, body="terima kasih min")
    harness.submit(title=None, location=None, body="Terima kasih, lampu jalan mati di Rempoa")

    await harness.work()

    assert harness.refusals() == [["thanks"]]
    assert [report.body for report in harness.accepted()] == ["Terima kasih, lampu jalan mati di Rempoa"]


async def test_each_kind_is_counted_under_its_channel() -> None:
    counted = metrics.COMPLAINTS.labels("web", "thanks")
    before = counted._value.get()
    harness = channels()
    harness.submit(title=None, location=None, body="terima kasih min")

    await harness.work()

    assert counted._value.get() == before + 1
