"""A small city and a ticket in any situation, so that a test shows only what matters to it."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from services.routing.domain.agency_choice.rules import (
    AgencyRule,
    Category,
    Condition,
    EarlyUpdates,
    KindRule,
    Officer,
    OfficerRole,
    OverridePolicy,
    PriorityRule,
    RoutingPolicy,
    Rulebook,
)
from services.routing.domain.lifecycle.commands import Request, Update, follow
from services.routing.domain.ticket.refusals import Refusal
from services.routing.domain.ticket.state import (
    Answered,
    Archived,
    Closed,
    Filed,
    Held,
    InTriage,
    Situation,
    Split,
    Stage,
    State,
    Ticket,
    WithAgency,
    Withdrawn,
)
from services.routing.policy.clusters import ClustersEntry
from shared.events import (
    Author,
    Classification,
    ClosedBy,
    Decision,
    HoldReason,
    Location,
    Priority,
    Report,
    UpdateRefused,
)
from shared.policy.identities import load_identities
from shared.senders import sender_of
from shared.text.phrases import Phrasebook
from tests.builders import TICKET, TRACKING
from tests.conftest import POLICY as SHIPPED
from tests.fakes.handler_harness import NOON

LATER = NOON + timedelta(hours=1)
DISHUB, DLH, ROADS = "/agencies/dishub", "/agencies/dlh", "/agencies/dsdabmbk"
OFFICER, DESK, CHIEF, CHANNEL = "/officers/7", "/officers/desk", "/officers/chief", "/channels/web"
PRIVACY = "/officers/privacy"
LINK = f"https://lapor.example/t/{TRACKING}"
UPDATE_ID = "3b9dc0b6-6a3c-5b55-9e0e-0d5a3e3c7f11"


def phrases(*texts: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(text.split()) for text in texts)


def any_of(*texts: str, none: tuple[str, ...] = ()) -> Condition:
    return Condition(any=phrases(*texts), none=phrases(*none))


RULES = (
    AgencyRule(
        "out-power", any_of("pln", "listrik padam"), "national_admin", 4, "Listrik urusan PLN.", "Power is PLN's."
    ),
    AgencyRule("kw-lamp", any_of("lampu jalan", "pju"), "dishub", 3),
    AgencyRule("kw-traffic", any_of("macet"), "dishub", 2),
    AgencyRule("kw-waste", any_of("sampah", none=("kantong sampah",)), "dlh", 3),
    AgencyRule("kw-road", any_of("berlubang"), "dsdabmbk", 3),
    AgencyRule("kw-neighbour", any_of("ketua rt"), "kecamatan", 3),
    PriorityRule("pri-danger", any_of("membahayakan"), Priority.HIGH),
    KindRule("kind-question", any_of("bagaimana cara"), Classification.INFORMATION_REQUEST),
)
POLICY = RoutingPolicy(
    version="p1",
    agencies={
        "dishub": "Dinas Perhubungan",
        "dlh": "Dinas Lingkungan Hidup",
        "dsdabmbk": "Dinas Bina Marga",
        "kec_ciputat": "Kecamatan Ciputat",
        "national_admin": "Admin Nasional",
    },
    officers={
        "7": Officer(OfficerRole.TRIAGE),
        "chief": Officer(OfficerRole.TRIAGE, frozenset({"dishub"})),
        "desk": Officer(OfficerRole.AGENCY_OFFICER, frozenset({"dishub", "dsdabmbk"})),
        "privacy": Officer(OfficerRole.AGENCY_OFFICER, privacy=True),
    },
    rulebook=Rulebook(RULES),
    districts={"Ciputat": "kec_ciputat"},
    categories={
        "penerangan_jalan": Category("penerangan_jalan", "dishub"),
        "penerangan jalan": Category("penerangan_jalan", "dishub"),
        "pungli": Category("pungli", None, Classification.COMPLAINT_SUPERVISORY),
        "kelurahan": Category("kelurahan", "kecamatan"),
        "listrik": Category("listrik", "national_admin", None, "Urusan PLN.", "It is PLN's."),
    },
    requested=OverridePolicy(True, overruled_at=3, overruled_by=3),
    category=OverridePolicy(True, overruled_at=5, overruled_by=4),
    threshold=3,
    margin=2,
    model_accept=True,
    model_precision_min=0.95,
    suggestions_max=3,
    try_suggested=True,
    hops_max=2,
    reopen_within=timedelta(days=14),
    clusters=ClustersEntry(alike_min=0.4).value(Phrasebook({}, frozenset())),
    early_updates=EarlyUpdates(wait_for=timedelta(hours=24), remember_for=timedelta(days=7)),
    masker=load_identities(SHIPPED),
    seals={},
    link="https://lapor.example/t/{tracking_id}",
    zone=timezone(timedelta(hours=7), "WIB"),
)

SITUATIONS: dict[str, Situation] = {
    "in_triage": InTriage(),
    "routed": WithAgency("dishub", Stage.ROUTED),
    "acknowledged": WithAgency("dishub", Stage.ACKNOWLEDGED),
    "in_progress": WithAgency("dishub", Stage.IN_PROGRESS),
    "reopened": WithAgency("dishub", Stage.REOPENED),
    "held": Held("dishub", Stage.ROUTED, HoldReason.FIELD_WORK),
    "held_for_reporter": Held("dishub", Stage.ACKNOWLEDGED, HoldReason.NEEDS_REPORTER, "Nomor tiang?"),
    "answered": Answered("dishub"),
    "closed_by_reporter": Closed("dishub", ClosedBy.REPORTER, NOON),
    "closed_by_system": Closed("dishub", ClosedBy.SYSTEM, NOON),
    "archived": Archived("dishub"),
    "archived_from_triage": Archived(None),
    "withdrawn": Withdrawn("dishub"),
    "split": Split(),
}


def report(**changes: Any) -> Report:
    plain = {"channel": "web", "title": "Lampu jalan mati", "body": "PJU padam sejak seminggu."}
    return Report.model_validate(plain | changes)


FOR_AGENCY = {"report": report(), "link": LINK}
"""What stands in `routed` on the agency's own topic only."""


def at(kecamatan: str | None = None, text: str | None = None) -> Location:
    return Location(kecamatan=kecamatan, text=text)


def ticket(**changes: Any) -> Ticket:
    plain = Ticket(
        id=TICKET,
        tracking_id=TRACKING,
        report=report(),
        classification=Classification.COMPLAINT,
        category=None,
        priority=Priority.NORMAL,
        requested=None,
        submitted_at=NOON,
        accepted_at=NOON,
        at=NOON,
        version=1,
        agencies=("dishub",),
    )
    return replace(plain, **changes)


def filed(situation: Situation | str = "routed", **changes: Any) -> Filed:
    """Return a ticket in that situation; what has been answered or asked before follows from it."""
    now = SITUATIONS[situation] if isinstance(situation, str) else situation
    counts = {
        "answers": int(isinstance(now, Answered | Closed)),
        "questions": int(isinstance(now, Held) and now.reason is HoldReason.NEEDS_REPORTER),
    }
    return Filed(ticket(**counts | changes), now)


def update(command: Request, by: str = DISHUB, when: datetime = LATER) -> Update:
    return Update(UPDATE_ID, by, command, when)


def ask(
    state: Filed, command: Request, by: str = DISHUB, when: datetime = LATER, policy: RoutingPolicy = POLICY
) -> Decision[State]:
    """Return what comes of asking *command* of a ticket."""
    return follow(policy, state, update(command, by, when))


def author(source: str) -> Author:
    """Return who stands as the author of what follows from an update of *source*."""
    sender = sender_of(source)
    assert sender is not None
    return Author(role=sender.role, code=sender.code)


def head(state: str, version: int = 2, when: datetime = LATER, by: str | None = None) -> dict[str, Any]:
    """Return what every fact of the ticket holds, and its author where *by* names a source."""
    plain = {"ticket_id": TICKET, "tracking_id": TRACKING, "state": state, "version": version, "at": when}
    return plain if by is None else plain | {"by": author(by)}


def said(decision: Decision[Any], topic: str = "tickets.events") -> list[Any]:
    """Return the data of what is told on *topic*."""
    return [fact.data for fact in decision.facts if fact.topic == topic]


def refused(
    source: str, refusal: Refusal, ticket: str = TICKET, when: datetime = LATER, update: str = UPDATE_ID
) -> UpdateRefused:
    """Return a refusal that tells nothing of the ticket."""
    return UpdateRefused(
        ticket_id=ticket, tracking_id="", state="unchanged", version=0, at=when, by=author(source), update_id=update,
        update_source=source, code=refusal.code, message_id=refusal.message_id, message_en=refusal.message_en,
    )  # fmt: skip


def situation_of(decision: Decision[State]) -> Situation:
    assert isinstance(decision.state, Filed)
    return decision.state.situation


def refusal_of(decision: Decision[State]) -> str:
    """Return the code of the one refusal that a decision comes to."""
    return why(decision).code


def why(decision: Decision[State]) -> Refusal:
    """Return the one refusal that a decision comes to, as its rule gives it."""
    (refused,) = {fact.data for fact in decision.facts}
    assert isinstance(refused, UpdateRefused)
    return Refusal(refused.code, refused.message_id, refused.message_en)
