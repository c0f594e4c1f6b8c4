"""Calendars, rules and facts with defaults, and a harness at which a ticket's clocks are watched."""

from datetime import UTC, date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from services.sla.calendars import span_of
from services.sla.domain.allowances import Allowance, Unit
from services.sla.domain.hours import Calendar, Hours, Week
from services.sla.domain.rules import ClockRule, EscalationLevel, PauseRule, SlaRules
from services.sla.domain.working_time import WorkingTime
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

F = TypeVar("F", bound=TicketFact)

MONDAY = "2026-04-06"  # an ordinary working week
LAW = Classification.COMPLAINT_SUPERVISORY


def at(text: str, zone: str = "Asia/Jakarta") -> datetime:
    """Return the instant of a local time such as ``2026-04-06 09:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def wib(instant: datetime) -> str:
    """Return an instant as people in Tangerang Selatan would write it."""
    return instant.astimezone(ZoneInfo("Asia/Jakarta")).strftime("%Y-%m-%d %H:%M")


def hours(*texts: str) -> Hours:
    return tuple(map(span_of, texts))


OFFICE_DAY = hours("07:30-12:00", "13:00-16:00")
FRIDAY = hours("07:30-11:30", "13:00-16:30")
OFFICE_WEEK: Week = (OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, FRIDAY, (), ())
ALWAYS: Week = (hours("00:00-24:00"),) * 7


def calendar(**changes: Any) -> Calendar:
    plain: dict[str, Any] = {"code": "default", "version": "c1", "zone": "Asia/Jakarta", "week": OFFICE_WEEK}
    return Calendar(**(plain | changes))


def office(**changes: Any) -> WorkingTime:
    return WorkingTime(calendar(**changes))


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


def dates(*texts: str) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, texts))
