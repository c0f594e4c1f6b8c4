"""Reads notices.yaml: which event causes which notice for whom; checks its rules and their texts."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, TypeAdapter, ValidationError

from services.notify.domain.deliveries import REPORTER
from services.notify.domain.notices import AGENCY_HEAD, LIAISON, OFFICER, Matters, Notice, Scalar
from services.notify.handlers import NotifyHandler
from services.notify.messages.templates import DIGEST, Templates, file_of
from services.notify.policy.precedence import faults_of_precedence
from shared.events import EventData, SlaClock
from shared.events.base import Code, Short
from shared.events.catalogue import CATALOGUE
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.agencies import AgencyDirectory
from shared.policy.loading import PolicyFault, PolicyModel, Source, unknown

FILE = "notices.yaml"
INTRODUCTION = "introduction"
TEMPLATES = "notices"
HEARD: dict[str, type[EventData]] = {
    entry.data.TYPE: entry.data for entry in CATALOGUE if set(entry.topics) & set(NotifyHandler.topics)
}
Language = Literal["id", "en", "jv", "su"]
REGIONAL = frozenset({"jv", "su"})
"""Languages of readers who read Indonesian, too: a text that is missing in one of them goes out in the default one."""
Value = Scalar | Annotated[tuple[Scalar, ...], Field(min_length=1)]
Conditions = Annotated[dict[str, Value], Field(default_factory=dict)]
Loc = tuple[int | str, ...]


class NoticeEntry(PolicyModel):
    """One rule of notices.yaml."""

    code: Code
    on: Short
    to: Annotated[tuple[Code, ...], Field(min_length=1)]
    channels: Annotated[
        tuple[Literal["webhook", "email", "sms", "whatsapp", "telegram", "log"], ...], Field(min_length=1)
    ]
    when: Conditions
    unless: Conditions
    template: Code | None = None
    urgent: bool = False
    matters: Literal["note", "news", "act"] = "news"
    supersedes: tuple[Code, ...] = ()
    once_per_cluster: Code | None = None
    due: SlaClock | None = None
    starts: SlaClock | None = None

    @property
    def text(self) -> str:
        """Return the name of its template."""
        return self.template or self.code

    @property
    def value(self) -> Notice:
        """Return what it means."""
        return Notice(
            code=self.code,
            on=self.on,
            to=tuple(dict.fromkeys(self.to)),
            template=self.text,
            channels=tuple(dict.fromkeys(self.channels)),
            when={field: _one_or_more(value) for field, value in self.when.items()},
            unless={field: _one_or_more(value) for field, value in self.unless.items()},
            urgent=self.urgent,
            matters=Matters[self.matters.upper()],
            supersedes=tuple(dict.fromkeys(self.supersedes)),
            once_per_cluster=self.once_per_cluster,
            due=self.starts or self.due,
            starts=self.starts is not None,
        )


class NoticeFile(PolicyModel):
    """The shape of notices.yaml."""

    version: Literal[1]
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    default_language: Language
    language_of_locale: dict[Code, Language]
    zone: Short
    notices: tuple[NoticeEntry, ...]


def _one_or_more(value: Value) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else (value,)


def faults_of_notices(held: NoticeFile, source: Source, directory: AgencyDirectory) -> Iterator[PolicyFault]:
    """Yield what is wrong with the rules: zone, languages, roles, events and conditions."""
    try:
        ZoneInfo(held.zone)
    except (KeyError, ValueError, OSError):
        yield source.fault(("zone",), f"`{held.zone}` is no time zone of the tz database, such as Asia/Jakarta")
    if held.default_language not in held.languages:
        yield source.fault(
            ("default_language",), unknown("language", held.default_language, held.languages, "`languages`")
        )
    for locale, language in held.language_of_locale.items():
        if language not in held.languages:
            yield source.fault(
                ("language_of_locale", locale), unknown("language", language, held.languages, "`languages`")
            )
    roles = [REPORTER, LIAISON, AGENCY_HEAD, OFFICER, *(officer.role for officer in directory.officers)]
    yield from source.given_twice(
        (f"`{entry.code}`", ("notices", index, "code")) for index, entry in enumerate(held.notices)
    )
    yield from faults_of_precedence(held.notices, source)
    for index, entry in enumerate(held.notices):
        place: Loc = ("notices", index)
        for number, role in enumerate(entry.to):
            if role not in roles:
                yield source.fault((*place, "to", number), unknown("role", role, roles, AGENCIES_FILE))
        if entry.due and entry.starts:
            yield source.fault((*place, "due"), "`due` and `starts` exclude each other: one notice tells one due time")
        yield from _condition_faults(entry, place, source)


def _condition_faults(entry: NoticeEntry, place: Loc, source: Source) -> Iterator[PolicyFault]:
    model = HEARD.get(entry.on)
    if model is None:
        yield source.fault((*place, "on"), unknown("event", entry.on, HEARD, "the events that notify hears"))
        return
    for part, conditions in (("when", entry.when), ("unless", entry.unless)):
        for field, value in conditions.items():
            loc = (*place, part, field)
            if field not in model.model_fields:
                yield source.fault(loc, unknown("field", field, model.model_fields, entry.on))
                continue
            for wanted in _one_or_more(value):
                if not _can_be(model, field, wanted):
                    yield source.fault(loc, f"`{field}` of {entry.on} is never `{wanted}`")


def _can_be(model: type[EventData], field: str, value: Scalar) -> bool:
    kind: Any = model.model_fields[field].annotation
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def faults_of_texts(
    held: NoticeFile, source: Source, templates: Templates, folder: Path, directory: AgencyDirectory
) -> Iterator[PolicyFault]:
    """Yield which texts are missing, and what is wrong with those that are there."""
    needed = [language for language in held.languages if language not in REGIONAL - {held.default_language}]
    for index, entry in enumerate(held.notices):
        for language in needed:
            if file_of(entry.text, language) not in templates.sources:
                yield source.fault(
                    ("notices", index), f"the text {TEMPLATES}/{file_of(entry.text, language)} is missing"
                )
    of_itself = [INTRODUCTION, *([DIGEST] if any(agency.digest for agency in directory.agencies) else [])]
    for language, text in product(needed, of_itself):
        if file_of(text, language) not in templates.sources:
            yield source.fault(("languages",), f"the text {TEMPLATES}/{file_of(text, language)} is missing")
    for file in templates.sources:
        for line, sentence in templates.faults(file):
            yield PolicyFault(str(folder / file), line, sentence)
