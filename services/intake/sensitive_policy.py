"""Reads sensitive.yaml as intake needs it: its shape, its faults, and what is recognised by it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PositiveInt

from services.intake.domain.sensitive.recognition import NUMBER, Kind, Pattern, SensitiveRules, Wish
from services.intake.domain.sensitive.verb_forms import deed, done, suffered
from shared.events import Code
from shared.events.base import Short
from shared.policy.loading import Loc, PolicyFault, PolicyInvalid, PolicyModel, Source, load_sourced, unknown
from shared.text import fold, words_of
from shared.text.phrases import Phrase, without_ending

FILE = "sensitive.yaml"
FORMS: Mapping[str, Callable[[str], Iterator[Phrase]]] = {"suffers": suffered, "does": done, "deed": deed}

Root = Annotated[str, Field(pattern=r"^[a-z]{3,20}$")]
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
Within = Annotated[int, Field(ge=1, le=30)]


class PatternEntry(PolicyModel):
    """What is recognised: a phrase of ``any``, or words of all classes of ``near`` together."""

    id: RuleId
    any: tuple[Short, ...] = ()
    near: tuple[Short, ...] = ()
    within: Within | None = None
    unless: tuple[Short, ...] = ()

    @property
    def own_class(self) -> str:
        """Return the name of the word class that the phrases of ``any`` make up; no class of the file is called so."""
        return f"any of {self.id}"

    def value(self, within: int, aside: int) -> Pattern:
        """Return what it means; *within* counts where it says nothing of its own."""
        near = (self.own_class, *self.near) if self.any else self.near
        return Pattern(self.id, near, self.within or within, self.unless, aside)


class WishEntry(PatternEntry):
    """What a reporter asks for."""

    sets: Annotated[tuple[Literal["anonymous", "confidential"], ...], Field(min_length=1)]


class KindEntry(PolicyModel):
    """What intake reads of a kind; routing reads where its reports go, and finds what is wrong with that."""

    model_config = ConfigDict(extra="ignore")

    code: Code
    rules: Annotated[tuple[PatternEntry, ...], Field(min_length=1)]


class SensitiveFile(PolicyModel):
    """The shape of sensitive.yaml."""

    version: PositiveInt
    within: Within
    unless_within: Within
    spellings: dict[Short, tuple[Short, ...]] = Field(default_factory=dict)
    acts: dict[Code, Annotated[tuple[Root, ...], Field(min_length=1)]]
    words: dict[Code, Annotated[tuple[Short, ...], Field(min_length=1)]]
    groups: dict[Code, Annotated[tuple[Short, ...], Field(min_length=1)]] = Field(default_factory=dict)
    idioms: tuple[Short, ...] = ()
    kinds: tuple[KindEntry, ...]
    wishes: tuple[WishEntry, ...] = ()

    @property
    def classes(self) -> frozenset[str]:
        """Return the names of the word classes; `near` and `unless` may use these and the groups'."""
        return frozenset(self.words) | {f"{form} {act}" for act in self.acts for form in FORMS}

    def each(self) -> Iterator[tuple[Loc, PatternEntry]]:
        """Yield everything to recognise, with its place in the file."""
        for index, kind in enumerate(self.kinds):
            yield from ((("kinds", index, "rules", number), rule) for number, rule in enumerate(kind.rules))
        yield from ((("wishes", index), wish) for index, wish in enumerate(self.wishes))


def load_sensitive(policy_dir: Path) -> SensitiveRules:
    """Return what sensitive.yaml in *policy_dir* recognises.

    Raises:
        PolicyInvalid: With every fault of the file that intake can find.
    """
    held, source = load_sourced(policy_dir / FILE, SensitiveFile)
    faults = list(_faults(held, source))
    if faults:
        raise PolicyInvalid(faults)
    return SensitiveRules(
        classes=_without_endings(_classes(held)),
        idioms=frozenset(map(phrase_of, held.idioms)),
        kinds=tuple(
            Kind(kind.code, tuple(rule.value(held.within, held.unless_within) for rule in kind.rules))
            for kind in held.kinds
        ),
        wishes=tuple(
            Wish(wish.value(held.within, held.unless_within), "anonymous" in wish.sets, "confidential" in wish.sets)
            for wish in held.wishes
        ),
        spellings={phrase_of(other): phrase_of(usual) for usual, others in held.spellings.items() for other in others},
    )


def phrase_of(text: str) -> Phrase:
    """Return a phrase as its words are compared."""
    return tuple(
        word for piece in fold(text).text.split() for word in ([NUMBER] if piece == NUMBER else words_of(piece))
    )


def _classes(held: SensitiveFile) -> Mapping[Phrase, frozenset[str]]:
    found: dict[Phrase, set[str]] = defaultdict(set)

    def add(name: str, phrases: Iterable[Phrase]) -> None:
        for phrase in phrases:
            found[phrase].add(name)

    for name, texts in held.words.items():
        add(name, map(phrase_of, texts))
    for act, roots in held.acts.items():
        for form, forms_of in FORMS.items():
            for root in roots:
                add(f"{form} {act}", forms_of(root))
    for _, rule in held.each():
        add(rule.own_class, map(phrase_of, rule.any))
    groups_of: dict[str, set[str]] = defaultdict(set)
    for group, names in held.groups.items():
        for name in names:
            groups_of[name].add(group)
    return {phrase: frozenset(names).union(*(groups_of[name] for name in names)) for phrase, names in found.items()}


def _without_endings(classes: Mapping[Phrase, frozenset[str]]) -> Mapping[Phrase, frozenset[str]]:
    """Return *classes* with *ibunya* as *ibu*: so a text's words are compared, too, where the bare word is known."""
    known = {word for phrase in classes for word in phrase}
    found: dict[Phrase, frozenset[str]] = {}
    for phrase, names in classes.items():
        bare = tuple(without_ending(word, known) for word in phrase)
        found[bare] = found.get(bare, frozenset()) | names
    return found


def _faults(held: SensitiveFile, source: Source) -> Iterator[PolicyFault]:
    rules, known = list(held.each()), held.classes.union(held.groups)
    yield from source.given_twice(
        (f"the kind `{kind.code}`", ("kinds", index, "code")) for index, kind in enumerate(held.kinds)
    )
    yield from source.given_twice((f"the rule `{rule.id}`", (*loc, "id")) for loc, rule in rules)
    yield from source.given_twice(
        (f"the word class `{name}`", (section, name))
        for section in ("words", "groups")
        for name in getattr(held, section)
    )
    for group, names in held.groups.items():
        for index, name in enumerate(names):
            if name not in held.classes:
                yield source.fault(("groups", group, index), _no_class(name, held.classes))
    for loc, rule in rules:
        if not rule.any and not rule.near:
            yield source.fault(loc, f"`{rule.id}` has neither `any` nor `near` and can never hold")
        for part in ("near", "unless"):
            for index, name in enumerate(getattr(rule, part)):
                if name not in known:
                    yield source.fault((*loc, part, index), _no_class(name, known))


def _no_class(name: str, known: Iterable[str]) -> str:
    return unknown("word class", name, known, f"`words`, `acts` or `groups` of {FILE}")
