"""Events about reports: submitted by channels, accepted or rejected by intake."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shared.events.base import Attachment, Classification, EventData, Instant, Model, Origin, Reason, Text, Token

Sentence = Annotated[Text, StringConstraints(max_length=200)]
Body = Annotated[Text, StringConstraints(max_length=8000)]
SourceId = Annotated[Token, StringConstraints(min_length=1, max_length=128)]
ChannelCode = Annotated[Token, StringConstraints(min_length=1, max_length=64)]

SEALED_LENGTH_MAX = 6000


SENSITIVE = "sensitive"
"""Flag of a report that must not be spread; beside it stands its kind, of the policy, behind this word."""


def sensitive_flags(kind: str) -> tuple[str, str]:
    """Return the flags of a sensitive report of this kind."""
    return SENSITIVE, f"{SENSITIVE}_{kind}"


def sensitive_kind(flags: tuple[str, ...]) -> str | None:
    """Return the kind that *flags* name; None for a report that is not sensitive."""
    return next((flag.removeprefix(f"{SENSITIVE}_") for flag in flags if flag.startswith(f"{SENSITIVE}_")), None)


def without_sensitive(flags: tuple[str, ...]) -> tuple[str, ...]:
    """Return *flags* as they would be for an ordinary report."""
    return tuple(flag for flag in flags if flag != SENSITIVE and not flag.startswith(f"{SENSITIVE}_"))


class Location(Model):
    """Where it happened, as far as the reporter said."""

    text: Annotated[Text, StringConstraints(max_length=500)] | None = None
    kelurahan: Annotated[Text, StringConstraints(max_length=100)] | None = None
    kecamatan: Annotated[Text, StringConstraints(max_length=100)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None


class Locale(StrEnum):
    """Languages a reporter may ask to be answered in."""

    INDONESIAN = "id"
    ENGLISH = "en"
    JAVANESE = "jv"
    SUNDANESE = "su"


class Reporter(Model):
    """Who reports; leaves intake only sealed."""

    name: Sentence | None = None
    phone: Annotated[Text, StringConstraints(max_length=40)] | None = None
    email: Annotated[Text, StringConstraints(max_length=254)] | None = None
    national_id: Annotated[Text, StringConstraints(max_length=40)] | None = None
    locale: Locale | None = None
    preferred_channel: Annotated[Text, StringConstraints(max_length=40)] | None = None

    @property
    def is_somebody(self) -> bool:
        """Return whether it says anything of who reports; wishes as to language and channel alone do not."""
        return any((given or "").strip() for given in (self.name, self.phone, self.email, self.national_id))


class SealedReporter(Model):
    """Who reports, sealed by the channel for notify alone: the JSON of a `Reporter`; how is told in docs/sealing.md."""

    sealed: Annotated[str, StringConstraints(max_length=SEALED_LENGTH_MAX)]
    key_id: Annotated[str, StringConstraints(max_length=32)]


class ComplaintSubmitted(EventData):
    """A channel hands over a report."""

    TYPE: ClassVar[str] = "tindak.complaint.submitted.v1"

    channel: ChannelCode
    source_id: SourceId
    submitted_at: Instant
    title: Sentence | None = None
    body: Body
    classification: Classification | None = None
    category: Sentence | None = None
    occurred_on: date | None = None
    location: Location | None = None
    target_agency: Annotated[Text, StringConstraints(max_length=64)] | None = None
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=10)] = ()
    reporter: Reporter | None = None
    reporter_sealed: SealedReporter | None = None
    anonymous: bool = False
    confidential: bool = False
    follow_up_of: Annotated[Text, StringConstraints(max_length=20)] | None = None

    @property
    def names_reporter(self) -> bool:
        """Return whether it says anything of who reports; somebody who is sealed counts."""
        return self.reporter_sealed is not None or (self.reporter is not None and self.reporter.is_somebody)


class ComplaintAccepted(EventData):
    """Intake took the report; it has a ticket and a tracking id from now on.

    ``has_contact`` is whether a contact of its reporter was sealed with it; None where release 0.1.0 took it.
    """

    TYPE: ClassVar[str] = "tindak.complaint.accepted.v1"

    ticket_id: str
    tracking_id: str
    channel: str
    source_id: str
    submitted_at: Instant
    accepted_at: Instant
    title: str
    body: str
    classification: Classification | None = None
    category: str | None = None
    occurred_on: date | None = None
    location: Location | None = None
    target_agency: str | None = None
    attachments: tuple[Attachment, ...] = ()
    anonymous: bool = False
    confidential: bool = False
    missing: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    follow_up_of: str | None = None
    has_contact: bool | None = None


class Report(Model):
    """What an agency needs and may see of the report itself."""

    channel: str
    title: str
    body: str
    occurred_on: date | None = None
    location: Location | None = None
    attachments: tuple[Attachment, ...] = ()
    anonymous: bool = False
    confidential: bool = False
    missing: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    follow_up_of: str | None = None

    @property
    def sensitive(self) -> str | None:
        """Return what kind of sensitive report it is; None for any other."""
        return sensitive_kind(self.flags)


class ComplaintRejected(EventData):
    """Intake refused the report and says exactly why."""

    TYPE: ClassVar[str] = "tindak.complaint.rejected.v1"

    channel: str | None = None
    source_id: str | None = None
    reasons: tuple[Reason, ...]
    origin: Origin


class SealScheme(StrEnum):
    """How something is sealed; release 0.1.0, which did not say so, used AES-256-GCM with a key that intake shared."""

    AES_256_GCM = "aes_256_gcm"
    HPKE = "hpke"


class ContactSealed(EventData):
    """The reporter's identity, readable by notify only."""

    TYPE: ClassVar[str] = "tindak.reporter.contact_sealed.v1"

    ticket_id: str
    sealed: str
    locale: Locale
    key_id: str
    scheme: SealScheme = SealScheme.AES_256_GCM
    info: str | None = None


class ContactErased(EventData):
    """The reporter's identity is forgotten; on the topic this is a tombstone under the ticket id."""

    TYPE: ClassVar[str] = "tindak.reporter.contact_erased.v1"

    ticket_id: str
