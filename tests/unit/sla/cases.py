"""Rules and facts with defaults, and a harness at which a ticket's clocks are watched."""

from typing import Any, TypeVar

from services.sla.domain.allowances import Allowance, Unit
from services.sla.domain.rules import ClockRule, EscalationLevel, PauseRule, SlaRules
from shared.events import (
    Classification,
    ComplaintAccepted,
    HoldReason,
    ReporterReplied,
    SlaClock,
    TicketAnswered,
    TicketClosed,
    TicketDeclined,
    TicketFact,
    TicketHeld,
    TicketReclassified,
    TicketReopened,
    TicketResumed,
    TicketRouted,
    TicketSplit,
    TriageRequested,
)
from tests.builders import TICKET, TRACKING
from tests.builders import accepted as complaint
from tests.unit.working_time.calendars import ALWAYS, at, office

F = TypeVar("F", bound=TicketFact)

MONDAY = "2026-04-06"  # an ordinary working week
LAW = Classification.COMPLAINT_SUPERVISORY


def days(amount: int) -> Allowance:
    return Allowance(amount, Unit.WORKING_DAYS)


COORDINATOR = (EscalationLevel(1, "triage"), EscalationLevel(2, "coordinator_head", days(1)))
AGENCY = (
    EscalationLevel(1, "liaison"),
    EscalationLevel(2, "agency_head", days(1)),
    EscalationLevel(3, "mayor", days(7)),
    EscalationLevel(4, "ombudsman", days(60), from_start=True, clocks=frozenset({SlaClock.RESOLVE})),
)
RESOLVE_WITHIN = {
    Classification.INFORMATION_REQUEST: days(5),
    Classification.COMPLAINT: days(14),
    Classification.COMPLAINT_SUPERVISORY: days(60),
    Classification.ASPIRATION: days(14),
}


def clock_rule(allowance: Allowance, **changes: Any) -> ClockRule:
    return ClockRule(dict.fromkeys(Classification, allowance), **({"warn_at_percent": (50, 80)} | changes))


def rules(**changes: Any) -> SlaRules:
    """Return rules like those of the city, on a calendar without holidays; ``clocks`` replaces single clocks."""
    clocks = {
        SlaClock.VERIFY: clock_rule(days(3), escalation=COORDINATOR),
        SlaClock.RESPOND: clock_rule(days(5), escalation=AGENCY, calendar=None),
        SlaClock.RESOLVE: ClockRule(RESOLVE_WITHIN, (50, 80), AGENCY, None),
        SlaClock.COMPLETE: clock_rule(days(10)),
        SlaClock.FEEDBACK: clock_rule(days(10), warn_at_percent=(80,)),
    }
    both = frozenset({SlaClock.RESPOND, SlaClock.RESOLVE})
    plain: dict[str, Any] = {
        "version": "p1",
        "pauses": {
            HoldReason.NEEDS_REPORTER: PauseRule(both),
            HoldReason.NEEDS_OTHER_AGENCY: PauseRule(both, days(10)),
            HoldReason.FIELD_WORK: PauseRule(frozenset({SlaClock.RESOLVE}), days(2)),
        },
        "calendars": {"default": office(), "watch": office(code="watch", version="w1", week=ALWAYS)},
        "calendar_of_agency": {"rescue": "watch"},
    }
    return SlaRules(**(plain | changes | {"clocks": clocks | changes.get("clocks", {})}))


RULES = rules()


def accepted(when: str, **changes: Any) -> ComplaintAccepted:
    return complaint(accepted_at=at(when), submitted_at=at(when), **changes)


def fact(kind: type[F], version: int, when: str, **about: Any) -> F:
    plain = {"ticket_id": TICKET, "tracking_id": TRACKING, "state": "", "version": version, "at": at(when)}
    return kind(**(plain | about))


def routed(version: int, when: str, agency: str = "dishub", **about: Any) -> TicketRouted:
    plain: dict[str, Any] = {
        "agency": agency,
        "agency_name": agency,
        "classification": Classification.COMPLAINT,
        "hop": 1,
        "decided_by": "rule",
        "explanation": (),
        "accepted_at": at(f"{MONDAY} 08:00"),
        "submitted_at": at(f"{MONDAY} 08:00"),
    }
    return fact(TicketRouted, version, when, **(plain | about))


def triaged(version: int, when: str, **about: Any) -> TriageRequested:
    plain: dict[str, Any] = {
        "reason": "no_evidence",
        "classification": Classification.COMPLAINT,
        "accepted_at": at(f"{MONDAY} 08:00"),
        "submitted_at": at(f"{MONDAY} 08:00"),
    }
    return fact(TriageRequested, version, when, **(plain | about))


def answered(version: int, when: str, *, final: bool = True) -> TicketAnswered:
    return fact(TicketAnswered, version, when, agency="dishub", answer="Sudah kami perbaiki.", final=final)


def declined(version: int, when: str) -> TicketDeclined:
    return fact(TicketDeclined, version, when, agency="dishub", reason="Bukan wewenang kami.")


def held(version: int, when: str, reason: HoldReason = HoldReason.NEEDS_REPORTER, until: str = "") -> TicketHeld:
    asked = {"until": at(until)} if until else {}
    return fact(TicketHeld, version, when, agency="dishub", reason=reason, **asked)


def resumed(version: int, when: str) -> TicketResumed:
    return fact(TicketResumed, version, when, agency="dishub")


def replied(version: int, when: str) -> ReporterReplied:
    return fact(ReporterReplied, version, when, text="Di depan nomor 12.")


def reclassified(version: int, when: str, classification: Classification = LAW) -> TicketReclassified:
    return fact(
        TicketReclassified, version, when, classification=classification, was=Classification.COMPLAINT, reason="Salah."
    )


def reopened(version: int, when: str) -> TicketReopened:
    return fact(TicketReopened, version, when, agency="dishub", reason="Masih rusak.")


def split(version: int, when: str) -> TicketSplit:
    return fact(TicketSplit, version, when, parts=(), reason="Dua masalah.")


def closed(version: int, when: str, by: str = "reporter") -> TicketClosed:
    return fact(TicketClosed, version, when, agency="dishub", by=by)
