"""An official who has chosen digests reads once a morning of all that is open, and nothing is lost or doubled."""

from datetime import timedelta

import pytest

from services.notify.channels import Message
from services.notify.domain.deliveries import IN_DIGEST
from services.notify.domain.digests.schedule import NOTHING_TO_TELL
from shared.delivery.vitals import Vitals
from shared.events import (
    ClockBreached,
    ClockWarned,
    NotificationSuppressed,
    ReporterReplied,
    SlaClock,
    TicketRouted,
)
from shared.ids import tracking_id
from tests.component.notify.digest_city import DAY, MINUTE, DigestCity, choosing, city
from tests.component.notify.harness import RecordingChannel, nothing, puts_off, refuses
from tests.fakes.handler_harness import Crashed
from tests.unit.notify.samples import POLICY, TUESDAY, said, started

pytestmark = pytest.mark.component

POLICY_LEASE = POLICY.rules.lease_for
WEDNESDAY, FRIDAY, MONDAY = TUESDAY + DAY, TUESDAY + 3 * DAY, TUESDAY + 6 * DAY


def why(made: DigestCity) -> list[tuple[str, str]]:
    """Return which notices to the liaison were not sent, and why."""
    of_liaison = [fact for fact in made.facts if fact.recipient_role == "liaison"]
    return [(fact.notice, fact.why) for fact in of_liaison if isinstance(fact, NotificationSuppressed)]


async def test_a_notice_to_who_reads_digests_is_not_sent_singly() -> None:
    made, _ = await city()

    assert made.letters() == []
    assert why(made) == [("agency_new_ticket", IN_DIGEST)]


async def test_the_digest_comes_at_its_minute_and_once_that_day() -> None:
    made, tickets = await city()

    await made.at(TUESDAY - timedelta(seconds=1))
    early = list(made.letters())
    await made.at(TUESDAY)
    await made.at(TUESDAY + MINUTE)
    await made.at(WEDNESDAY - timedelta(seconds=1))

    assert early == []
    assert [message.notice for message in made.letters()] == ["digest"]
    assert tracking_id(tickets[0]) in made.letters()[0].body
    assert "laporan baru" in made.letters()[0].body


async def test_no_digest_comes_on_a_day_that_the_policy_does_not_name() -> None:
    made, _ = await city()

    for day in (TUESDAY, WEDNESDAY, TUESDAY + 2 * DAY, FRIDAY, TUESDAY + 4 * DAY, TUESDAY + 5 * DAY, MONDAY):
        await made.at(day)

    days = [message.written_at for message in made.letters()]
    assert days == [TUESDAY, WEDNESDAY, TUESDAY + 2 * DAY, FRIDAY, MONDAY]


async def test_what_was_told_is_not_told_as_new_again() -> None:
    made, tickets = await city()

    await made.at(TUESDAY)
    await made.tell(tickets[0], said(ReporterReplied, version=3))
    await made.at(WEDNESDAY)

    first, second = (message.body for message in made.letters())
    assert ("laporan baru" in first, "laporan baru" in second) == (True, False)
    assert "pelapor menambah keterangan" in second


async def test_what_is_saved_just_after_a_digest_stands_in_the_next_one_once() -> None:
    made, tickets = await city()

    await made.at(TUESDAY - MINUTE)
    await made.tell(tickets[0], said(ReporterReplied, version=3))
    await made.at(TUESDAY)
    late = made.store.documents[tickets[0]].state
    assert late is not None
    gathered_then = late.gathered[-1].at
    await made.at(WEDNESDAY)

    assert gathered_then > made.kept.told_until - DAY
    told = ["pelapor menambah keterangan" in message.body for message in made.letters()]
    assert told == [True, False]


async def test_nothing_open_and_nothing_new_sends_nothing() -> None:
    made = DigestCity()
    await made.look()

    await made.at(TUESDAY)

    assert made.email.given == []
    assert [(each.outcome, each.why) for each in made.kept.over] == [("suppressed", NOTHING_TO_TELL)]


async def test_an_emergency_goes_out_at_once() -> None:
    made = DigestCity()
    await made.look()
    ticket = made.report(1)

    await made.tell(ticket, said(TicketRouted, priority="emergency"), started(SlaClock.RESOLVE))
    await made.tell(ticket, said(ReporterReplied, version=3))

    assert [message.notice for message in made.letters()][:1] == ["agency_emergency"]
    assert why(made) == []


async def test_others_get_their_notices_singly() -> None:
    made, tickets = await city()

    await made.tell(tickets[0], said(ClockBreached))

    assert [message.notice for message in made.letters("agency_head")] == ["agency_breach"]
    assert made.letters() == []


async def test_two_processes_send_one_digest() -> None:
    made, _ = await city()
    other = made.new_digest_sender()

    async def meanwhile(_: Message) -> None:
        await other.sweep()

    made.email.meanwhile = meanwhile
    await made.at(TUESDAY)

    assert [message.notice for message in made.letters()] == ["digest"]


async def test_a_digest_that_somebody_faster_has_claimed_is_left_to_them() -> None:
    made, _ = await city()
    made.clock.at = TUESDAY
    (seen_by_both,) = await made.digests.due_before(TUESDAY, 9)

    await made.digest_sender.move(seen_by_both)
    await made.new_digest_sender().move(seen_by_both)

    assert [message.notice for message in made.letters()] == ["digest"]


async def test_a_process_that_dies_while_it_sends_leaves_a_lease_that_runs_out() -> None:
    made, _ = await city(email=RecordingChannel())
    died = made.new_digest_sender()

    async def dies(_: Message) -> None:
        raise Crashed

    made.email.meanwhile = dies
    made.clock.at = TUESDAY
    with pytest.raises(Crashed):
        await died.sweep()
    made.email.meanwhile = nothing
    await made.at(TUESDAY + MINUTE)
    still_leased = len(made.letters())
    await made.at(TUESDAY + POLICY_LEASE + MINUTE)
    await made.at(TUESDAY + 2 * POLICY_LEASE)

    assert still_leased == 1
    assert [message.notice for message in made.letters()] == ["digest"] * 2
    assert len({message.id for message in made.letters()}) == 1
    assert [each.outcome for each in made.kept.over] == ["sent"]


async def test_a_mail_server_that_is_down_is_tried_again_until_it_takes_the_digest() -> None:
    down = puts_off("smtp_unreachable")
    made, _ = await city(email=RecordingChannel(down, down))

    await made.at(TUESDAY)
    for _ in range(10):
        due = made.digests.documents["dishub:liaison"].due_at
        assert due is not None
        await made.at(max(due, made.clock.now()))
        if made.kept.over:
            break

    assert len(made.letters()) == 3
    assert {message.id for message in made.letters()} == {made.kept.over[0].id}
    assert made.kept.over[0].outcome == "sent"


async def test_what_a_failed_digest_should_have_told_stands_in_the_next_one() -> None:
    made, tickets = await city(email=RecordingChannel(refuses("smtp_550")))

    await made.at(TUESDAY)
    failed = made.kept.over
    await made.at(WEDNESDAY)

    assert [(each.outcome, each.why) for each in failed] == [("failed", "smtp_550")]
    assert "laporan baru" in made.letters()[1].body
    assert tracking_id(tickets[0]) in made.letters()[1].body


async def test_a_database_that_does_not_answer_costs_no_attempt() -> None:
    made, _ = await city()
    made.tickets.is_out = True
    await made.at(TUESDAY)
    made.tickets.is_out = False

    await made.at(TUESDAY + MINUTE)

    assert [message.notice for message in made.letters()] == ["digest"]


async def test_who_takes_the_choice_back_is_told_once_more_and_then_singly() -> None:
    made, tickets = await city()
    await made.at(TUESDAY)
    await made.tell(tickets[0], said(ReporterReplied, version=3))
    made.handler.use_policy(choosing({}))

    made.clock.at += timedelta(minutes=10)
    await made.tell(tickets[0], said(ClockWarned, clock=SlaClock.RESOLVE))
    await made.at(WEDNESDAY)
    await made.at(WEDNESDAY + DAY)

    assert [message.notice for message in made.letters()] == ["digest", "agency_warning", "digest"]
    assert "pelapor menambah keterangan" in made.letters()[-1].body
    assert made.kept.is_last


async def test_who_takes_the_choice_back_and_missed_nothing_gets_no_last_digest() -> None:
    made, _ = await city()
    await made.at(TUESDAY)
    made.handler.use_policy(choosing({}))

    await made.at(WEDNESDAY)

    assert [message.notice for message in made.letters()] == ["digest"]


async def test_a_choice_made_anew_begins_with_its_next_morning() -> None:
    made, tickets = await city()
    made.handler.use_policy(choosing({}))
    await made.at(TUESDAY)
    await made.at(WEDNESDAY)
    made.handler.use_policy(choosing())
    await made.at(WEDNESDAY + MINUTE)
    before = len(made.letters())

    await made.tell(tickets[0], said(ReporterReplied, version=3))
    await made.at(WEDNESDAY + DAY)

    assert len(made.letters()) == before + 1
    assert not made.kept.is_last


async def test_who_stops_begins_no_further_digest() -> None:
    made, _ = await city()
    stopping = Vitals()
    stopping.stopping = True
    made.clock.at = TUESDAY

    await made.new_digest_sender(vitals=stopping).sweep()

    assert made.letters() == []
    assert made.kept.current is None
