"""The story of the demo: its complaints, who answers what, and when it is complete."""

import asyncio
from collections import Counter
from io import StringIO

import pytest
from rich.console import Console

from shared import events as e
from shared.events.envelope import decode
from shared.ids import ticket_id, tracking_id
from tests.builders import NOON, accepted, event
from tests.unit.tindak.test_formatting import routed, step
from tindak.demo_story import script
from tindak.demo_story.cast import Cast
from tindak.demo_story.chronicle import Chronicle
from tindak.demo_story.ending import Notices, figures, missing, notices
from tindak.demo_story.narrator import Narrator, cut
from tindak.demo_story.play import beside, is_worth_telling

pytestmark = pytest.mark.unit

PJU = ticket_id("web", "demo-pju")
TRACKING = tracking_id(PJU)
ABOUT = {"ticket_id": PJU, "tracking_id": TRACKING, "at": NOON}


def taken() -> e.ComplaintAccepted:
    return accepted(ticket_id=PJU, tracking_id=TRACKING, source_id="demo-pju")


def fact(kind: type[e.TicketFact], version: int = 2, **fields: object) -> e.TicketFact:
    return kind.model_validate(ABOUT | {"version": version, "state": "s", "agency": "dishub"} | fields)


def at_dishub(**changes: object) -> e.TicketRouted:
    return routed(**(ABOUT | {"agency": "dishub"} | changes))


def delivered(notice: str, **changes: object) -> e.NotificationSent:
    plain = {
        "ticket_id": PJU, "delivery_id": "d", "notice": notice, "recipient_role": "reporter", "channel": "email",
        "attempt": 1, "provider_id": "<d@city>",
    }  # fmt: skip
    return e.NotificationSent.model_validate(plain | changes)


def asked_by(cast: Cast, *data: e.EventData) -> list[tuple[str, e.EventData]]:
    """Return who asks for what on hearing *data* in turn."""
    out = [each for heard in data for each in cast.answer(heard, NOON)]
    events = [decode(each.value, dict(each.headers), from_outside=True) for each in out]
    return [(each.source, each.data) for each in events]


def chronicle_of(*data: e.EventData) -> Chronicle:
    chronicle = Chronicle()
    for each in data:
        chronicle.add(event(each))
    return chronicle


def test_complaints_are_many_from_many_channels_with_a_repeat_and_a_conflict() -> None:
    given = script.complaints()
    sources = Counter((each["channel"], each["source_id"]) for each in given)

    repeated = [each for each in given if each["source_id"] == "demo-lubang"]
    conflicting = [each for each in given if each["source_id"] == "demo-pju"]

    assert (len(given) >= 20, len({each["channel"] for each in given}) >= 6) == (True, True)
    assert {source for source, times in sources.items() if times > 1} == {
        ("web", "demo-pju"),
        ("android", "demo-lubang"),
    }
    assert repeated[0] == repeated[1]
    assert conflicting[0]["body"] != conflicting[1]["body"]


def test_every_cue_belongs_to_a_complaint_and_is_a_valid_command() -> None:
    cues = [cue for part in (*script.CUES.values(), script.ORDINARY) for cue in part]

    made = [cue.what.model_validate({**cue.say, "ticket_id": PJU}) for cue in cues]

    assert set(script.CUES) <= {each["source_id"] for each in script.complaints()}
    assert [type(command) for command in made] == [cue.what for cue in cues]


def test_everybody_answers_what_the_cue_waits_for_once() -> None:
    cast = Cast()

    asked = asked_by(
        cast, taken(), at_dishub(), at_dishub(), fact(e.TicketAcknowledged), fact(e.TicketProgressed, note="n"),
        fact(e.TicketAnswered, answer="a", final=True),
    )  # fmt: skip

    assert [(source, type(command)) for source, command in asked] == [
        ("/agencies/dishub", e.AcknowledgeTicket),
        ("/agencies/dishub", e.ProgressTicket),
        ("/agencies/dishub", e.AnswerTicket),
        ("/channels/web", e.ConfirmTicket),
    ]
    assert cast.unplayed() == {}


def test_cast_hears_what_came_before_its_complaint() -> None:
    """There is no order between two topics."""
    cast = Cast()

    before, after = asked_by(cast, at_dishub()), asked_by(cast, taken())

    assert (before, [type(command) for _, command in after]) == ([], [e.AcknowledgeTicket])


def test_cast_keeps_silent_about_strangers() -> None:
    assert asked_by(Cast(), at_dishub()) == []


def test_ordinary_complaint_is_acknowledged_and_answered() -> None:
    other = ticket_id("web", "other")
    cast = Cast()

    asked = asked_by(
        cast, accepted(ticket_id=other, source_id="other"), at_dishub(ticket_id=other),
        fact(e.TicketAcknowledged, ticket_id=other),
    )  # fmt: skip

    assert [type(command) for _, command in asked] == [e.AcknowledgeTicket, e.AnswerTicket]
    assert (cast.is_storied(other), cast.is_storied("unknown")) == (False, False)


def test_chronicle_counts_a_repeat_once_and_remembers_that_it_was_told() -> None:
    chronicle = chronicle_of(taken(), taken())

    assert (len(chronicle.told), list(chronicle.all(e.ComplaintAccepted))) == (2, [taken()])


async def test_whoever_waits_is_woken_by_what_is_told() -> None:
    chronicle = Chronicle()
    waiting = asyncio.create_task(chronicle.until(lambda: next(chronicle.all(e.ComplaintAccepted), None)))
    await asyncio.sleep(0)

    chronicle.add(event(taken()))

    assert await asyncio.wait_for(waiting, 5) == taken()


async def test_reader_of_the_chronicle_gets_every_event_once_from_the_first() -> None:
    chronicle = chronicle_of(taken(), taken(), at_dishub())

    async with asyncio.timeout(5):
        events = chronicle.onwards()
        read = [await anext(events), await anext(events)]

    assert [each.data for each in read] == [taken(), at_dishub()]


def test_story_lacks_its_cues_its_moments_and_every_end() -> None:
    cast, chronicle = Cast(), chronicle_of(taken(), at_dishub())
    asked_by(cast, taken())

    lacks = missing(chronicle, cast)

    assert f"nobody has heard demo-pju: tindak.ticket.routed.v1 (tickets {TRACKING})" in lacks
    assert "no clock was breached" in lacks
    assert f"{TRACKING} (demo-pju) has not come to its end" in lacks


def test_ended_ticket_lacks_the_notice_of_its_end_until_it_is_delivered() -> None:
    cast = Cast()
    asked_by(cast, taken())
    closed = fact(e.TicketClosed, by="reporter", state="closed")
    lack = f"the reporter of {TRACKING} (demo-pju) was not told of its end"

    before = missing(chronicle_of(taken(), closed, delivered("answered")), cast)
    after = missing(chronicle_of(taken(), closed, delivered("closed")), cast)

    assert (lack in before, lack in after) == (True, False)


def test_figures_count_facts_and_not_their_repeats() -> None:
    refused = e.ComplaintRejected.model_validate(
        {
            "reasons": [{"code": "spam", "message_id": "m", "message_en": "m"}],
            "origin": {"partition": 0, "offset": 0, "sha256": ""},
        }
    )
    told = chronicle_of(
        taken(), taken(), refused, at_dishub(), fact(e.TicketClosed, by="reporter"), delivered("closed")
    )

    assert figures(told, Counter(web=2, ios=1)) == {
        "submitted": "3 complaints by 2 channels", "accepted": "1", "refused": "1: 1 spam", "routed": "1: 1 rule",
        "triage": "0", "closed": "1: 1 reporter", "breaches": "0, escalated 0 times",
        "notices": "1 sent, 0 failed, 0 suppressed",
    }  # fmt: skip


def test_notices_are_grouped_with_a_subject_and_no_address() -> None:
    chronicle = chronicle_of(delivered("closed"), delivered("closed", delivery_id="e", provider_id=None))

    assert notices(chronicle, {"<d@city>": "Laporan ditutup"}) == [
        Notices("reporter", "email", "closed", 2, "Laporan ditutup")
    ]


@pytest.fixture
def narrator() -> Narrator:
    return Narrator(Console(file=StringIO(), width=40, highlight=False), {"dishub": "Dishub"})


def written(narrator: Narrator) -> str:
    file = narrator.console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_line_for_an_accepted_complaint_has_tracking_id_agency_and_reason(narrator: Narrator) -> None:
    complaint = {"channel": "web", "title": "Lampu mati", "body": "x"}

    narrator.decided(complaint, at_dishub(explanation=[step("category", "dishub", "pju")]))

    assert written(narrator).split() == ["web", TRACKING, "Dishub", "Lampu", "mati", "category", "pju"]


def test_line_for_a_refusal_has_code_and_reason(narrator: Narrator) -> None:
    reason = {"code": "empty", "message_id": "Isi laporan kosong.", "message_en": "Empty."}
    rejected = {"reasons": [reason], "origin": {"partition": 0, "offset": 0, "sha256": ""}}

    narrator.refused({"channel": "web", "body": " "}, e.ComplaintRejected.model_validate(rejected))

    assert written(narrator).split() == ["web", "refused", "empty", "(no", "text)", "Isi", "laporan", "kosong."]


def test_narrow_terminal_shows_the_reason_whole_below_the_rest() -> None:
    console = Console(file=StringIO(), width=100, highlight=False, force_terminal=True, color_system=None)
    complaint = {"channel": "web", "title": "Lampu mati", "body": "x"}
    why = "Jembatan didahulukan; lampu dan KTP dilaporkan tersendiri."

    Narrator(console, {}).decided(complaint, at_dishub(explanation=[step("officer", why)]))

    first, second = (line.rstrip() for line in console.file.getvalue().splitlines())  # type: ignore[attr-defined]
    assert first.split() == ["web", TRACKING, "dishub", "Lampu", "mati"]
    assert second == " " * 19 + why


def test_commands_to_try_can_be_copied_whole(narrator: Narrator) -> None:
    narrator.next_steps({"TINDAK_MONGO_URI": "mongodb://h/?a=b&c"}, "tindak", TRACKING)

    lines = [line.strip() for line in written(narrator).splitlines()]
    assert lines[2] == "export TINDAK_MONGO_URI='mongodb://h/?a=b&c'"
    assert f"tindak track {TRACKING}" in lines


@pytest.mark.parametrize(("text", "told"), [("abcd", "abcd"), ("abcde", "abc…"), ("abc de", "abc…")])
def test_long_title_is_cut_with_an_ellipsis(text: str, told: str) -> None:
    assert cut(text, 4) == told


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (at_dishub(hop=1), False),
        (at_dishub(hop=2), True),
        (at_dishub(hop=1, decided_by="officer"), True),
        (fact(e.TicketAcknowledged), True),
        (taken(), False),
        (delivered("closed"), False),
    ],
)
def test_what_people_do_is_told_as_it_happens(data: e.EventData, told: bool) -> None:
    assert is_worth_telling(data) is told


async def test_companion_that_fails_ends_the_story() -> None:
    async def fail() -> None:
        raise ValueError("broker gone")

    with pytest.raises(ValueError, match="broker gone"):
        await asyncio.wait_for(beside(asyncio.Event().wait(), fail()), 5)


async def test_companion_ends_with_the_story() -> None:
    ended = asyncio.Event()

    async def go_on() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def story() -> str:
        await asyncio.sleep(0)
        return "the end"

    assert (await beside(story(), go_on()), ended.is_set()) == ("the end", True)
