"""Renders every text of a policy as its readers would see it, to find those that fail or say nothing; sends none."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import TemplateError

from services.notify.tooling import (
    DIGEST,
    EMAIL,
    INTRODUCTION,
    LAYOUT,
    NOTICES_FILE,
    REGIONAL,
    REPORTER,
    SEGMENTS_MAX,
    SMS,
    NoticePolicy,
    file_of,
    measured,
    plain_marks,
)
from shared.policy.loading import PolicyFault
from tindak.policy.samples import digests, introduced, longest, surely_known, usual

NOTHING = re.compile(r"\bNone\b")
FAILURES = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def faults_of_texts(folder: Path, policy: NoticePolicy) -> Iterator[PolicyFault]:
    """Yield what is wrong with the texts in *folder*: those that no notice uses, and those that do not work."""
    yield from _unused_texts(folder, policy)
    for language in languages_of(policy):
        for channel in (EMAIL, SMS):
            values = usual(policy, language, channel)
            tried = [(INTRODUCTION, introduced(values))]
            tried += [(DIGEST, given) for given in digests(policy, language) if channel == EMAIL]
            for notice in policy.rules.notices:
                tried += [(notice.template, values), (notice.template, surely_known(notice, values))]
            for template, given in tried:
                file = file_of(template, language)
                if file in policy.templates.sources and (
                    sentence := _failing(policy, template, language, given, channel)
                ):
                    yield PolicyFault(str(folder / file), 1, sentence)
        for template in _to_reporters(policy):
            if file_of(template, language) in policy.templates.sources:
                yield from _faults_of_short_text(folder, policy, template, language)


def warnings_of_texts(folder: Path, policy: NoticePolicy) -> Iterator[PolicyFault]:
    """Yield what a reporter reads in another language than his own, or in a text message as a bare subject."""
    for language in languages_of(policy):
        for template in _to_reporters(policy):
            place = str(folder / file_of(template, language))
            if file_of(template, language) not in policy.templates.sources:
                if language in REGIONAL:
                    sentence = f"there is no such text; reporters read the one in `{policy.default_language}` instead"
                    yield PolicyFault(place, 1, sentence)
            elif policy.templates.short_source(template, language) is None:
                yield PolicyFault(place, 1, "there is no short text; a text message says the subject alone")


def languages_of(policy: NoticePolicy) -> list[str]:
    """Return the languages in which anybody is written to."""
    return sorted({policy.default_language, *policy.language_of_locale.values()})


def _to_reporters(policy: NoticePolicy) -> list[str]:
    templates = (notice.template for notice in policy.rules.notices if REPORTER in notice.to)
    return list(dict.fromkeys((*templates, INTRODUCTION)))


def _faults_of_short_text(folder: Path, policy: NoticePolicy, template: str, language: str) -> Iterator[PolicyFault]:
    """Yield what keeps a short text out of two segments even with values of a usual length."""
    source = policy.templates.short_source(template, language)
    if source is None:
        return
    file = file_of(template, language)
    whole = policy.templates.sources[file]
    line = whole[: whole.index(source)].count("\n") + 1
    lost = sorted({symbol for symbol in plain_marks(source) if measured(symbol).encoding != "gsm7"})
    if lost:
        named = ", ".join(f"`{symbol}`" for symbol in lost)
        yield PolicyFault(str(folder / file), line, f"a text message has no {named}; GSM 03.38 lacks it")
        return
    try:
        size = measured(policy.templates.uncut(template, language, longest(policy, language, SMS)))
    except FAILURES:
        return  # said already
    if size.segments > SEGMENTS_MAX:
        sentence = f"the short text takes {size.segments} segments ({size.units} septets) with the longest usual values"
        yield PolicyFault(str(folder / file), line, f"{sentence}; {SEGMENTS_MAX} are the most")


def _unused_texts(folder: Path, policy: NoticePolicy) -> Iterator[PolicyFault]:
    used = {DIGEST, INTRODUCTION, *(notice.template for notice in policy.rules.notices)}
    for file, content in policy.templates.sources.items():
        if file == LAYOUT or any(f'"{file}"' in other for other in policy.templates.sources.values()):
            continue
        if file.split(".")[0] not in used:
            yield PolicyFault(str(folder / file), 1, f"no notice of {NOTICES_FILE} uses this text")
        elif content.partition("\n")[2][:1] not in ("\n", ""):
            yield PolicyFault(str(folder / file), 2, "the line below the subject must be empty")


def _failing(
    policy: NoticePolicy, template: str, language: str, values: Mapping[str, object], channel: str
) -> str | None:
    """Return what is wrong with a text that is given *values*, or None."""
    try:
        text = policy.templates.render(template, language, values, channel)
    except FAILURES as error:
        return f"this text cannot be rendered: {error}"
    if not text.subject or not text.body.strip():
        return "subject or text is empty"
    if NOTHING.search(text.subject + text.body):
        source = policy.templates.sources[file_of(template, language)]
        used = ", ".join(sorted(f"`{name}`" for name, value in values.items() if value is None and name in source))
        return f"this text says `None` where something is not told; that may be so for {used}"
    return None
