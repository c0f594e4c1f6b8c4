"""Reads what intake.yaml says of texts that are no reports, and finds what is wrong with it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from services.intake.domain.non_reports import MARKS, NonReport, NonReportRule, NonReportRules
from shared.events import Code
from shared.events.base import Short
from shared.policy.loading import PolicyFault, PolicyModel, Source, unknown
from shared.text import fold, words_of
from shared.text.phrases import Phrase, Phrasebook, without_ending

SECTION = "non_reports"

Phrases = Annotated[tuple[Short, ...], Field(min_length=1)]
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]


class RuleEntry(PolicyModel):
    """What is recognised as ``kind``: a phrase of each list of ``needs``, and nothing but these and ``also``."""

    id: RuleId
    kind: NonReport
    needs: Annotated[tuple[Code, ...], Field(min_length=1)]
    also: tuple[Code, ...] = ()


class NonReportsEntry(PolicyModel):
    """The section as it stands in the file."""

    characters_max: Annotated[int, Field(ge=1, le=1000)]
    words_max: Annotated[int, Field(ge=1, le=100)]
    spellings: dict[Short, Phrases] = Field(default_factory=dict)
    words: dict[Code, Phrases]
    rules: Annotated[tuple[RuleEntry, ...], Field(min_length=1)]

    def value(self) -> NonReportRules:
        """Return what it means."""
        spellings = {
            _phrase_of(other): _phrase_of(usual) for usual, others in self.spellings.items() for other in others
        }
        return NonReportRules(
            lists=self._lists(Phrasebook(spellings, frozenset())),
            rules=tuple(NonReportRule(rule.id, rule.kind, rule.needs, rule.also) for rule in self.rules),
            spellings=spellings,
            characters_max=self.characters_max,
            words_max=self.words_max,
        )

    def faults(self, source: Source) -> Iterator[PolicyFault]:
        """Yield what is wrong with the section beyond its shape."""
        yield from source.given_twice(
            (f"the rule `{rule.id}`", (SECTION, "rules", index, "id")) for index, rule in enumerate(self.rules)
        )
        for name, texts in self.words.items():
            for index, text in enumerate(texts):
                yield from _phrase_faults(text, source, (SECTION, "words", name, index))
        for number, rule in enumerate(self.rules):
            for part, names in (("needs", rule.needs), ("also", rule.also)):
                for index, name in enumerate(names):
                    if name not in self.words:
                        sentence = unknown("word list", name, self.words, f"`words` of `{SECTION}`")
                        yield source.fault((SECTION, "rules", number, part, index), sentence)
        used = {name for rule in self.rules for name in (*rule.needs, *rule.also)}
        for name in self.words:
            if name not in used:
                yield source.fault((SECTION, "words", name), f"the word list `{name}` is used by no rule")

    def _lists(self, book: Phrasebook) -> Mapping[Phrase, frozenset[str]]:
        """Return the names of the lists by phrase, whose words are written as *book* has them in a text."""
        listed = [(name, book.usual(_phrase_of(text))) for name, texts in self.words.items() for text in texts]
        known = {word for _, phrase in listed for word in phrase}
        found: dict[Phrase, set[str]] = defaultdict(set)
        for name, phrase in listed:
            found[tuple(without_ending(word, known) for word in phrase)].add(name)
        return {phrase: frozenset(names) for phrase, names in found.items()}


def _phrase_faults(text: str, source: Source, loc: tuple[str | int, ...]) -> Iterator[PolicyFault]:
    for piece in text.split():
        if piece.startswith("#") and piece not in MARKS:
            yield source.fault(loc, unknown("mark", piece, MARKS, "the comment at the head of `non_reports`"))
    if not _phrase_of(text):
        yield source.fault(loc, f"`{text}` holds no word")


def _phrase_of(text: str) -> Phrase:
    """Return a phrase as its words are compared."""
    return tuple(word for piece in fold(text).text.split() for word in ([piece] if piece in MARKS else words_of(piece)))
