"""The demo: its complaints, how people react to them, and when it is complete."""

import asyncio
from collections import Counter
from io import StringIO

import pytest
from rich.console import Console

from shared import events as e
from shared.events.envelope import decode
from shared.ids import tracking_id
from tests.builders import NOON, accepted, event, ticket_id
from tests.unit.tindak.test_formatting import routed, step
from tindak.demo_story import scenarios
from tindak.demo_story.demo_run import beside, is_shown
from tindak.demo_story.output import DemoOutput, cut
from tindak.demo_story.people import People
from tindak.demo_story.recorder import EventRecorder
from tindak.demo_story.summary import Notices, figures, missing, notices

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


def asked_by(people: People, *data: e.EventData) -> list[tuple[str, e.EventData]]:
    """Return who asks for what in reaction to *data* in turn."""
    out = [each for one in data for each in people.answer(one, NOON)]
    events = [decode(each.value, dict(each.headers), from_outside=True) for each in out]
    return [(each.source, each.data) for each in events]


def recorder_of(*data: e.EventData) -> EventRecorder:
    recorder = EventRecorder()
    for each in data:
        recorder.add(event(each))
    return recorder


def test_complaints_are_many_from_many_channels_with_a_repeat_and_a_conflict() -> None:
    given = scenarios.complaints()
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


def test_every_reaction_belongs_to_a_complaint_and_is_a_valid_command() -> None:
    reactions = [reaction for part in (*scenarios.SCENARIOS.values(), scenarios.ORDINARY) for reaction in part]

    made = [reaction.what.model_validate({**reaction.say, "ticket_id": PJU}) for reaction in reactions]

    assert set(scenarios.SCENARIOS) <= {each["source_id"] for each in scenarios.complaints()}
    assert [type(command) for command in made] == [reaction.what for reaction in reactions]


def test_people_react_to_each_event_once() -> None:
    people = People()

    asked = asked_by(
        people, taken(), at_dishub(), at_dishub(), fact(e.TicketAcknowledged), fact(e.TicketProgressed, note="n"),
        fact(e.TicketAnswered, answer="a", final=True),
    )  # fmt: skip

    assert [(source, type(command)) for source, command in asked] == [
        ("/agencies/dishub", e.AcknowledgeTicket),
        ("/agencies/dishub", e.ProgressTicket),
        ("/agencies/dishub", e.AnswerTicket),
        ("/channels/web", e.ConfirmTicket),
    ]
    assert people.outstanding() == {}


def test_events_before_the_complaint_are_kept_for_it() -> None:
    """There is no order between two topics."""
    people = People()

    before, after = asked_by(people, at_dishub()), asked_by(people, taken())

    assert (before, [type(command) for _, command in after]) == ([], [e.AcknowledgeTicket])


def test_tickets_without_complaint_get_no_reaction() -> None:
    assert asked_by(People(), at_dishub()) == []


def test_ordinary_complaint_is_acknowledged_and_answered() -> None:
    other = ticket_id("web", "other")
    people = People()

    asked = asked_by(
        people, accepted(ticket_id=other, source_id="other"), at_dishub(ticket_id=other),
        fact(e.TicketAcknowledged, ticket_id=other),
    )  # fmt: skip

    assert [type(command) for _, command in asked] == [e.AcknowledgeTicket, e.AnswerTicket]
    assert (people.has_scenario(other), people.has_scenario("unknown")) == (False, False)


def test_repeated_event_is_recorded_twice_and_counted_once() -> None:
    recorder = recorder_of(taken(), taken())

    assert (len(recorder.events), list(recorder.all(e.ComplaintAccepted))) == (2, [taken()])


async def test_a_new_event_wakes_whoever_waits() -> None:
    recorder = EventRecorder()
    waiting = asyncio.create_task(recorder.until(lambda: next(recorder.all(e.ComplaintAccepted), None)))
    await asyncio.sleep(0)

    recorder.add(event(taken()))

    async with asyncio.timeout(5):
        assert await waiting == taken()


async def test_stream_of_the_recorder_gives_every_event_once_from_the_first() -> None:
    recorder = recorder_of(taken(), taken(), at_dishub())

    async with asyncio.timeout(5):
        events = recorder.stream()
        read = [await anext(events), await anext(events)]

    assert [each.data for each in read] == [taken(), at_dishub()]


def test_incomplete_demo_lacks_reactions_required_events_and_ends() -> None:
    people, recorder = People(), recorder_of(taken(), at_dishub())
    asked_by(people, taken())

    lacks = missing(recorder, people)

    assert f"nobody has heard demo-pju: tindak.ticket.routed.v1 (tickets {TRACKING})" in lacks
    assert "no clock was breached" in lacks
    assert f"{TRACKING} (demo-pju) has not come to its end" in lacks


def test_ended_ticket_lacks_the_notice_of_its_end_until_it_is_delivered() -> None:
    people = People()
    asked_by(people, taken())
    closed = fact(e.TicketClosed, by="reporter", state="closed")
    lack = f"the reporter of {TRACKING} (demo-pju) was not told of its end"

    before = missing(recorder_of(taken(), closed, delivered("answered")), people)
    after = missing(recorder_of(taken(), closed, delivered("closed")), people)

    assert (lack in before, lack in after) == (True, False)


def test_figures_count_facts_and_not_their_repeats() -> None:
    refused = e.ComplaintRejected.model_validate(
        {
            "reasons": [{"code": "spam", "message_id": "m", "message_en": "m"}],
            "origin": {"partition": 0, "offset": 0, "sha256": ""},
        }
    )
    told = recorder_of(taken(), taken(), refused, at_dishub(), fact(e.TicketClosed, by="reporter"), delivered("closed"))

    assert figures(told, Counter(web=2, ios=1)) == {
        "submitted": "3 complaints by 2 channels", "accepted": "1", "refused": "1: 1 spam", "routed": "1: 1 rule",
        "triage": "0", "closed": "1: 1 reporter", "breaches": "0, escalated 0 times",
        "notices": "1 sent, 0 failed, 0 suppressed",
    }  # fmt: skip


def test_notices_are_grouped_with_a_subject_and_no_address() -> None:
    recorder = recorder_of(delivered("closed"), delivered("closed", delivery_id="e", provider_id=None))

    assert notices(recorder, {"<d@city>": "Laporan ditutup"}) == [
        Notices("reporter", "email", "closed", 2, "Laporan ditutup")
    ]


@pytest.fixture
def output() -> DemoOutput:
    return DemoOutput(Console(file=StringIO(), width=40, highlight=False), {"dishub": "Dishub"})


def written(output: DemoOutput) -> str:
    file = output.console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_line_for_an_accepted_complaint_has_tracking_id_agency_and_reason(output: DemoOutput) -> None:
    complaint = {"channel": "web", "title": "Lampu mati", "body": "x"}

    output.decided(complaint, at_dishub(explanation=[step("category", "dishub", "pju")]))

    assert written(output).split() == ["web", TRACKING, "Dishub", "Lampu", "mati", "category", "pju"]


def test_line_for_a_refusal_has_code_and_reason(output: DemoOutput) -> None:
    reason = {"code": "empty", "message_id": "Isi laporan kosong.", "message_en": "Empty."}
    rejected = {"reasons": [reason], "origin": {"partition": 0, "offset": 0, "sha256": ""}}

    output.refused({"channel": "web", "body": " "}, e.ComplaintRejected.model_validate(rejected))

    assert written(output).split() == ["web", "refused", "empty", "(no", "text)", "Isi", "laporan", "kosong."]


def test_narrow_terminal_shows_the_reason_whole_below_the_rest() -> None:
    console = Console(file=StringIO(), width=100, highlight=False, force_terminal=True, color_system=None)
    complaint = {"channel": "web", "title": "Lampu mati", "body": "x"}
    why = "Jembatan didahulukan; lampu dan KTP dilaporkan tersendiri."

    DemoOutput(console, {}).decided(complaint, at_dishub(explanation=[step("officer", why)]))

    first, second = (line.rstrip() for line in console.file.getvalue().splitlines())  # type: ignore[attr-defined]
    assert first.split() == ["web", TRACKING, "dishub", "Lampu", "mati"]
    assert second == " " * 19 + why


def test_commands_to_try_can_be_copied_whole(output: DemoOutput) -> None:
    output.next_steps({"TINDAK_MONGO_URI": "mongodb://h/?a=b&c"}, "tindak", TRACKING)

    lines = [line.strip() for line in written(output).splitlines()]
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
def test_actions_of_people_are_shown_as_they_happen(data: e.EventData, told: bool) -> None:
    assert is_shown(data) is told


async def test_companion_that_fails_ends_the_story() -> None:
    async def fail() -> None:
        raise ValueError("broker gone")

    with pytest.raises(ValueError, match="broker gone"):
        async with asyncio.timeout(5):
            await beside(asyncio.Event().wait(), fail())


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
