import json
from pathlib import Path

import pytest

from tindak.cli import main
from tindak.notices.gallery import page

pytestmark = pytest.mark.unit

POLICY = str(Path(__file__).parents[3] / "policy")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["notices", "preview", *arguments, "--policy", POLICY]) == code
    said = capsys.readouterr()
    return said.out if code == 0 else said.err


def test_without_a_notice_all_are_listed_with_their_languages(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.split() for line in shown(capsys).splitlines()]

    assert ["accepted", "id", "en", "jv", "su", "reporter"] in lines
    assert ["escalated_to_mayor", "id", "en", "mayor"] in lines
    assert [line[0] for line in lines[-2:]] == ["introduction", "digest"]
    assert lines[-1] == ["digest", "id", "en", "liaison,", "agency_head"]
    assert {"notice": "triage_request", "to": ["triage"], "languages": ["id", "en"]} in [
        json.loads(line) for line in shown(capsys, "--json").splitlines()
    ]


def test_a_mail_is_shown_with_subject_text_and_length(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "answered", "--lang", "su")

    assert text.startswith("Waleran kanggo laporan K7QF-9D2MX-4Q\n\nKahatur Bapa/Ibu Siti,\n\n")
    assert "Salasa, 1 Désémber 2026 tabuh 16.00 WIB (3 dinten damel deui)" in text
    assert text.rstrip().endswith(" characters)")


def test_a_text_message_is_shown_with_its_segments(capsys: pytest.CaptureFixture[str]) -> None:
    plain = shown(capsys, "merged", "--channel", "sms")
    told = json.loads(shown(capsys, "merged", "--channel", "sms", "--json"))

    assert plain.rstrip().endswith(f"(sms, id: {told['units']} septets, 1 segment)")
    assert (told["encoding"], told["segments"], told["language"]) == ("gsm7", 1, "id")


def test_a_notice_without_a_text_in_that_language_is_shown_in_the_one_that_is_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "(email, id, for there is no text in jv: " in shown(capsys, "triage_request", "--lang", "jv")


def test_the_page_of_a_mail_is_written_to_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    written = tmp_path / "mail.html"

    shown(capsys, "routed", "--html", str(written))

    assert written.read_text(encoding="utf-8").startswith('<!DOCTYPE html>\n<html lang="id">')


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("anwered",), "notice `anwered` is not in the policy; did you mean `answered`?"),
        (("routed", "--channel", "sms", "--html", "x.html"), "Only an e-mail has HTML"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], fault: str
) -> None:
    assert fault in shown(capsys, *arguments, code=1)


def test_the_page_of_all_notices_is_small_and_loads_and_runs_nothing() -> None:
    made = page()

    assert len(made.encode()) < 400_000
    assert [word for word in ("<script", "<img", "<link", " src=", "url(", "@import") if word in made] == []
