from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.correspondence import Correspondence, Erased
from services.notify.domain.deliveries import (
    MAY_CHANGE,
    REPORTER,
    Awaited,
    Delivery,
    Due,
    Failed,
    Sending,
    Sent,
    Situation,
    Suppressed,
    Waiting,
)
from services.notify.domain.notices import Rules
from services.notify.domain.projection import forgotten
from services.notify.domain.repair import repair
from services.notify.domain.settlement import UNSENT_FOR, UNSENT_MAX, put_away, settle
from services.notify.store import STATE
from shared.events import (
    Applied,
    Author,
    Event,
    Ignored,
    NoticeRequest,
    NotificationSuppressed,
    ResendRequested,
    SlaClock,
    SuppressionRequested,
    TicketAnswered,
    TicketRouted,
)
from shared.ids import named, part_id
from tests.builders import TICKET, TRACKING, arrival, event
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import DELIVERY, correspondence, delivery, notice, rules

pytestmark = pytest.mark.unit

TRIAGE = Author(role="officer", code="triage")
PART = part_id(TICKET, 1)
ANSWERED = notice(code="answered", on=TicketAnswered.TYPE, template="answered", channels=("whatsapp", "email"))
ROUTED = notice(code="routed", on=TicketRouted.TYPE, due=SlaClock.RESPOND, starts=True)
RULES = rules(notice(), ANSWERED, ROUTED, daily_max=1)
WORDS = {"answer": "Lampu sudah diganti."}
FAILED = Failed(NOON - timedelta(hours=1), 3, "email", "smtp_550")
HELD_BACK = Suppressed(NOON - timedelta(hours=1), 0, "no_channel")
SENT = Sent(NOON - timedelta(hours=1), 1, "email")


def asked(kind: type[NoticeRequest] = ResendRequested, **changes: Any) -> Event:
    plain: dict[str, Any] = {
        "ticket_id": TICKET, "tracking_id": TRACKING, "state": "routed", "version": 9, "at": NOON, "by": TRIAGE,
    }  # fmt: skip
    return event(kind.model_validate(plain | changes))


def ended(situation: Situation = FAILED, **changes: Any) -> Delivery:
    """Return an answer to the reporter that was settled."""
    answered = {"notice": "answered", "template": "answered", "told": WORDS} | changes
    return settle(delivery(**answered), situation)


def repaired(
    state: Correspondence, request: Event, policy: Rules = RULES
) -> Applied[Correspondence] | Ignored[Correspondence]:
    assert isinstance(request.data, NoticeRequest)
    return repair(state, request, request.data, arrival(NOON), policy)


def again(state: Correspondence, request: Event) -> list[Delivery]:
    """Return the deliveries that are sent for others."""
    decision = repaired(state, request)
    return [each for each in (decision.state or state).deliveries if each.repeats]


@pytest.mark.parametrize("situation", [FAILED, HELD_BACK, *(replace(HELD_BACK, why=why) for why in MAY_CHANGE)])
def test_what_went_wrong_is_sent_once_more_with_its_words_on_the_channels_of_today(situation: Situation) -> None:
    request = asked()

    [fresh] = again(correspondence(ended(situation)), request)

    assert fresh == delivery(
        Due(NOON, 1), id=named(request.id, f"resend|{DELIVERY}"), notice="answered", template="answered",
        channels=("whatsapp", "email"), told=WORDS, planned_at=NOON, repeats=DELIVERY, requested_by="triage",
    )  # fmt: skip


def test_what_is_sent_once_more_has_all_its_ways_before_it() -> None:
    """What no receipt said of the repeat would else count as said, and a way that failed once would be no next one."""
    [fresh] = again(correspondence(ended(failed_ways=("whatsapp",))), asked())

    assert fresh.failed_ways == ()


@pytest.mark.parametrize("why", ["contact_erased", "no_contact", "too_old", "stopped", "words_gone"])
def test_what_is_held_back_for_good_stays_so(why: str) -> None:
    state = correspondence(ended(replace(HELD_BACK, why=why)))

    assert again(state, asked()) == again(state, asked(delivery_id=DELIVERY, again=True)) == []


def test_the_same_request_gives_the_same_delivery_and_a_second_one_none() -> None:
    state, request = correspondence(ended()), asked()

    first = repaired(state, request)

    assert first == repaired(state, request)
    assert first.state is not None
    assert isinstance(repaired(first.state, asked(reason="Sekali lagi.")), Ignored)


def test_a_policy_that_knows_the_notice_no_more_leaves_it_as_it_was() -> None:
    decision = repaired(correspondence(ended()), asked(), rules(notice()))

    assert decision.state is not None
    [*_, fresh] = decision.state.deliveries
    assert (fresh.template, fresh.channels) == ("answered", ("email", "log"))


@pytest.mark.parametrize(
    ("request_", "meant"),
    [
        ({}, {"1", "2"}),
        ({"notice": "accepted"}, {"1"}),
        ({"notice": "routed"}, set()),
        ({"delivery_id": "2"}, {"2"}),
        ({"delivery_id": "2", "notice": "accepted"}, set()),
        ({"ticket_id": PART, "parent": TICKET, "part": 1}, {"2"}),
    ],
)
def test_a_request_may_name_a_notice_a_delivery_or_a_part(request_: dict[str, Any], meant: set[str]) -> None:
    state = correspondence(ended(id="1", notice="accepted", template="accepted"), ended(id="2", part=PART))

    assert {each.repeats for each in again(state, asked(**request_))} == meant


def test_a_repeated_delivery_waits_like_any_other_for_what_it_tells() -> None:
    state = correspondence(ended(notice="routed", template="accepted", awaited=Awaited(SlaClock.RESPOND)))

    [fresh] = again(state, asked())

    assert fresh.situation == Waiting(NOON + RULES.wait_for)


def test_of_an_erased_reporter_a_repeat_is_held_back_visibly() -> None:
    state = forgotten(put_away(correspondence(ended(), ended(id="2", role="liaison", agency="dishub")), NOON))

    assert [(each.role, dict(each.told)) for each in state.unsent] == [("liaison", {})]
    receipt = ended(notice="accepted", template="accepted")
    reported = repaired(correspondence(receipt, contact=Erased()), asked()).facts
    assert [getattr(fact.data, "why", None) for fact in reported] == ["contact_erased"]


def test_what_was_sent_is_sent_again_only_if_that_is_asked() -> None:
    state = correspondence(ended(SENT, notice="routed", template="accepted", role="liaison", agency="dishub"))

    assert again(state, asked(notice="routed")) == []
    [fresh] = again(state, asked(notice="routed", again=True))
    assert (fresh.notice, fresh.role, fresh.agency, fresh.awaited) == (
        "routed", "liaison", "dishub", Awaited(SlaClock.RESPOND),
    )  # fmt: skip


def test_of_several_that_were_sent_the_last_to_each_recipient_is_sent_again() -> None:
    sent = [ended(SENT, id=f"{n}", notice="accepted", template="accepted") for n in range(2)]
    state = correspondence(*sent, ended(SENT, id="2", notice="accepted", template="accepted", role="ops"))

    assert {each.repeats for each in again(state, asked(notice="accepted", again=True))} == {"1", "2"}
    assert again(state, asked(again=True)) == []


def test_a_sent_notice_whose_words_are_gone_is_not_sent_without_them() -> None:
    request = asked(delivery_id=DELIVERY, again=True)

    decision = repaired(correspondence(ended(SENT)), request)

    [fact] = decision.facts
    assert fact.data == NotificationSuppressed(
        ticket_id=TICKET, tracking_id=TRACKING, delivery_id=named(request.id, f"resend|{DELIVERY}"), notice="answered",
        recipient_role=REPORTER, channel="whatsapp", attempt=0, why="words_gone", requested_by=TRIAGE,
        repeats=DELIVERY,
    )  # fmt: skip


@pytest.mark.parametrize("open_", [Waiting(NOON), Due(NOON + timedelta(hours=1), 2)])
def test_an_officer_holds_back_what_is_not_sent_yet(open_: Situation) -> None:
    attempt = 2 if isinstance(open_, Due) else 0
    held_back = Suppressed(NOON, attempt, "by_officer")

    decision = repaired(correspondence(delivery(open_)), asked(SuppressionRequested, reason="Ditelepon."))

    [fact] = decision.facts
    assert decision.state is not None
    assert [each.situation for each in decision.state.deliveries] == [held_back]
    assert (getattr(fact.data, "why", None), getattr(fact.data, "requested_by", None)) == ("by_officer", TRIAGE)


@pytest.mark.parametrize("situation", [Sending(NOON + timedelta(minutes=4), 1), SENT, FAILED])
def test_what_is_on_its_way_or_over_cannot_be_held_back(situation: Situation) -> None:
    assert isinstance(repaired(correspondence(delivery(situation)), asked(SuppressionRequested)), Ignored)


def test_a_notice_that_an_officer_held_back_can_be_sent_after_all() -> None:
    held = repaired(correspondence(delivery(Waiting(NOON), told=WORDS)), asked(SuppressionRequested)).state

    assert held is not None
    [fresh] = again(held, asked())
    assert (fresh.told, fresh.situation) == (WORDS, Due(NOON, 1))


def test_a_request_that_concerns_nothing_changes_nothing() -> None:
    state = correspondence(delivery(Due(NOON, 1)), agency="dishub", agency_version=9)

    assert repaired(state, asked(agency="dishub")) == Ignored("there is no such delivery to repair")


def test_a_ticket_that_notify_does_not_know_has_nothing_to_repair() -> None:
    assert isinstance(repair(None, asked(), asked().data, arrival(NOON), RULES), Ignored)  # type: ignore[arg-type]


def test_the_last_ones_are_kept_whole_and_for_a_while() -> None:
    many = correspondence(*(ended(id=f"{number}") for number in range(UNSENT_MAX + 2)))
    late = FAILED.at + UNSENT_FOR

    kept = put_away(many, NOON)

    assert [each.id for each in kept.unsent] == [f"{number}" for number in range(2, UNSENT_MAX + 2)]
    assert {each.told["answer"] for each in kept.unsent} == {WORDS["answer"]}
    assert put_away(kept, late - timedelta(seconds=1)).unsent == kept.unsent
    assert put_away(kept, late).unsent == ()


def test_of_words_that_are_gone_nothing_is_sent_in_their_place() -> None:
    state = correspondence(ended(told={}))

    assert [each.situation for each in again(state, asked())] == [Suppressed(NOON, 0, "words_gone")]


def test_of_what_was_sent_no_words_are_kept() -> None:
    assert ended(SENT).told == ended(replace(HELD_BACK, why="too_old")).told == {}


def test_a_document_of_an_earlier_release_has_nothing_to_send_yet() -> None:
    stored = STATE.dump_python(correspondence(delivery(FAILED, told={})), mode="json")
    for name in ("unsent", "unsent_at"):
        del stored[name]
    for each in stored["deliveries"]:
        del each["repeats"], each["requested_by"]

    read = STATE.validate_python(stored)

    assert (read.unsent, read.unsent_at) == ((), None)
    assert [each.id for each in put_away(read, NOON).unsent] == [DELIVERY]
