"""Events, rules and states of notify with defaults, so that a test shows only what matters to it."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

from services.notify.domain.correspondence import Complaint, Correspondence, Sealed
from services.notify.domain.deliveries import Delivery, Due, Situation, is_unsent
from services.notify.domain.notices import OFFICER, Notice, Rules
from services.notify.domain.projection import project
from services.notify.domain.sending.timing import DigestTimes, Retries
from services.notify.domain.settlement import unsent_at
from services.notify.messages.renderer import MessageRenderer
from services.notify.policy import load_notices
from shared.events import (
    AnswerOffered,
    BreachEscalated,
    ClockBreached,
    ClockStarted,
    ClockWarned,
    ClusterJoined,
    ClusterLeft,
    ComplaintAccepted,
    ContactSealed,
    DueChanged,
    EventData,
    MessagesResumed,
    MessagesStopped,
    ReporterReplied,
    SealScheme,
    SlaClock,
    TicketAnswered,
    TicketArchived,
    TicketClosed,
    TicketHeld,
    TicketMerged,
    TicketProgressed,
    TicketReopened,
    TicketRouted,
    TicketSplit,
    TicketUnmerged,
    TicketWithdrawn,
    TriageRequested,
    UpdateRefused,
)
from shared.events.catalogue import DATA_BY_TYPE
from shared.ids import part_id
from shared.seal import Contact
from tests.builders import TICKET, TRACKING, accepted, ticket_id
from tests.fakes.handler_harness import NOON
from tests.sealing import OPENER, SEALER

POLICY_DIR = Path(__file__).parents[3] / "policy"
POLICY = load_notices(POLICY_DIR)
EMAIL = "siti.aminah@warga.example"
PHONE = "+62 812-3456-7890"
NAME = "Siti Aminah"
DELIVERY = "7d0f3a4e-9f5e-5d5c-8a1b-0a4d2f9c1e55"
LEASE = timedelta(minutes=5)
LEADER = ticket_id("web", "0")
MORNINGS = DigestTimes(time(7, 30), frozenset(range(5)), POLICY.zone)
TUESDAY = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)  # 07:30 WIB
LATER = NOON + timedelta(days=3, hours=4)  # Thursday, 16:00 WIB

D = TypeVar("D", bound=EventData)

TICKET_FACT: dict[str, Any] = {
    "ticket_id": TICKET, "tracking_id": TRACKING, "state": "routed", "version": 2, "at": NOON, "agency": "dishub",
}  # fmt: skip
CLOCK_FACT: dict[str, Any] = {
    "ticket_id": TICKET, "tracking_id": TRACKING, "clock": "respond", "agency": "dishub", "breach_id": TICKET,
    "due_at": LATER, "classification": "complaint",
}  # fmt: skip
FIELDS: dict[type[EventData], dict[str, Any]] = {
    TicketRouted: TICKET_FACT
    | {
        "agency_name": "Dinas Perhubungan", "classification": "complaint", "hop": 1, "decided_by": "rule",
        "explanation": (), "accepted_at": NOON, "submitted_at": NOON,
    },
    TriageRequested: TICKET_FACT
    | {"agency": None, "reason": "no_match", "classification": "complaint", "accepted_at": NOON, "submitted_at": NOON},
    TicketProgressed: TICKET_FACT | {"note": "Tim sudah di lokasi."},
    TicketAnswered: TICKET_FACT | {"answer": "Lubang sudah ditambal.", "final": True},
    AnswerOffered: TICKET_FACT | {"answer": "Lubang sudah ditambal.", "final": True, "cluster": TICKET},
    TicketHeld: TICKET_FACT | {"reason": "needs_reporter", "question": "Di depan toko yang mana?"},
    ReporterReplied: TICKET_FACT | {"text": "Di depan toko kue."},
    TicketClosed: TICKET_FACT | {"by": "reporter", "rating": 5},
    TicketReopened: TICKET_FACT | {"reason": "Lubangnya masih ada."},
    TicketArchived: TICKET_FACT | {"reason": "unclear"},
    TicketWithdrawn: TICKET_FACT,
    TicketSplit: TICKET_FACT
    | {
        "agency": None, "reason": "Dua masalah.", "parts": [
            {"ticket_id": part_id(TICKET, 1), "number": 1, "agency": "dishub", "agency_name": "Dinas Perhubungan"},
            {"ticket_id": part_id(TICKET, 2), "number": 2, "agency": "dlh", "agency_name": "Dinas Lingkungan Hidup"},
        ],
    },
    TicketMerged: TICKET_FACT | {"into": TICKET},
    UpdateRefused: TICKET_FACT
    | {
        "update_id": DELIVERY, "update_source": "/channels/links", "code": "window_closed",
        "message_id": "Sudah lewat.", "message_en": "It is over.",
    },
    TicketUnmerged: TICKET_FACT,
    ClusterJoined: TICKET_FACT | {"cluster": LEADER},
    ClusterLeft: TICKET_FACT | {"cluster": LEADER, "reason": "full"},
    MessagesStopped: TICKET_FACT,
    MessagesResumed: TICKET_FACT,
    ClockStarted: CLOCK_FACT
    | {"started_at": NOON, "allowance": "5 working_days", "policy_version": "p", "calendar_version": "c"},
    DueChanged: CLOCK_FACT | {"was": NOON, "why": "resumed"},
    ClockWarned: CLOCK_FACT | {"percent": 80, "remaining_seconds": 9000.0},
    ClockBreached: CLOCK_FACT | {"breached_at": LATER, "level": 1, "responsible": "liaison"},
    BreachEscalated: CLOCK_FACT | {"level": 2, "responsible": "agency_head", "at": LATER},
}  # fmt: skip


def said(kind: type[D], **changes: Any) -> D:
    """Return data of that type about the pothole in Ciputat."""
    if kind is ComplaintAccepted:
        return kind.model_validate(accepted(**changes).model_dump())
    return kind.model_validate(FIELDS[kind] | changes)


def contact(locale: str = "id", **changes: Any) -> ContactSealed:
    """Return the sealed contact of a reporter who has an e-mail address."""
    given = {"channel": "web", "name": NAME, "email": EMAIL, "locale": locale}
    sealed, key_id = SEALER.seal_contact(TICKET, Contact.model_validate(given | changes))
    return ContactSealed(ticket_id=TICKET, sealed=sealed, locale=given["locale"], key_id=key_id, scheme=SealScheme.HPKE)


def started(clock: SlaClock, at: datetime = NOON, due_at: datetime = LATER) -> ClockStarted:
    """Return the start of a clock."""
    return said(ClockStarted, clock=clock, started_at=at, due_at=due_at)


def notice(**changes: Any) -> Notice:
    """Return the rule that the reporter is told of an accepted complaint by e-mail."""
    plain: dict[str, Any] = {
        "code": "accepted", "on": ComplaintAccepted.TYPE, "to": ("reporter",), "template": "accepted",
        "channels": ("email", "log"), "when": {}, "unless": {},
    }  # fmt: skip
    return Notice(**(plain | changes))


def rules(*notices: Notice, **changes: Any) -> Rules:
    """Return rules with small round figures: three attempts, a minute's wait, no quiet hours."""
    plain: dict[str, Any] = {
        "notices": notices or (notice(),), "retries": Retries(3, timedelta(minutes=1), timedelta(hours=1)),
        "quiet_hours": None, "wait_for": timedelta(minutes=1), "stale_for": timedelta(hours=72), "daily_max": 30,
        "lease_for": LEASE,
    }  # fmt: skip
    return Rules(**(plain | changes))


def delivery(situation: Situation = Due(NOON, 1), **changes: Any) -> Delivery:  # noqa: B008  # frozen
    """Return a notice to the reporter."""
    plain: dict[str, Any] = {
        "id": DELIVERY, "notice": "accepted", "template": "accepted", "role": "reporter", "agency": None,
        "channels": ("email", "log"), "urgent": False, "planned_at": NOON,
    }  # fmt: skip
    return Delivery(**(plain | {"situation": situation} | changes))


def correspondence(*deliveries: Delivery, **changes: Any) -> Correspondence:
    """Return a ticket of which complaint and contact are known."""
    plain: dict[str, Any] = {
        "ticket_id": TICKET, "tracking_id": TRACKING, "contact": Sealed("sealed", "k1", "id"),
        "complaint": Complaint("Jalan berlubang", None, None, (), emergency=False),
        "unsent_at": max((unsent_at(each) for each in deliveries if is_unsent(each.situation)), default=None),
    }  # fmt: skip
    return Correspondence(**(plain | {"deliveries": deliveries} | changes))


def brings_about(rule: Notice) -> EventData:
    """Return an event that the rule tells of."""
    plain = said(DATA_BY_TYPE[rule.on])
    for values in [{}, *({"agency": code} for code in ("national_admin", "dlh")), {"by": "system"}]:
        wanted = {field: allowed[0] for field, allowed in rule.when.items()}
        fields = {name: value for name, value in values.items() if name in type(plain).model_fields}
        named = {OFFICER: "protection_desk"} if OFFICER in rule.to else {}
        data = type(plain).model_validate(plain.model_dump() | fields | wanted | named)
        if rule.concerns(data):
            return data
    raise AssertionError(f"no sample event for {rule.code}")


RENDERER = MessageRenderer(POLICY, OPENER)


def known(**reporter: Any) -> Correspondence:
    """Return a ticket of which everything is known."""
    state = Correspondence(TICKET)
    for data in (accepted(missing=("location",)), contact(**reporter), *map(started, SlaClock), said(TicketHeld)):
        state = project(state, data)
    return state


def written(held: Delivery, state: Correspondence | None = None, *channels: str) -> Any:
    return RENDERER.render(state or known(), held, channels or ("email",), NOON)
