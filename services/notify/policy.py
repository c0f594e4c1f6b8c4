"""Loads notices.yaml, sending.yaml and the templates; reports each fault with its line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from services.notify.domain.addresses import AddressLimits
from services.notify.domain.deliveries import REPORTER
from services.notify.domain.notices import AGENCY_HEAD, LIAISON, OFFICER, Notice, Rules, Scalar
from services.notify.domain.timing import QuietHours, Retries
from services.notify.handlers import NotifyHandler
from services.notify.messages.templates import Templates, file_of
from services.notify.settings import LEASE_SECONDS
from shared.events import EventData, SlaClock
from shared.events.base import Code, Short
from shared.events.catalogue import CATALOGUE
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.agencies import AgencyDirectory, load_agencies
from shared.policy.channels import ChannelRegistry, load_channels
from shared.policy.loading import PolicyFault, PolicyInvalid, PolicyModel, Source, load, load_sourced, unknown
from shared.policy.places import load_places

FILE = "notices.yaml"
SENDING_FILE = "sending.yaml"
INTRODUCTION = "introduction"
TEMPLATES = "notices"
HEARD: dict[str, type[EventData]] = {
    entry.data.TYPE: entry.data for entry in CATALOGUE if set(entry.topics) & set(NotifyHandler.topics)
}
Language = Literal["id", "en"]
Value = Scalar | Annotated[tuple[Scalar, ...], Field(min_length=1)]
Seconds = Annotated[int, Field(ge=1, le=7 * 24 * 60 * 60)]
Conditions = Annotated[dict[str, Value], Field(default_factory=dict)]
Loc = tuple[int | str, ...]


class QuietHoursEntry(PolicyModel):
    """Hours without messages to citizens, local time."""

    start: time
    end: time

    @model_validator(mode="after")
    def last_some_time(self) -> "QuietHoursEntry":
        """Raise ValueError if they begin when they end."""
        if self.start == self.end:
            raise ValueError("quiet hours end when they start; leave them out to have none")
        return self


class AddressesEntry(PolicyModel):
    """How many messages one reporter's address gets over all reports, and how long that is remembered."""

    hourly_max: Annotated[int, Field(ge=1)] = AddressLimits().hourly_max
    daily_max: Annotated[int, Field(ge=1)] = AddressLimits().daily_max
    remembered_days: Annotated[int, Field(ge=1, le=3650)] = AddressLimits().remembered_for.days


class SendingFile(PolicyModel):
    """The shape of sending.yaml: when messages go out, how often that is tried, and when it is given up."""

    version: Literal[1]
    quiet_hours: QuietHoursEntry | None = None
    wait_seconds: Seconds
    attempts_max: Annotated[int, Field(ge=1, le=50)]
    first_retry_seconds: Seconds
    longest_retry_seconds: Seconds
    stale_after_hours: Annotated[int, Field(ge=1, le=24 * 365)]
    daily_max: Annotated[int, Field(ge=1)]
    addresses: AddressesEntry = AddressesEntry()


class NoticeEntry(PolicyModel):
    """One rule of notices.yaml."""

    code: Code
    on: Short
    to: Annotated[tuple[Code, ...], Field(min_length=1)]
    channels: Annotated[tuple[Literal["email", "sms", "whatsapp", "log"], ...], Field(min_length=1)]
    when: Conditions
    unless: Conditions
    template: Code | None = None
    urgent: bool = False
    due: SlaClock | None = None
    starts: SlaClock | None = None

    @property
    def text(self) -> str:
        """Return the name of its template."""
        return self.template or self.code


class NoticeFile(PolicyModel):
    """The shape of notices.yaml."""

    version: Literal[1]
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    default_language: Language
    language_of_locale: dict[Code, Language]
    zone: Short
    notices: tuple[NoticeEntry, ...]


@dataclass(frozen=True)
class NoticePolicy:
    """All that notify takes from the policy.

    Args:
        rules: For the domain; how long a lease lasts is the deployment's own.
        language_of_locale: The language in which a reporter of that locale is written to.
        channels: Say which of them verify the addresses that they give.
        addresses: What one address gets over all tickets.
    """

    rules: Rules
    templates: Templates
    directory: AgencyDirectory
    city: str
    zone: ZoneInfo
    default_language: str
    language_of_locale: dict[str, str]
    channels: ChannelRegistry
    addresses: AddressLimits


def load_notices(policy_dir: Path, lease_for: timedelta = timedelta(seconds=LEASE_SECONDS)) -> NoticePolicy:
    """Return the policy of notify.

    Args:
        policy_dir: Holds notices.yaml, sending.yaml, notices/, agencies.yaml, channels.yaml and places.yaml.
        lease_for: How long one attempt to send may take before it counts as lost.

    Raises:
        PolicyInvalid: With every fault of the rules and of the templates.
    """
    directory = load_agencies(policy_dir)
    city = load_places(policy_dir).city
    held, source = load_sourced(policy_dir / FILE, NoticeFile)
    sending = load(policy_dir / SENDING_FILE, SendingFile)
    templates = Templates(dict(map(read_text, sorted((policy_dir / TEMPLATES).glob("*.j2")))))
    faults = [*_faults_of(held, source, directory), *_text_faults(held, source, templates, policy_dir / TEMPLATES)]
    if faults:
        raise PolicyInvalid(faults)
    zone = ZoneInfo(held.zone)
    return NoticePolicy(
        rules=_rules_of(held, sending, zone, lease_for),
        templates=templates,
        directory=directory,
        city=city,
        zone=zone,
        default_language=held.default_language,
        language_of_locale=dict(held.language_of_locale),
        channels=load_channels(policy_dir),
        addresses=_limits_of(sending.addresses),
    )


def read_text(path: Path) -> tuple[str, str]:
    """Return name and content of a template; raise PolicyInvalid if it cannot be read as UTF-8."""
    try:
        return path.name, path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyInvalid([PolicyFault(str(path), 1, "the file cannot be read as UTF-8 text")]) from error


def _rules_of(held: NoticeFile, sending: SendingFile, zone: ZoneInfo, lease_for: timedelta) -> Rules:
    quiet = sending.quiet_hours
    return Rules(
        notices=tuple(map(_notice_of, held.notices)),
        retries=Retries(
            sending.attempts_max,
            timedelta(seconds=sending.first_retry_seconds),
            timedelta(seconds=sending.longest_retry_seconds),
        ),
        quiet_hours=QuietHours(quiet.start, quiet.end, zone) if quiet else None,
        wait_for=timedelta(seconds=sending.wait_seconds),
        stale_for=timedelta(hours=sending.stale_after_hours),
        daily_max=sending.daily_max,
        lease_for=lease_for,
    )


def _limits_of(entry: AddressesEntry) -> AddressLimits:
    return AddressLimits(entry.hourly_max, entry.daily_max, timedelta(days=entry.remembered_days))


def _notice_of(entry: NoticeEntry) -> Notice:
    return Notice(
        code=entry.code,
        on=entry.on,
        to=tuple(dict.fromkeys(entry.to)),
        template=entry.text,
        channels=tuple(dict.fromkeys(entry.channels)),
        when={field: _one_or_more(value) for field, value in entry.when.items()},
        unless={field: _one_or_more(value) for field, value in entry.unless.items()},
        urgent=entry.urgent,
        due=entry.starts or entry.due,
        starts=entry.starts is not None,
    )


def _one_or_more(value: Value) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else (value,)


def _faults_of(held: NoticeFile, source: Source, directory: AgencyDirectory) -> Iterator[PolicyFault]:
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


def _text_faults(held: NoticeFile, source: Source, templates: Templates, folder: Path) -> Iterator[PolicyFault]:
    for index, entry in enumerate(held.notices):
        for language in held.languages:
            if file_of(entry.text, language) not in templates.sources:
                yield source.fault(
                    ("notices", index), f"the text {TEMPLATES}/{file_of(entry.text, language)} is missing"
                )
    for language in held.languages:
        if file_of(INTRODUCTION, language) not in templates.sources:
            yield source.fault(("languages",), f"the text {TEMPLATES}/{file_of(INTRODUCTION, language)} is missing")
    for file in templates.sources:
        for line, sentence in templates.faults(file):
            yield PolicyFault(str(folder / file), line, sentence)
