"""Writes a digest: the table of an agency's open tickets, masked as every letter to an official is."""

from collections.abc import Collection
from datetime import datetime

from services.notify.channels import Message
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Delivery
from services.notify.domain.digests.contents import ROWS_MAX, Contents, Row
from services.notify.domain.notices import LIAISON
from services.notify.domain.outcomes import Deferred, Withheld
from services.notify.messages.formatting import lateness, moment
from services.notify.messages.letters import CELLS
from services.notify.messages.renderer import WITHHELD, MessageRenderer, Reached, hides_title
from services.notify.messages.strangers import linkless
from services.notify.policy import NoticePolicy
from shared.delivery.guard import Bug, guarded


def write_digest(
    renderer: MessageRenderer, delivery: Delivery, told: Contents, channels: Collection[str], now: datetime
) -> tuple[Message, ...] | Withheld | Deferred:
    """Return the digest for each of *channels* that may be tried, in order, or why there is none."""
    found = renderer.reached(Correspondence(delivery.id), delivery, channels)
    if not isinstance(found, Reached):
        return found

    def written(channel: str) -> Message:
        policy, recipient = renderer.policy, found.recipient
        language = policy.language_of_text(delivery.template, recipient.language)
        values = digest_values(policy, delivery.agency or "", told, language, now)
        text = policy.templates.render(delivery.template, language, values, channel)
        return Message(
            id=delivery.id,
            ticket_id=delivery.id,
            notice=delivery.notice,
            role=delivery.role,
            channel=channel,
            language=language,
            written_at=now,
            address=recipient.addresses.get(channel),
            subject=text.subject,
            body=text.body,
            html=text.html,
        )

    letters = guarded(lambda: tuple(written(channel) for channel in found.channels))
    return Deferred(found.channels[0], f"unwritable {letters.error}") if isinstance(letters, Bug) else letters


def digest_values(policy: NoticePolicy, agency: str, told: Contents, language: str, now: datetime) -> dict[str, object]:
    """Return what the text of a digest is given: exact counts, and `ROWS_MAX` rows at most, the overdue ones first."""
    room, values = ROWS_MAX, dict[str, object]()
    for name, rows in (("late", told.overdue), ("today", told.today), ("later", told.others), ("gone", told.gone)):
        shown = rows[:room]
        room -= len(shown)
        values |= {name: [_row(policy, row, language, now) for row in shown], f"{name}_count": len(rows)}
    return values | {
        "agency_name": policy.directory.name_of(agency),
        "city": policy.city,
        "open_count": told.open_count,
        "more_count": max(0, told.open_count + len(told.gone) - ROWS_MAX),
    }


def _row(policy: NoticePolicy, row: Row, language: str, now: datetime) -> dict[str, object]:
    tracking_id = row.tracking_id + (f"/{row.number}" if row.number else "")
    complaint = row.complaint
    title = linkless(complaint.title if complaint else None, language)
    if complaint is not None and hides_title(complaint, LIAISON):
        title = WITHHELD[language]
    is_late = row.due_at is not None and row.due_at < now
    return {
        "tracking_id": tracking_id,
        # A table is told by what stands between its cells.
        "title": " ".join((title or tracking_id).replace(CELLS.strip(), "/").split()),
        "state": row.state,
        "clock": row.clock and row.clock.value,
        "due_at": row.due_at and moment(row.due_at, language, policy.zone, brief=True),
        "late": lateness((now - row.due_at).total_seconds(), language) if row.due_at and is_late else None,
        "news": list(row.news),
        "followers": row.followers,
    }
