"""Every text of the shipped policy, in every language and channel, with the most and the least that it is told."""

import re
from itertools import product
from pathlib import Path

import pytest
from jinja2 import Environment, meta

from services.notify.tooling import (
    DIGEST,
    EMAIL,
    INTRODUCTION,
    LAYOUT,
    OF_AGENCY,
    REPORTER,
    SEGMENTS_MAX,
    SMS,
    file_of,
    load_notices,
    measured,
)
from tindak.notices.specimens import CHANNELS, LANGUAGES
from tindak.policy.samples import digests, introduced, longest, surely_known, usual

pytestmark = pytest.mark.policy

POLICY = load_notices(Path(__file__).parents[3] / "policy")
NOTICES = {notice.code: notice for notice in POLICY.rules.notices}
TO_REPORTERS = {INTRODUCTION: INTRODUCTION} | {
    notice.code: notice.template for notice in NOTICES.values() if REPORTER in notice.to
}
TEXTS = [
    (code, language)
    for code, language in product([*NOTICES, INTRODUCTION], LANGUAGES)
    if file_of(NOTICES[code].template if code in NOTICES else code, language) in POLICY.templates.sources
]
SUBJECT_MAX = 78  # RFC 5322, 2.1.1: what a line of a mail should not exceed
ODDITIES = re.compile(r"\bNone\b|\{\{|\{%|\{#|#\}|\[\]|  | \n|\n\n\n|\s[.,;:!?](?:\s|$)|\(\)|\.\.(?!\.)(?<!\.\.\.)")


def told(code: str, language: str, channel: str) -> list[dict[str, object]]:
    """Return the longest values that *code* is told, the usual ones, and those that it is told for certain."""
    most, plain = longest(POLICY, language, channel), usual(POLICY, language, channel)
    if code == INTRODUCTION:
        return [introduced(most)]
    return [most, plain, surely_known(NOTICES[code], plain)]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(("code", "language"), TEXTS)
def test_every_text_reads_well_with_the_most_and_the_least_that_it_is_told(
    code: str, language: str, channel: str
) -> None:
    template = NOTICES[code].template if code in NOTICES else code

    for values in told(code, language, channel):
        text = POLICY.templates.render(template, language, values, channel)
        words = f"{text.subject}\n{text.body}"

        assert ODDITIES.findall(words) == [], words
        assert len(text.subject) <= SUBJECT_MAX, text.subject
        assert str(values["tracking_id"]) in text.body
        assert (text.html is not None) == (channel == EMAIL)
        if channel == SMS:
            size = measured(text.body)
            assert (size.encoding, size.segments <= SEGMENTS_MAX) == ("gsm7", True), text.body


@pytest.mark.parametrize("channel", [EMAIL, SMS])
@pytest.mark.parametrize(("code", "language"), TEXTS)
def test_a_due_time_is_told_in_the_words_of_the_language(code: str, language: str, channel: str) -> None:
    template = NOTICES[code].template if code in NOTICES else code
    source = POLICY.templates.sources[file_of(template, language)]
    short = POLICY.templates.short_source(template, language)
    used = short if channel == SMS else source.removesuffix(short or "")
    values = longest(POLICY, language, channel)

    text = POLICY.templates.render(template, language, values, channel)

    assert (str(values["due_at"]) in text.body) == ("due_at" in (used or ""))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", TO_REPORTERS)
def test_every_notice_to_the_reporter_has_a_text_and_a_short_text(code: str, language: str) -> None:
    assert POLICY.templates.short_source(TO_REPORTERS[code], language)


@pytest.mark.parametrize("code", TO_REPORTERS)
def test_the_same_is_told_in_every_language(code: str) -> None:
    parse = Environment(autoescape=True).parse
    files = {language: POLICY.templates.sources[file_of(TO_REPORTERS[code], language)] for language in LANGUAGES}

    used = {language: sorted(meta.find_undeclared_variables(parse(text))) for language, text in files.items()}

    assert used == dict.fromkeys(LANGUAGES, used["id"])


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_digest_reads_well_with_the_most_and_the_least_that_it_is_told(language: str) -> None:
    for values in digests(POLICY, language):
        text = POLICY.templates.render(DIGEST, language, values, EMAIL)
        words = f"{text.subject}\n{text.body}"

        assert ODDITIES.findall(words) == [], words
        assert len(text.subject) <= SUBJECT_MAX, text.subject
        assert re.search(r"[a-z]_[a-z]", words) is None, words
        assert text.html is not None


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_digest_has_words_for_every_notice_that_it_may_stand_for(language: str) -> None:
    source = POLICY.templates.sources[file_of(DIGEST, language)]
    gathered = [code for code, notice in NOTICES.items() if OF_AGENCY & set(notice.to) and not notice.urgent]

    assert gathered
    assert [code for code in gathered if f'"{code}": ' not in source] == []


def test_the_layout_is_shipped() -> None:
    assert LAYOUT in POLICY.templates.sources
