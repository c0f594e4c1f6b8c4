"""What is no report is recognised, and no report is taken for anything else: one that is refused is lost."""

import csv
import json
from datetime import date
from typing import Any

import pytest

from services.intake.domain.non_report_answers import reason_for
from services.intake.domain.non_reports import NonReport, NonReportRule, NonReportRules, Recognised
from services.intake.domain.refusals import recognised_in, refusal_reasons
from services.intake.policy import load_intake
from shared.events import ComplaintSubmitted
from shared.text import folded_text
from tests.builders import submitted
from tests.conftest import POLICY
from tests.fakes.handler_harness import NOON
from tests.unit.intake.non_report_texts import NON_REPORTS
from tests.unit.intake.report_texts import REPORTS
from tests.unit.policy.everyday_reports import REPORTS as EVERYDAY

pytestmark = pytest.mark.unit

SHIPPED = load_intake(POLICY)
ID = "K7QF-9D2MX-4Q"
WITH_IDS = [(kind, text) for kind, texts in NON_REPORTS.items() for text in texts if ID in text]
THANKS = NonReportRules(
    lists={("terima", "kasih"): frozenset({"thanks"}), ("min",): frozenset({"whom"})},
    rules=(NonReportRule("grateful", NonReport.THANKS, ("thanks",), ("whom",)),),
    characters_max=16,
    words_max=3,
)


def recognised(text: str, rules: NonReportRules = SHIPPED.non_reports) -> Recognised | None:
    return rules.recognise(folded_text(text))


def kind_of(text: str) -> NonReport | None:
    found = recognised(text)
    return found.kind if found else None


def report(body: str, **changes: Any) -> ComplaintSubmitted:
    return submitted(**{"title": None, "location": None, "body": body, **changes})


def codes(submission: ComplaintSubmitted) -> list[str]:
    return [reason.code for reason in refusal_reasons(submission, NOON, SHIPPED)]


@pytest.mark.parametrize("kind", NonReport)
def test_nine_of_ten_texts_of_a_kind_are_recognised_but_for_advertising(kind: NonReport) -> None:
    texts = NON_REPORTS[kind]
    least = 0.8 if kind is NonReport.SPAM else 0.9

    assert sum(kind_of(text) is kind for text in texts) >= least * len(texts)


def test_nine_of_ten_texts_of_all_kinds_are_recognised() -> None:
    found = [kind_of(text) is kind for kind, texts in NON_REPORTS.items() for text in texts]

    assert len(found) >= 150
    assert sum(found) >= 0.9 * len(found)


@pytest.mark.parametrize("kind", NonReport)
def test_no_text_is_taken_for_another_kind(kind: NonReport) -> None:
    assert {kind_of(text) for text in NON_REPORTS[kind]} <= {kind, None}


def test_no_report_that_looks_like_none_is_lost() -> None:
    assert len(set(REPORTS)) >= 100
    assert [text for text in REPORTS if codes(report(text))] == []


def test_no_report_of_the_training_set_is_lost() -> None:
    with (POLICY / "training" / "tangsel.csv").open(encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]

    assert len(texts) == 4_000
    assert [text for text in texts if recognised(text)] == []


def test_no_report_of_the_demonstration_is_lost() -> None:
    lines = (POLICY.parent / "tindak" / "demo_story" / "complaints.jsonl").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]

    assert told
    assert [one for one in told if recognised(f"{one.get('title') or ''}\n{one['body']}")] == []


def test_of_everyday_texts_that_reach_triage_only_thanks_are_no_report() -> None:
    assert [text for _, text in EVERYDAY if recognised(text)] == ["Terima kasih atas pelayanannya"]


@pytest.mark.parametrize(("kind", "text"), WITH_IDS)
def test_an_id_is_told_in_both_languages_with_what_to_do(kind: NonReport, text: str) -> None:
    (reason,) = refusal_reasons(report(text), NOON, SHIPPED)

    assert (reason.code, reason.field) == (kind.value, "body")
    assert ID in reason.message_id
    assert "laporan" in reason.message_id
    assert ID in reason.message_en
    assert "report" in reason.message_en


@pytest.mark.parametrize("ids", [(), (ID,)])
@pytest.mark.parametrize("kind", NonReport)
def test_every_answer_says_how_to_make_a_report_of_it(kind: NonReport, ids: tuple[str, ...]) -> None:
    reason = reason_for(Recognised(kind, "rule", ids))

    assert reason.message_id.endswith("tulis apa yang terjadi dan di mana.")
    assert reason.message_en.endswith("write what happened and where.")
    assert "{" not in reason.message_id + reason.message_en


@pytest.mark.parametrize(
    "written", [ID, "k7qf-9d2mx-4q", "K7QF9D2MX4Q", "k7qf 9d2mx 4q", f"#{ID}", f"{ID}/2", f"({ID})"]
)
def test_an_id_is_understood_in_any_spelling(written: str) -> None:
    found = recognised(f"bagaimana laporan {written}?")

    assert found == Recognised(NonReport.STATUS_QUESTION, "how-it-stands", (ID,))


@pytest.mark.parametrize("text", ["SEZK-FNERA-WV", "laporan sezk-fnera-wv gimana"])
def test_an_id_without_a_digit_is_one_with_its_dashes(text: str) -> None:
    found = recognised(text)

    assert found is not None
    assert found.tracking_ids == ("SEZK-FNERA-WV",)
    assert recognised(text.replace("-", "")) is None


def test_all_reports_that_are_asked_for_are_named_once() -> None:
    found = recognised(f"bagaimana laporan {ID}, BAM1-3YF4J-NR dan {ID.lower()}?")

    assert found is not None
    assert found.tracking_ids == (ID, "BAM1-3YF4J-NR")


def test_a_mistyped_id_is_none_and_the_answer_asks_for_it() -> None:
    (reason,) = refusal_reasons(report("Bagaimana kelanjutan laporan K7QF-9D2MX-4R?"), NOON, SHIPPED)

    assert reason.code == "status_question"
    assert reason.message_id.startswith(
        "Ini kami pahami sebagai pertanyaan tentang laporan yang sudah ada, tetapi tanpa"
    )


@pytest.mark.parametrize(
    "text", ["bagaimana laporan kaca pecah di", "bagaimana laporan 08123456789", "laporan KACAPECAHDI"]
)
def test_words_and_telephone_numbers_are_no_ids(text: str) -> None:
    assert recognised(text) is None


def test_the_report_that_a_channel_says_it_follows_is_the_one_asked_for() -> None:
    found = recognised_in(report("", follow_up_of="k7qf9d2mx4q"), "bagaimana kelanjutannya laporan saya?", SHIPPED)

    assert found is not None
    assert found.tracking_ids == (ID,)


@pytest.mark.parametrize(
    "beside",
    [
        {"location": {"kelurahan": "Rempoa"}},
        {"location": {"latitude": -6.3, "longitude": 106.7}},
        {"attachments": [{"uri": "https://files.example/1.jpg", "media_type": "image/jpeg"}]},
        {"occurred_on": date(2026, 3, 1)},
        {"category": "jalan_berlubang"},
        {"target_agency": "dishub"},
    ],
)
def test_what_tells_something_beside_the_text_is_a_report(beside: dict[str, Any]) -> None:
    assert codes(report("terima kasih")) == ["thanks"]
    assert codes(report("terima kasih", **beside)) == []


def test_an_empty_place_tells_nothing() -> None:
    assert codes(report("terima kasih", location={})) == ["thanks"]


def test_the_title_counts_as_text() -> None:
    assert codes(report("terima kasih", title="Terima kasih min")) == ["thanks"]
    assert codes(report("terima kasih", title="Lampu mati di Rempoa")) == []


@pytest.mark.parametrize(
    ("text", "is_none"),
    [
        ("terima kasih min", True),
        ("terima kasih mins", False),
        ("terima kasih min min", False),
        ("min", False),
        ("terima", False),
        ("...", False),
        ("", False),
    ],
)
def test_a_text_of_more_letters_or_words_is_a_report(text: str, is_none: bool) -> None:
    assert (recognised(text, THANKS) is not None) is is_none


def test_too_many_words_make_a_report() -> None:
    assert recognised("min " * 3 + "terima", NonReportRules(THANKS.lists, THANKS.rules, {}, 100, 3)) is None
    assert recognised("terima kasih min", NonReportRules(THANKS.lists, THANKS.rules, {}, 100, 2)) is None


def test_without_rules_everything_is_a_report() -> None:
    assert recognised("terima kasih", NonReportRules()) is None


def test_a_site_of_the_government_is_no_advertising() -> None:
    assert kind_of("situs slot gacor daftar https://slot.example") is NonReport.SPAM
    assert kind_of("situs slot gacor daftar https://dinas.go.id") is None


def test_a_dispute_that_tells_what_is_wrong_and_where_is_a_report() -> None:
    """It can be worked on as it stands; told to object, its reporter may not come back."""
    place = f"laporan saya {ID} ditutup padahal jalan di Jl. Merpati masih berlubang"

    assert codes(report(place)) == []
    assert codes(report(f"laporan saya {ID} ditutup padahal belum diperbaiki")) == ["dispute_of_closed"]
