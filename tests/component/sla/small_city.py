"""A city whose clocks are short enough to be followed minute by minute: the allowances and pauses of the clerk."""

from datetime import date

from services.sla.domain.rules import ClockRule, PauseRule, SlaRules
from shared.events import SlaClock
from tests.component.sla.plain import PAUSES, RESOLVE_WITHIN, WITHIN
from tests.unit.sla.cases import AGENCY, COORDINATOR, clock_rule, days, rules
from tests.unit.working_time.calendars import ALWAYS, office


def rules_with(holidays: frozenset[date], version: str) -> SlaRules:
    clocks = {clock: clock_rule(days(within)) for clock, within in WITHIN.items()}
    clocks[SlaClock.VERIFY] = clock_rule(days(WITHIN[SlaClock.VERIFY]), escalation=COORDINATOR)
    clocks[SlaClock.RESPOND] = clock_rule(days(WITHIN[SlaClock.RESPOND]), escalation=AGENCY, calendar=None)
    resolve = {kind: days(within) for kind, within in RESOLVE_WITHIN.items()}
    clocks[SlaClock.RESOLVE] = ClockRule(resolve, (50, 80), AGENCY, None)
    return rules(
        clocks=clocks,
        pauses={
            reason: PauseRule(frozenset(of), days(limit) if limit else None) for reason, (of, limit) in PAUSES.items()
        },
        calendars={
            "default": office(holidays=holidays, version=version),
            "watch": office(code="watch", version="w1", week=ALWAYS),
        },
    )
