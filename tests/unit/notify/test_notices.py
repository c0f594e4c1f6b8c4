from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.notify.domain.deliveries import Awaited, Delivery, Waiting
from services.notify.domain.notices import plan, told_by, told_of
from shared.events import (
    ClockBreached,
    ClockWarned,
    DueChanged,
    EventData,
    SlaClock,
    TicketAnswered,
    TicketRouted,
    TicketWithdrawn,
    UpdateRefused,
)
from shared.events.catalogue import DATA_BY_TYPE
from tests.builders import accepted, event
from tests.contract.golden import read
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import POLICY, TICKET_FACT, correspondence, notice, rules, said

pytestmark = pytest.mark.unit

UNTIL = NOON + timedelta(minutes=1)
ANSWERED = TicketAnswered.TYPE


def planned(data: EventData, *, agency: str | None = None, **changes: Any) -> list[Delivery]:
    rule = notice(**({"on": data.TYPE} | changes))
    return list(plan(correspondence(agency=agency), event(data), rules(rule), NOON))


def test_a_planned_notice_waits_under_its_own_id() -> None:
    routed = event(said(TicketRouted))
    rule = notice(code="agency_new_ticket", on=TicketRouted.TYPE, to=("liaison",), template="agency_new_ticket")

    deliveries = list(plan(correspondence(), routed, rules(rule), NOON))

    assert deliveries == [
        Delivery(
            id=str(uuid5(UUID(routed.id), "agency_new_ticket|liaison")),
            notice="agency_new_ticket",
            template="agency_new_ticket",
            role="liaison",
            agency="dishub",
            channels=("email", "log"),
            urgent=False,
            planned_at=NOON,
            situation=Waiting(UNTIL),
            told={"agency_name": "Dinas Perhubungan", "priority": "normal", "classification": "complaint"},
        )
    ]


def test_each_role_gets_a_message_of_its_own() -> None:
    deliveries = planned(said(TicketRouted), to=("liaison", "agency_head", "mayor"))

    assert [delivery.role for delivery in deliveries] == ["liaison", "agency_head", "mayor"]
    assert len({delivery.id for delivery in deliveries}) == 3


def test_another_type_of_event_brings_nothing_about() -> None:
    assert planned(said(TicketRouted), on=ANSWERED) == []


@pytest.mark.parametrize(
    ("when", "unless", "told"),
    [
        ({}, {}, True),
        ({"final": (True,)}, {}, True),
        ({"final": (False,)}, {}, False),
        ({"final": (True,), "agency": ("dlh", "dishub")}, {}, True),
        ({"final": (True,), "agency": ("dlh",)}, {}, False),
        ({}, {"agency": ("dlh",)}, True),
        ({}, {"agency": ("dlh", "dishub")}, False),
        ({"unheard_of": ("x",)}, {}, False),
    ],
)
def test_a_notice_is_planned_if_all_conditions_hold_and_no_exception(
    when: dict[str, Any], unless: dict[str, Any], told: bool
) -> None:
    assert len(planned(said(TicketAnswered), when=when, unless=unless)) == told


def test_a_condition_on_an_enumeration_compares_its_code() -> None:
    assert len(planned(said(ClockWarned), when={"clock": ("respond",)})) == 1


def test_an_event_without_agency_notifies_the_agency_of_the_ticket() -> None:
    [delivery] = planned(said(DueChanged), agency="dlh", to=("liaison",))

    assert delivery.agency == "dlh"


def test_an_event_that_takes_the_agency_away_notifies_none() -> None:
    assert planned(said(ClockBreached, agency=None), agency="dlh", to=("liaison",)) == []


def test_a_refusal_of_release_0_1_0_does_not_clear_the_agency() -> None:
    refused = UpdateRefused(
        **TICKET_FACT | {"agency": None},
        update_id="u",
        update_source="/agencies/dlh",
        code="not_yours",
        message_id="x.",
        message_en="x.",
    )

    [delivery] = planned(refused, agency="dlh", to=("liaison",))

    assert delivery.agency == "dlh"


def test_without_an_agency_no_liaison_is_notified() -> None:
    withdrawn = said(TicketWithdrawn, agency=None)

    assert [delivery.role for delivery in planned(withdrawn, to=("liaison", "agency_head", "triage"))] == ["triage"]


@pytest.mark.parametrize(("starts", "since"), [(True, NOON), (False, None)])
def test_a_notice_may_wait_for_the_due_time_of_a_clock(starts: bool, since: Any) -> None:
    [delivery] = planned(said(TicketRouted), due=SlaClock.RESPOND, starts=starts)

    assert delivery.awaited == Awaited(SlaClock.RESPOND, since)


def test_the_report_itself_is_not_kept_with_a_delivery() -> None:
    [delivery] = planned(accepted(classification="complaint"))

    assert delivery.told == {"classification": "complaint"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ["response_refused"]),
        ({"code": "unchanged"}, []),
        ({"update_source": "/channels/web"}, []),
        ({"update_source": "/agencies/dlh"}, []),
    ],
)
def test_the_shipped_policy_tells_who_answered_by_a_link_that_it_was_refused(
    changes: dict[str, str], told: list[str]
) -> None:
    planned = plan(correspondence(), event(said(UpdateRefused, **changes)), POLICY.rules, NOON)

    assert [(delivery.notice, delivery.role) for delivery in planned] == [(notice, "reporter") for notice in told]


@pytest.mark.parametrize("kind", sorted(DATA_BY_TYPE))
def test_what_is_told_stands_as_the_event_itself_writes_it(kind: str) -> None:
    promise = read(kind)
    assert promise is not None
    data = DATA_BY_TYPE[kind].model_validate(promise["example"]["data"])
    written = data.model_dump(mode="json", include=set(told_of(type(data))), exclude_none=True)

    told = told_by(data)

    assert list(told.items()) == list(written.items())
    assert list(map(type, told.values())) == list(map(type, written.values()))
