"""Loads what notify is told by, of several files; reports each fault with its line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from services.notify.domain.notices import Rules
from services.notify.domain.sending.addresses import AddressLimits
from services.notify.domain.sending.timing import DigestTimes, QuietHours, Retries
from services.notify.messages.templates import Templates, file_of
from services.notify.policy.gateways import GatewayFile, load_gateways
from services.notify.policy.notices import (
    FILE,
    HEARD,
    INTRODUCTION,
    TEMPLATES,
    NoticeFile,
    faults_of_notices,
    faults_of_texts,
)
from services.notify.policy.pages import PagePolicy, load_pages
from services.notify.policy.receipts import ReceiptForm, load_receipts
from services.notify.policy.sending import SENDING_FILE, SendingFile
from services.notify.settings import LEASE_SECONDS
from shared.events import MessagesStopped
from shared.policy.agencies import WEEKDAYS, AgencyDirectory, load_agencies
from shared.policy.calendars import load_calendars
from shared.policy.channels import ChannelRegistry, load_channels
from shared.policy.loading import PolicyFault, PolicyInvalid, load, load_sourced
from shared.policy.places import load_places
from shared.values import replace
from shared.working_time.counting import WorkingTime
from shared.working_time.hours import DEFAULT_CALENDAR

__all__ = ["FILE", "HEARD", "INTRODUCTION", "TEMPLATES", "NoticePolicy", "load_notices"]


@dataclass(frozen=True)
class NoticePolicy:
    """All that notify takes from the policy.

    Args:
        rules: For the domain; how long a lease lasts is the deployment's own.
        language_of_locale: The language in which a reporter of that locale is written to.
        channels: Say which of them verify the addresses that they give.
        addresses: What one address gets over all tickets.
        gateways: By which messages leave but for mail.
        pages: What links lead to; None for a policy without.
        receipts: What gateways say of messages that they took, by gateway.
        calendars: How time is counted when offices work, by code; the default one is there.
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
    gateways: GatewayFile
    receipts: Mapping[str, ReceiptForm]
    calendars: Mapping[str, WorkingTime]
    pages: PagePolicy | None = None

    def language_of_text(self, template: str, wanted: str) -> str:
        """Return *wanted* if there is such a text in it, else the default language."""
        return wanted if file_of(template, wanted) in self.templates.sources else self.default_language

    @property
    def can_stop_all(self) -> bool:
        """Return whether a notice confirms that messages of all tickets stop, by which alone they do."""
        return MessagesStopped.TYPE in self.rules.by_type

    def working_time(self, agency: str | None = None) -> WorkingTime:
        """Return how time is counted at an agency; by the default calendar for None and for one that is not known."""
        known = self.directory.get(agency or "")
        return self.calendars.get(known.calendar if known else DEFAULT_CALENDAR, self.calendars[DEFAULT_CALENDAR])


def load_notices(policy_dir: Path, lease_for: timedelta = timedelta(seconds=LEASE_SECONDS)) -> NoticePolicy:
    """Return the policy of notify.

    Args:
        policy_dir: Holds notices.yaml, notices/, sending.yaml, agencies.yaml, calendars.yaml, channels.yaml,
            places.yaml, and maybe gateways.yaml, receipts.yaml and pages.yaml, which only gateways and pages need.
        lease_for: How long one attempt to send may take before it counts as lost.

    Raises:
        PolicyInvalid: With every fault of the rules and of the templates.
    """
    directory = load_agencies(policy_dir)
    city = load_places(policy_dir).city
    held, source = load_sourced(policy_dir / FILE, NoticeFile)
    sending = load(policy_dir / SENDING_FILE, SendingFile)
    templates = Templates(dict(map(_read_text, sorted((policy_dir / TEMPLATES).glob("*.j2")))))
    gateways, faulty = load_gateways(policy_dir)
    faults = [
        *faulty,
        *faults_of_notices(held, source, directory),
        *faults_of_texts(held, source, templates, policy_dir / TEMPLATES, directory),
    ]
    if faults:
        raise PolicyInvalid(faults)
    zone, channels = ZoneInfo(held.zone), load_channels(policy_dir)
    return NoticePolicy(
        rules=replace(_rules_of(held, sending, directory, zone, lease_for), called=frozenset(channels.webhooks)),
        templates=templates,
        directory=directory,
        city=city,
        zone=zone,
        default_language=held.default_language,
        language_of_locale=dict(held.language_of_locale),
        channels=channels,
        addresses=sending.addresses.value,
        pages=load_pages(policy_dir),
        gateways=gateways,
        calendars=load_calendars(policy_dir),
        receipts=load_receipts(policy_dir, {each.code: each.channel for each in gateways.gateways}),
    )


def _read_text(path: Path) -> tuple[str, str]:
    """Return name and content of a template; raise PolicyInvalid if it cannot be read as UTF-8."""
    try:
        return path.name, path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyInvalid([PolicyFault(str(path), 1, "the file cannot be read as UTF-8 text")]) from error


def _rules_of(
    held: NoticeFile, sending: SendingFile, directory: AgencyDirectory, zone: ZoneInfo, lease_for: timedelta
) -> Rules:
    quiet = sending.quiet_hours
    return Rules(
        notices=tuple(entry.value for entry in held.notices),
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
        window_for=timedelta(seconds=sending.window_seconds or 0),
        webhook_within=timedelta(minutes=sending.webhook_minutes),
        digests={
            (agency.code, post.value): DigestTimes(digest.at, frozenset(map(WEEKDAYS.index, digest.days)), zone)
            for agency in directory.agencies
            if (digest := agency.digest)
            for post in digest.posts
        },
    )
