"""Renders a delivery as a message for each channel; the only place that handles plain addresses and names."""

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from services.notify.channels import Message
from services.notify.domain.correspondence import Complaint, Correspondence, Sealed
from services.notify.domain.deliveries import CHANNEL, REPORTER, Delivery
from services.notify.domain.notices import AGENCY_HEAD, LIAISON
from services.notify.domain.outcomes import Deferred, Withheld
from services.notify.domain.sending.statuses import WEBHOOK
from services.notify.messages.due_times import due_text, due_time
from services.notify.messages.formatting import duration
from services.notify.messages.links import NO_LINKS, LinkWriter
from services.notify.messages.statuses import status_message
from services.notify.messages.strangers import linkless, salutation_name
from services.notify.messages.templates import EMAIL, NAMES, SMS
from services.notify.policy import INTRODUCTION, NoticePolicy
from shared.delivery.guard import Bug, guarded
from shared.seal import Opener, ReporterUnreadable, SealError
from shared.values import replace, value

LOG = "log"
INDONESIAN = "id"
WITHHELD = {"id": "(rahasia)", "en": "(confidential)", "jv": "(winados)", "su": "(rusiah)"}
WRITTEN = frozenset({"answer", "note", "question", "reason", "text"})  # by people, about what is confidential
CHANNEL_OF_PREFERENCE = {"email": "email", "whatsapp": "whatsapp", "sms": "sms", "sms_1708": "sms"}


@value
class Recipient:
    """Who reads a notice, and the addresses by channel.

    ``is_verified``: they are known to be the recipient's own; ``is_vouched``: the channel has made sure of that.
    """

    language: str
    addresses: Mapping[str, str] = field(repr=False)
    name: str | None = field(default=None, repr=False)
    preferred: str | None = None
    is_verified: bool = True
    is_vouched: bool = False


@value
class Reached:
    """Who reads a notice, and the channels on which that is possible, in order; at least one."""

    recipient: Recipient
    channels: tuple[str, ...]


class MessageRenderer:
    """Renders deliveries as messages.

    A reporter is reached on the channel that he prefers if the notice may use it, then on the notice's channels in
    order. The `log` channel stands in for what a machine without gateways lacks, never for a channel that refuses: a
    line in a log reaches nobody. It needs no address, but somebody must be there to be told, and a name is never
    written to it. A channel that is not set up is passed over; if none is left, the notice is withheld as
    ``no_channel``, as ``no_address`` if there is no address at all, and as ``contact_unreadable`` if what the channel
    has sealed is no reporter.
    """

    def __init__(self, policy: NoticePolicy, opener: Opener, links: LinkWriter = NO_LINKS) -> None:
        self.policy = policy
        self.opener = opener
        self.links = links

    def use_policy(self, policy: NoticePolicy) -> None:
        """Use the templates and addresses of *policy* from now on."""
        self.policy = policy

    def render(
        self, state: Correspondence, delivery: Delivery, channels: Collection[str], now: datetime
    ) -> tuple[Message, ...] | Withheld | Deferred:
        """Return the message for each channel that may be tried, in order, or why there is none.

        Args:
            state: What is known of the ticket.
            delivery: Claimed.
            channels: Those that are set up.
            now: Aware, UTC.
        """
        found = self.reached(state, delivery, channels)
        if not isinstance(found, Reached):
            return found
        recipient, ways = found.recipient, found.channels
        if delivery.is_status:
            call = guarded(lambda: status_message(state, delivery, recipient.language, now))
            return Deferred(ways[0], f"unwritable {call.error}") if isinstance(call, Bug) else (call,)
        written = guarded(lambda: tuple(self.message(state, delivery, recipient, name, now) for name in ways))
        return Deferred(ways[0], f"unwritable {written.error}") if isinstance(written, Bug) else written

    def reached(
        self, state: Correspondence, delivery: Delivery, channels: Collection[str]
    ) -> Reached | Withheld | Deferred:
        """Return who reads *delivery* and which of *channels* reach them, or why none does."""
        try:
            recipient = self.recipient(state, delivery)
        except ReporterUnreadable:
            return Withheld("contact_unreadable")
        except SealError as fault:
            # Keys can be put right, so this is tried again like any other fault of ours.
            return Deferred(delivery.channels[0], type(fault).__name__)
        if not recipient.addresses:
            return Withheld("no_address")
        order = sorted(delivery.channels, key=lambda channel: channel != recipient.preferred)
        ways = [name for name in order if name in channels and name in recipient.addresses]
        if not ways and LOG in order and LOG in channels:
            ways = [LOG]
        return Reached(recipient, tuple(ways)) if ways else Withheld("no_channel")

    def recipient(self, state: Correspondence, delivery: Delivery) -> Recipient:
        """Return who reads *delivery*; raise SealError if a reporter's contact cannot be opened."""
        if delivery.role == REPORTER:
            return self.reporter(state)
        if delivery.is_status:
            is_called = delivery.role.removeprefix(CHANNEL) in self.policy.channels.webhooks
            return Recipient(self.policy.default_language, {WEBHOOK: delivery.role} if is_called else {})
        agency = self.policy.directory.get(delivery.agency or "")
        officer = self.policy.directory.officer(delivery.role)
        ways = {"email": officer.email, "telegram": officer.telegram} if officer else {}
        if agency and delivery.role == LIAISON:
            ways = {"email": agency.email, "telegram": agency.telegram}
        elif agency and delivery.role == AGENCY_HEAD:
            ways = {"email": agency.head_email}
        if agency and agency.webhook and delivery.role in agency.webhook.posts:
            ways["webhook"] = agency.code
        preferred = "webhook" if "webhook" in ways else None
        addresses = {name: address for name, address in ways.items() if address}
        return Recipient(self.policy.default_language, addresses, preferred=preferred)

    def reporter(self, state: Correspondence) -> Recipient:
        """Return the reporter; raise SealError if the contact cannot be opened."""
        language = self.policy.default_language
        if not isinstance(state.contact, Sealed):
            return Recipient(language, {})
        kept = state.contact
        contact = self.opener.open_contact(state.ticket_id, kept.sealed, kept.key_id, kept.scheme, kept.info)
        ways = {"email": contact.email, "sms": contact.phone, "whatsapp": contact.phone}
        is_vouched = self.policy.channels.verifies_contacts(contact.channel or "")
        return Recipient(
            language=self.policy.language_of_locale.get(contact.locale, language),
            addresses={channel: address for channel, address in ways.items() if address},
            name=contact.name,
            preferred=CHANNEL_OF_PREFERENCE.get(contact.preferred_channel or ""),
            # The channel makes sure of it, or the reporter has acted since.
            is_verified=state.has_acted or is_vouched,
            is_vouched=is_vouched,
        )

    def message(
        self,
        state: Correspondence,
        delivery: Delivery,
        recipient: Recipient,
        channel: str,
        now: datetime,
        *,
        stopped: bool = False,
    ) -> Message:
        """Return the message on one channel; *stopped* if it goes out though messages to its address are stopped."""
        language = self.policy.language_of_text(delivery.template, recipient.language)
        values = self.values(state, delivery, language, now, channel)
        values["name"] = None if channel == LOG else salutation_name(recipient.name)
        link = None if channel == LOG else self.links.link(state, delivery, self.policy.pages)
        values |= {"link": link, "stopped": stopped}
        text = self.policy.templates.render(delivery.template, language, values, channel)
        return Message(
            id=delivery.id,
            ticket_id=state.ticket_id,
            notice=delivery.notice,
            role=delivery.role,
            channel=channel,
            language=language,
            written_at=now,
            address=recipient.addresses.get(channel),
            subject=text.subject,
            body=text.body,
            html=text.html,
            is_verified=recipient.is_verified,
            is_vouched=recipient.is_vouched,
            unsubscribe_url=link if channel == EMAIL else None,
            tracking_id=str(values["tracking_id"]),
            due_at=due_time(state.seen_from(delivery.part), delivery),
            reply_to=self.links.reply_address(state, delivery, self.policy.pages) if channel == EMAIL else None,
        )

    def while_stopped(self, state: Correspondence, delivery: Delivery, message: Message) -> Message:
        """Return *message* as it says, too, that messages to its address are stopped, and how that is taken back."""
        recipient = self.recipient(state, delivery)
        return self.message(state, delivery, recipient, message.channel, message.written_at, stopped=True)

    def introduction(self, state: Correspondence, message: Message) -> Message:
        """Return what is sent instead of *message* to an address that may be anybody's.

        It holds nothing that a reporter wrote, and says how to stop it.
        """
        tracking_id = state.tracking_id or state.ticket_id
        values = dict.fromkeys(NAMES) | {"tracking_id": tracking_id, "city": self.policy.city, "missing": []}
        language = self.policy.language_of_text(INTRODUCTION, message.language)
        text = self.policy.templates.render(INTRODUCTION, language, values, message.channel)
        stop_subject = f"STOP {tracking_id}"
        return replace(
            message,
            language=language,
            subject=text.subject,
            body=text.body,
            html=text.html,
            stop_subject=stop_subject,
            reply_to=None,  # whoever reads it has not been shown to be the reporter
        )

    def values(
        self, state: Correspondence, delivery: Delivery, language: str, now: datetime, channel: str = EMAIL
    ) -> dict[str, object]:
        """Return what a template is given; what is not known is None."""
        told, complaint = delivery.told, state.complaint
        is_hidden = complaint is not None and hides_title(complaint, delivery.role)
        title = WITHHELD[language] if is_hidden else linkless(complaint.title if complaint else None, language)
        hides_texts = complaint is not None and complaint.confidential and delivery.role != REPORTER
        if hides_texts:
            told = {name: value for name, value in told.items() if name not in WRITTEN}
        if is_hidden and channel == SMS:
            # A text message shows on a locked screen, whoever looks at it.
            told, hides_texts = {name: value for name, value in told.items() if name not in WRITTEN}, True
        part = state.parts.get(delivery.part) if delivery.part else None
        state = state.seen_from(delivery.part)
        due_at = due_time(state, delivery)
        agency = told.get("agency_name") or (delivery.agency and self.policy.directory.name_of(delivery.agency))
        tracking_id = (state.tracking_id or state.ticket_id) + (f"/{part.number}" if part else "")
        return {
            "tracking_id": tracking_id,
            "title": title or tracking_id,
            "city": self.policy.city,
            "agency_name": agency,
            "due_at": due_at and due_text(self.policy, due_at, state, delivery, language, now, brief=channel == SMS),
            "place": None if is_hidden else linkless(complaint.place if complaint else None, language),
            "classification": told.get("classification")
            or state.classification
            or (complaint and complaint.classification),
            "priority": told.get("priority") or ("emergency" if state.is_emergency else state.priority),
            "missing": list(complaint.missing) if complaint else [],
            "question": None if hides_texts else told.get("question") or state.question,
            "note": told.get("note") or linkless(told.get("text"), language),
            "advice": _in_language(told, "advice", language),
            "reason": linkless(
                _in_language(told, "reason", language) or told.get("reason") or told.get("why"), language
            ),
            "remaining": _duration_text(told.get("remaining_seconds"), language),
            "overdue": _duration_text(told.get("overdue_seconds"), language),
        } | {name: told.get(name) for name in ("answer", "rating", "by", "clock", "percent", "level", "parts")}


def hides_title(complaint: Complaint, role: str) -> bool:
    """Return whether a mail says nothing of what was reported: a mailbox has other readers than its owner.

    Of a sensitive report not even the reporter's own mail does, for it may be read by whom it is about.
    """
    return complaint.withheld or (complaint.confidential and role != REPORTER)


def _in_language(told: Mapping[str, Any], name: str, language: str) -> str | None:
    """Return what an event tells in some languages; in Indonesian if not in *language*, which its readers read, too."""
    return told.get(f"{name}_{language}") or told.get(f"{name}_{INDONESIAN}")


def _duration_text(seconds: float | None, language: str) -> str | None:
    """Return a duration in words; None for None."""
    return None if seconds is None else duration(seconds, language)
