"""Reads pages.yaml: how long links last, and the words of the page that they lead to."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from services.notify.domain.standing import ABOUT_MESSAGES, Action
from services.notify.policy.notices import Language
from shared.events.base import Short, Text
from shared.policy.loading import PolicyInvalid, PolicyModel, load_sourced

PAGES_FILE = "pages.yaml"
PLACEHOLDER = re.compile(r"\{(\w*)\}")
IN_TITLE = "tracking_id"

Sentence = Annotated[Text, Field(min_length=1, max_length=300)]
Loc = tuple[int | str, ...]


class StateWords(PolicyModel):
    """Where a ticket stands, in a few words."""

    unknown: Short
    in_triage: Short
    with_agency: Short
    reopened: Short
    held: Short
    held_for_reporter: Short
    answered: Short
    closed: Short
    closed_by_reporter: Short
    closed_by_system: Short
    archived: Short
    withdrawn: Short
    split: Short


class ActionWords(PolicyModel):
    """What can be answered, and the thanks for it."""

    heading: Short
    hint: Sentence
    label: Short | None = None
    button: Short
    thanks: Sentence


class NoteWords(PolicyModel):
    """What is wrong with a form that was sent."""

    form_expired: Sentence
    text_missing: Sentence
    text_too_long: Sentence
    text_unreadable: Sentence
    rating_missing: Sentence


class ProblemWords(PolicyModel):
    """Why there is no page, or nothing was taken."""

    heading: Short
    text: Sentence


class Problems(PolicyModel):
    """By what has happened."""

    not_found: ProblemWords
    gone: ProblemWords
    limited: ProblemWords
    unavailable: ProblemWords
    not_taken: ProblemWords
    refused: ProblemWords


class PageWords(PolicyModel):
    """All words of the page in one language."""

    title: Short
    other_language: Short
    state: Short
    agency: Short
    due: Short
    respond_by: Short
    question: Short
    answer: Short
    rating: Short
    no_identity: Sentence
    withheld: Sentence
    nothing_open: Sentence
    after_thanks: Sentence
    back: Short
    send_again: Short
    states: StateWords
    actions: dict[Action, ActionWords]
    notes: NoteWords
    problems: Problems


class PagePolicy(PolicyModel):
    """The shape of pages.yaml."""

    version: Literal[1]
    link_valid_days: Annotated[int, Field(ge=1, le=365)]
    form_valid_minutes: Annotated[int, Field(ge=5, le=24 * 60)]
    words: dict[Language, PageWords]

    @property
    def link_valid_for(self) -> timedelta:
        """Return how long a link can be used."""
        return timedelta(days=self.link_valid_days)

    @property
    def form_valid_for(self) -> timedelta:
        """Return how long a form can be sent."""
        return timedelta(minutes=self.form_valid_minutes)


def load_pages(policy_dir: Path) -> PagePolicy | None:
    """Return what pages.yaml states; None if there is no such file, and so no page.

    Raises:
        PolicyInvalid: With every fault of the file: a word that is missing in one language, or a name in braces that
            stands for nothing.
    """
    if not (policy_dir / PAGES_FILE).exists():
        return None
    held, source = load_sourced(policy_dir / PAGES_FILE, PagePolicy)
    if faults := [source.fault(loc, sentence) for loc, sentence in _faults(held)]:
        raise PolicyInvalid(faults)
    return held


def _faults(held: PagePolicy) -> Iterator[tuple[Loc, str]]:
    for language in ("id", "en"):
        if language not in held.words:
            yield ("words",), f"the language `{language}` is missing"
    for language, words in held.words.items():
        for action in Action:
            if action not in words.actions:
                yield ("words", language, "actions"), f"`{action.value}` is missing"
            elif (words.actions[action].label is None) is not (action in ABOUT_MESSAGES):
                is_wordless = action in ABOUT_MESSAGES
                sentence = "has no text, and so no label" if is_wordless else "must have the label of its text"
                yield ("words", language, "actions", action.value), f"`{action.value}` {sentence}"
        for name in PLACEHOLDER.findall(words.title):
            if name != IN_TITLE:
                yield ("words", language, "title"), f"{{{name}}} stands for nothing here; only {{{IN_TITLE}}} does"
