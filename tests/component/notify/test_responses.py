"""What a reporter answers by a link comes to routing once, acknowledged, or not at all."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.notify.web.forms import TEXT_SYMBOLS_MAX, issue
from services.notify.web.responses import WAITING_MAX, ResponsePublisher
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack, Obstacle, TransientError
from shared.events import (
    ConfirmTicket,
    DisputeTicket,
    MessageScope,
    ReplyToTicket,
    ResumeMessages,
    StopMessages,
)
from shared.ids import part_id
from tests.builders import TICKET, accepted, event
from tests.component.notify.web import ANSWERED, KEYS, ROUTED, UPDATES, Site, link, site
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.component

TOKEN = link().removeprefix("/t/")
ADDRESS = MessageScope.ADDRESS
SHORT = timedelta(milliseconds=10)
WORDS = {"action": "dispute", "text": "Lubangnya masih ada."}


class NoBroker:
    """A broker that answers as a test wants; ``asked`` counts."""

    def __init__(self, outcome: HeldBack | Exception | None) -> None:
        self.outcome = outcome
        self.asked = 0
        self.released = asyncio.Event()

    async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
        self.asked += 1
        if self.outcome is None:
            await self.released.wait()
            return {}
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def answered_site() -> Site:
    return await site(ROUTED, ANSWERED)


@pytest.mark.parametrize(
    ("fields", "command", "thanks"),
    [
        (
            {"action": "confirm", "rating": "4", "text": ""},
            ConfirmTicket(ticket_id=TICKET, rating=4),
            "Terima kasih. Konfirmasi Anda",
        ),
        (
            {"action": "confirm", "rating": "5", "text": " Bagus "},
            ConfirmTicket(ticket_id=TICKET, rating=5, comment="Bagus"),
            "Terima kasih. Konfirmasi Anda",
        ),
        (WORDS, DisputeTicket(ticket_id=TICKET, reason="Lubangnya masih ada."), "Keberatan Anda sudah kami terima"),
        (
            {"action": "reply", "text": "Di depan\r\ntoko kue."},
            ReplyToTicket(ticket_id=TICKET, text="Di depan\ntoko kue."),
            "Keterangan Anda sudah kami terima",
        ),
        ({"action": "stop", "text": "x"}, StopMessages(ticket_id=TICKET), "tidak lagi mengirim kabar"),
        ({"action": "stop_all"}, StopMessages(ticket_id=TICKET, scope=ADDRESS), "laporan mana pun ke alamat ini"),
        ({"action": "resume"}, ResumeMessages(ticket_id=TICKET), "kembali mengirim kabar tentang laporan ini"),
        ({"action": "resume_all"}, ResumeMessages(ticket_id=TICKET, scope=ADDRESS), "kembali mengirim kabar ke alamat"),
    ],
)
async def test_what_is_answered_is_said_to_routing_before_anybody_is_thanked(
    fields: dict[str, str], command: Any, thanks: str
) -> None:
    asked = await answered_site()

    answer = await asked.post(link(), form=await asked.form(link()), **fields)

    assert (answer.status_code, thanks in answer.text) == (200, True)
    (said,) = asked.said
    assert (said.source, said.data, said.key, said.time) == ("/channels/links", command, TICKET, NOON)


async def test_what_is_answered_to_a_part_names_that_part() -> None:
    part = part_id(TICKET, 1)
    asked = await site(ROUTED, ANSWERED.model_copy(update={"ticket_id": part, "parent": TICKET, "part": 1}))

    await asked.post(link(part=1), form=await asked.form(link(part=1)), **WORDS)

    assert [said.data for said in asked.said] == [DisputeTicket(ticket_id=part, reason=WORDS["text"])]


async def test_a_double_click_and_a_reload_are_the_same_event() -> None:
    asked = await answered_site()
    form = await asked.form(link())

    answers = [await asked.post(link(), form=form, **WORDS)]
    asked.harness.pass_time(timedelta(minutes=3))
    answers.append(await asked.post(link(), form=form, **WORDS))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({said.id for said in asked.said}) == 1


async def test_another_answer_and_the_same_from_another_page_are_other_events() -> None:
    asked = await answered_site()
    form = await asked.form(link())

    await asked.post(link(), form=form, **WORDS)
    await asked.post(link(), form=form, action="dispute", text="Dan lampunya mati.")
    await asked.post(link(), form=await asked.form(link()), **WORDS)

    assert len({said.id for said in asked.said}) == 3


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "abc",
        TOKEN,
        issue(KEYS, f"{TOKEN[:-1]}B", b"n", NOON + timedelta(hours=1)),
        issue(KEYS, "", b"n", NOON + timedelta(hours=1)),
    ],
    ids=["none", "made up", "the link itself", "of another link", "of no link"],
)
async def test_a_form_that_the_page_did_not_issue_is_refused(signature: str) -> None:
    asked = await answered_site()

    answer = await asked.post(link(), form=signature, **WORDS)

    assert answer.status_code == 400
    assert asked.said == []


async def test_a_page_that_was_open_for_too_long_is_shown_again_with_what_was_written() -> None:
    asked = await answered_site()
    form = await asked.form(link())
    asked.harness.pass_time(timedelta(minutes=120))

    answer = await asked.post(link(), form=form, **WORDS)

    assert (answer.status_code, asked.said) == (403, [])
    assert "terlalu lama terbuka" in answer.text
    assert "Lubangnya masih ada.</textarea>" in answer.text
    assert (await asked.post(link(), form=await asked.form(link()), **WORDS)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"action": "confirm", "text": "Bagus"}, "Mohon pilih nilai 1 sampai 5."),
        ({"action": "confirm", "rating": "6"}, "Mohon pilih nilai 1 sampai 5."),
        ({"action": "dispute", "text": " \r\n "}, "Mohon tulis sesuatu dahulu."),
        ({"action": "reply"}, "Mohon tulis sesuatu dahulu."),
        ({"action": "reply", "text": "a" * (TEXT_SYMBOLS_MAX + 1)}, "terlalu panjang"),
        ({"action": "reply", "text": "a\u202eb"}, "huruf yang tidak terlihat"),
    ],
)
async def test_what_is_missing_is_said_and_nothing_is_taken(fields: dict[str, str], note: str) -> None:
    asked = await answered_site()

    answer = await asked.post(link(), form=await asked.form(link()), **fields)

    assert (answer.status_code, note in answer.text) == (422, True)
    assert asked.said == []


async def test_the_longest_text_that_is_taken_fits_whatever_it_is_written_in() -> None:
    asked = await answered_site()

    answer = await asked.post(link(), form=await asked.form(link()), action="reply", text="😀" * TEXT_SYMBOLS_MAX)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"action=reply", b"action=withdraw&form=x", b"action=reply&form=%ff", b"\xff\xfe", b"{}",
        b"&".join(b"a%d=1" % number for number in range(20)),
    ],
)  # fmt: skip
async def test_what_is_no_form_of_the_page_is_refused(body: bytes) -> None:
    asked = await answered_site()
    async with asked.browser() as asking:
        answer = await asking.post(link(), content=body)

    assert answer.status_code == 400
    assert asked.said == []


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_long_is_not_read(announced: bool) -> None:
    asked = await answered_site()
    whole = b"action=reply&text=" + b"a" * 70_000

    async def in_pieces() -> Any:
        for start in range(0, len(whole), 10_000):
            yield whole[start : start + 10_000]

    async with asked.browser() as asking:
        answer = await asking.post(link(), content=whole if announced else in_pieces())

    assert answer.status_code == 413
    assert asked.said == []


@pytest.mark.parametrize("obstacle", [Obstacle.MISSING, Obstacle.FORBIDDEN])
async def test_a_topic_that_takes_nothing_means_that_nothing_is_taken(obstacle: Obstacle) -> None:
    asked = await answered_site()
    asked.harness.broker.refused[UPDATES] = obstacle

    answer = await asked.post(link(), form=await asked.form(link()), **WORDS)

    assert (answer.status_code, "Belum terkirim" in answer.text) == (503, True)
    assert asked.said == []


async def test_after_an_outage_the_same_answer_can_be_sent_from_the_page_that_says_so() -> None:
    asked = await answered_site()
    asked.pages.responses, working = ResponsePublisher(NoBroker(TransientError("away")), SHORT), asked.pages.responses
    form = await asked.form(link())

    answer = await asked.post(link(), form=form, **WORDS)

    assert answer.status_code == 503
    for field in (f'name="form" value="{form}"', 'value="dispute"', "Lubangnya masih ada.</textarea>"):
        assert field in answer.text
    asked.pages.responses = working
    assert (await asked.post(link(), form=form, **WORDS)).status_code == 200


async def test_nobody_waits_for_a_broker_that_does_not_answer() -> None:
    broker = NoBroker(None)
    publisher = ResponsePublisher(broker, SHORT)
    said = Outgoing("id", UPDATES, TICKET, b"{}")

    waited = [await publisher.publish(said) for _ in range(WAITING_MAX + 1)]

    assert (set(waited), broker.asked) == ({False}, WAITING_MAX)
    broker.released.set()
    await asyncio.wait(publisher.waiting)
    assert await ResponsePublisher(broker, 100 * SHORT).publish(said)


@pytest.mark.expects_errors
async def test_a_bug_of_the_publisher_is_no_thanks() -> None:
    assert not await ResponsePublisher(NoBroker(RuntimeError("x")), 100 * SHORT).publish(
        Outgoing("id", UPDATES, TICKET, b"{}")
    )


async def test_a_sensitive_report_takes_no_answer_by_a_link() -> None:
    asked = Site()
    asked.harness.publish(topics.ACCEPTED, event(accepted(flags=("sensitive_graft",))))
    await asked.harness.work()
    form = issue(KEYS, TOKEN, b"n", NOON + timedelta(hours=1))

    assert (await asked.post(link(), form=form, **WORDS)).status_code == 400
    assert asked.said == []
