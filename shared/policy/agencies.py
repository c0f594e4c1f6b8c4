"""The agency directory: codes, names and topics of the agencies."""

from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.events.base import Code, Short
from shared.policy.channels import Partitions, Webhook
from shared.policy.loading import PolicyFault, PolicyInvalid, PolicyModel, Source, load_sourced, unknown
from shared.sealing_keys import parse_public_keys

FILE = "agencies.yaml"
Chat = Annotated[str, Field(pattern=r"^(-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{4,31})$")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]


def _one_public_key(text: str) -> str:
    """Return *text*; raise ValueError unless it is the id and the public key of one pair."""
    if len(parse_public_keys(text, "public_key")) != 1:
        raise ValueError("public_key holds more than one key; an agency has one")
    return text


PublicKey = Annotated[str, AfterValidator(_one_public_key)]


class AgencyPost(StrEnum):
    """A post that every agency has, filled or not."""

    LIAISON = "liaison"
    AGENCY_HEAD = "agency_head"


class AgencyWebhook(Webhook):
    """Where an agency's own server takes the notices of some of its posts."""

    posts: Annotated[tuple[AgencyPost, ...], Field(min_length=1)] = (AgencyPost.LIAISON,)


class Weekday(StrEnum):
    """A day of the week, in order."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


WEEKDAYS = tuple(Weekday)


def _local(at: time) -> time:
    """Return *at*; raise ValueError if it names a zone, which would be passed over."""
    if at.tzinfo is not None:
        raise ValueError("at is local time, such as 07:30; leave the zone out")
    return at


class AgencyDigest(PolicyModel):
    """When some posts of an agency get one letter about all that is open, instead of one for each notice.

    ``at`` is local time of `zone` in notices.yaml. Holidays are days like any other.
    """

    at: Annotated[time, AfterValidator(_local)]
    posts: Annotated[tuple[AgencyPost, ...], Field(min_length=1)] = (AgencyPost.LIAISON,)
    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = WEEKDAYS[:5]


class AgencyKind(StrEnum):
    """What kind of body an agency is."""

    OFFICE = "office"
    HOSPITAL = "hospital"
    DISTRICT = "district"
    NATIONAL = "national"


class Agency(PolicyModel):
    """A body that tickets are routed to.

    ``email`` reaches its liaison officer, and so does the Telegram chat ``telegram``; ``head_email`` its head;
    ``calendar`` is a code of calendars.yaml; ``kecamatan`` is the district that a district office serves; ``vacant``
    names its posts that nobody holds now; ``partitions`` is how many the topic has on which it says what it did;
    ``public_key``, ``id:base64``, seals for it alone; ``webhook`` is where its own server takes notices; ``digest``
    says which of its posts read of them once a day.
    """

    code: Code
    name: Short
    short: Short
    kind: AgencyKind = AgencyKind.OFFICE
    parent: Code | None = None
    calendar: Code = "default"
    email: Email
    telegram: Chat | None = None
    head_email: Email
    kecamatan: Short | None = None
    vacant: tuple[AgencyPost, ...] = ()
    partitions: Partitions = 1
    public_key: PublicKey | None = None
    webhook: AgencyWebhook | None = None
    digest: AgencyDigest | None = None


class Officer(PolicyModel):
    """Somebody above or beside the agencies who is told things, known by role; nobody holds a ``vacant`` post."""

    role: Code
    name: Short
    email: Email
    telegram: Chat | None = None
    vacant: bool = False


class AgencyFile(PolicyModel):
    """The shape of agencies.yaml."""

    officers: tuple[Officer, ...]
    agencies: Annotated[tuple[Agency, ...], Field(min_length=1)]


@dataclass(frozen=True)
class AgencyDirectory:
    """All agencies of a city, in the order of the file, and the officers by role."""

    agencies: tuple[Agency, ...]
    officers: tuple[Officer, ...] = ()
    _by_code: dict[str, Agency] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_code", {agency.code: agency for agency in self.agencies})

    @property
    def codes(self) -> tuple[str, ...]:
        """Return every agency's code."""
        return tuple(self._by_code)

    @property
    def webhooks(self) -> dict[str, Webhook]:
        """Return the webhooks of the agencies that have one, by code."""
        return {agency.code: agency.webhook for agency in self.agencies if agency.webhook}

    @property
    def partitions(self) -> dict[str, int]:
        """Return on how many partitions each agency says what it did, by code."""
        return {agency.code: agency.partitions for agency in self.agencies}

    def get(self, code: str) -> Agency | None:
        """Return the agency with this code, or None."""
        return self._by_code.get(code)

    def name_of(self, code: str) -> str:
        """Return the official name of an agency, or *code* itself where there is no such agency."""
        agency = self._by_code.get(code)
        return agency.name if agency else code

    def of_kecamatan(self, kecamatan: str) -> Agency | None:
        """Return the district office that serves *kecamatan*, or None."""
        return next((agency for agency in self.agencies if agency.kecamatan == kecamatan), None)

    def officer(self, role: str) -> Officer | None:
        """Return the officer with this role, or None."""
        return next((officer for officer in self.officers if officer.role == role), None)


def load_agencies(policy_dir: Path) -> AgencyDirectory:
    """Return the directory of agencies.yaml.

    Raises:
        PolicyInvalid: With every fault of the file: two agencies with one code, one district, a parent unknown, or
            a post that is to get its notices at once and once a day.
    """
    held, source = load_sourced(policy_dir / FILE, AgencyFile)
    faults = [*repeats(held, source), *_orphans(held, source), *_told_twice(held, source)]
    if faults:
        raise PolicyInvalid(faults)
    return AgencyDirectory(held.agencies, held.officers)


def repeats(held: AgencyFile, source: Source) -> list[PolicyFault]:
    """Return a fault for each code, district or role that is given a second time."""
    keys: list[tuple[str, tuple[int | str, ...]]] = []
    for index, agency in enumerate(held.agencies):
        keys.append((f"agency `{agency.code}`", ("agencies", index, "code")))
        if agency.kecamatan:
            keys.append((f"the office of kecamatan `{agency.kecamatan}`", ("agencies", index, "kecamatan")))
    keys += [(f"the role `{officer.role}`", ("officers", index, "role")) for index, officer in enumerate(held.officers)]
    return list(source.given_twice(keys))


def _orphans(held: AgencyFile, source: Source) -> list[PolicyFault]:
    codes = [agency.code for agency in held.agencies]
    return [
        source.fault(("agencies", index, "parent"), unknown("agency", agency.parent, codes, FILE))
        for index, agency in enumerate(held.agencies)
        if agency.parent is not None and agency.parent not in codes
    ]


def _told_twice(held: AgencyFile, source: Source) -> list[PolicyFault]:
    return [
        source.fault(
            ("agencies", index, "digest"),
            f"the {post.value} of `{agency.code}` has a webhook, which takes notices as they come; leave that post"
            " out of `posts` of one of both",
        )
        for index, agency in enumerate(held.agencies)
        if agency.digest and agency.webhook
        for post in agency.digest.posts
        if post in agency.webhook.posts
    ]
