"""Calendars, rules and facts with defaults, and a desk at which a ticket's clocks are watched."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.sla.calendar_files import span_of
from services.sla.domain.allowances import Allowance, Unit
from services.sla.domain.hours import Calendar, Hours, Week
from services.sla.domain.rules import ClockRule, PauseRule, Rung, SlaRules
from services.sla.domain.ticket import Ticket, decide, tick
from services.sla.domain.working_time import WorkingTime
from shared.events import (
    Classification,
    ClockFact,
    ComplaintAccepted,
    EventData,
    Fact,
    HoldReason,
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
    TriageRequested,
)
from tests.builders import TICKET, TRACKING
from tests.builders import accepted as complaint

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
ALWAYS: Week = (hours("00:00-24:00"),) * 7  # type: ignore[assignment]  # a tuple times seven has seven items


def calendar(**changes: Any) -> Calendar:
    plain: dict[str, Any] = {"code": "default", "version": "c1", "zone": "Asia/Jakarta", "week": OFFICE_WEEK}
    return Calendar(**(plain | changes))


def office(**changes: Any) -> WorkingTime:
    return WorkingTime(calendar(**changes))


def days(amount: int) -> Allowance:
    return Allowance(amount, Unit.WORKING_DAYS)


COORDINATOR = (Rung(1, "triage"), Rung(2, "coordinator_head", days(1)))
AGENCY = (
    Rung(1, "liaison"),
    Rung(2, "agency_head", days(1)),
    Rung(3, "mayor", days(7)),
    Rung(4, "ombudsman", days(60), from_start=True, clocks=frozenset({SlaClock.RESOLVE})),
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
        SlaClock.VERIFY: clock_rule(days(3), ladder=COORDINATOR),
        SlaClock.RESPOND: clock_rule(days(5), ladder=AGENCY, calendar=None),
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


def fact(kind: type[TicketFact], version: int, when: str, **about: Any) -> Any:
    return kind(ticket_id=TICKET, tracking_id=TRACKING, state="", version=version, at=at(when), **about)


def routed(version: int, when: str, agency: str = "dishub", **about: Any) -> TicketRouted:
    plain = {
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
    plain = {
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


def reclassified(version: int, when: str, classification: Classification = LAW) -> TicketReclassified:
    return fact(
        TicketReclassified, version, when, classification=classification, was=Classification.COMPLAINT, reason="Salah."
    )


def reopened(version: int, when: str) -> TicketReopened:
    return fact(TicketReopened, version, when, agency="dishub", reason="Masih rusak.")


def closed(version: int, when: str, by: str = "reporter") -> TicketClosed:
    return fact(TicketClosed, version, when, agency="dishub", by=by)


def said(kind: type[ClockFact], clock: SlaClock, round: int = 1, **about: Any) -> Any:
    """Return what sla says of a clock of the ticket."""
    return kind(ticket_id=TICKET, tracking_id=TRACKING, clock=clock, round=round, **about)


class Desk:
    """A ticket's clocks, moved by what is heard and by time.

    ``hear`` and ``wait_until`` return what is said; ``facts`` is all of it, ``ticket`` the state.
    """

    def __init__(self, under: SlaRules = RULES) -> None:
        self.rules = under
        self.ticket: Ticket | None = None
        self.facts: list[Fact] = []

    def hear(self, *heard: EventData, now: str = "") -> list[EventData]:
        """Decide about what is heard, at the moment it happens unless *now* is later."""
        before = len(self.facts)
        for data in heard:
            moment = at(now) if now else data.at if isinstance(data, TicketFact) else data.accepted_at  # type: ignore[attr-defined]
            decision = decide(self.ticket, data, self.rules, moment)
            self.ticket = decision.state
            self.facts += decision.facts
        return [fact.data for fact in self.facts[before:]]

    def wait_until(self, when: str) -> list[EventData]:
        """Let time pass as a sweep without delay would."""
        before, until = len(self.facts), at(when)
        while self.ticket and self.ticket.wakes_at and self.ticket.wakes_at <= until:
            self.look(self.ticket.wakes_at)
        return [fact.data for fact in self.facts[before:]]

    def look(self, now: datetime) -> list[EventData]:
        """Let one sweep look at the ticket."""
        assert self.ticket is not None
        decision = tick(self.ticket, self.rules, now)
        assert decision.state is not None
        assert decision.state.wakes_at is None or decision.state.wakes_at > now, "a sweep would never end"
        self.ticket = decision.state
        self.facts += decision.facts
        return [fact.data for fact in decision.facts]

    def all_said(self, *kinds: type[EventData]) -> list[Any]:
        """Return what was said of these kinds, in order."""
        return [fact.data for fact in self.facts if isinstance(fact.data, kinds)]


def dates(*texts: str) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, texts))
