"""What comes back by mail is one event, a delivery that failed, or a refusal in two languages; and never lost."""

from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.mail.responses import TEXT_SYMBOLS_MAX
from services.notify.mail import reading
from services.notify.mail.outcomes import SENTENCES, Outcome
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack, Obstacle, TransientError
from shared.events import ContactErased, ReplyToTicket, StopMessages
from shared.ids import part_id
from tests.builders import TICKET, accepted, event, ticket_id
from tests.component.notify.harness import ServiceHarness, told
from tests.component.notify.mails import ADDRESSES, NOWHERE, TEXT, mail, receiver, reply_address
from tests.component.notify.web import ANSWERED, ROUTED, UPDATES, site
from tests.unit.notify.samples import contact, rules

pytestmark = pytest.mark.component


async def opened() -> ServiceHarness:
    """Return a service that knows a ticket which an agency has."""
    return (await site(ROUTED)).harness


async def test_a_reply_is_told_to_routing_as_what_a_link_answers_is() -> None:
    harness = await opened()

    outcome = await receiver(harness).receive(mail().as_bytes())

    assert outcome == Outcome("reply", 0, TICKET)
    (said,) = harness.published(UPDATES)
    assert said.data == ReplyToTicket(ticket_id=TICKET, text=TEXT)
    assert (said.source, said.subject) == ("/channels/links", TICKET)


async def test_what_is_said_of_a_reply_names_nobody() -> None:
    harness = await opened()

    await receiver(harness).receive(mail().as_bytes())

    (record,) = harness.broker.logs[UPDATES, 0] or harness.broker.logs[UPDATES, 1]
    assert record.value is not None
    assert not [name for name in (b"siti", b"Siti", b"warga.example", b"Laporan Anda") if name in record.value]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
async def test_the_same_mail_is_the_same_event_however_it_comes(ending: bytes) -> None:
    harness = await opened()
    raw = mail().as_bytes()

    await receiver(harness).receive(raw)
    harness.pass_time(timedelta(hours=1))
    handed_on = b"Received: from elsewhere\nDelivered-To: " + reply_address().upper().encode() + b"\n" + raw
    await receiver(harness).receive(handed_on.replace(b"\n", ending), reply_address().upper())

    assert len({said.id for said in harness.published(UPDATES)}) == 1


async def test_two_mails_of_the_same_words_are_two_replies() -> None:
    harness = await opened()

    for number in ("1", "2"):
        await receiver(harness).receive(mail(Message_ID=f"<{number}@warga.example>").as_bytes())

    assert len({said.id for said in harness.published(UPDATES)}) == 2


async def test_a_reply_to_a_part_names_that_part() -> None:
    one = {"ticket_id": part_id(TICKET, 1), "parent": TICKET, "part": 1}
    harness = (await site(ROUTED, ROUTED.model_copy(update=one))).harness

    first = await receiver(harness).receive(mail(to=reply_address(part=1)).as_bytes())
    unknown = await receiver(harness).receive(mail(to=reply_address(part=2)).as_bytes())

    assert (first.code, unknown.code) == ("reply", "not_found")
    assert [said.subject for said in harness.published(UPDATES)] == [part_id(TICKET, 1)]


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("STOP", "Re: Laporan"),
        (" berhenti. \n\n-- \nSiti", "Re: Laporan"),
        ("", "STOP K7QF-9D2MX-4Q"),
        ("Stop!\n", "x"),
    ],
)
async def test_stop_as_the_whole_reply_ends_the_messages(text: str, subject: str) -> None:
    harness = await opened()

    outcome = await receiver(harness).receive(mail(text, Subject=subject).as_bytes())

    assert outcome.code == "stop"
    assert [said.data for said in harness.published(UPDATES)] == [StopMessages(ticket_id=TICKET)]


@pytest.mark.parametrize("text", ["Bus tidak stop di halte.", "berhenti di sini lampunya", "stop dulu, Pak"])
async def test_stop_among_other_words_is_a_reply(text: str) -> None:
    harness = await opened()

    assert (await receiver(harness).receive(mail(text, Subject="STOP").as_bytes())).code == "reply"


async def test_a_reply_to_an_answer_neither_confirms_nor_disputes() -> None:
    harness = (await site(ROUTED, ANSWERED)).harness

    await receiver(harness).receive(mail("Belum selesai, lubangnya masih ada.").as_bytes())

    assert [type(said.data) for said in harness.published(UPDATES)] == [ReplyToTicket]


async def test_the_agency_hears_that_there_were_attachments() -> None:
    harness = await opened()
    made = mail()
    made.add_attachment(b"jpeg", maintype="image", subtype="jpeg", filename="lampu.jpg")

    await receiver(harness).receive(made.as_bytes())

    (said,) = harness.published(UPDATES)
    assert isinstance(said.data, ReplyToTicket)
    assert said.data.text == f"{TEXT}\n\n[1 lampiran tidak ikut terkirim / 1 not passed on: attachments]"


def with_attachment_only() -> EmailMessage:
    made = mail("\n")
    made.add_attachment(b"jpeg", maintype="image", subtype="jpeg", filename="lampu.jpg")
    return made


@pytest.mark.parametrize(
    ("made", "status", "code"),
    [
        (mail(to="lapor@tangsel.example"), 67, "no_token"),
        (mail(to=NOWHERE), 67, "bad_token"),
        (mail(to=reply_address(lasts=timedelta())), 67, "expired"),
        (mail(to=reply_address(ticket_id("web", "999"))), 67, "not_found"),
        (mail(to=ADDRESSES.of_bounce(TICKET, TICKET)), 67, "not_a_reply_address"),
        (mail("> Laporan Anda\n"), 65, "empty"),
        (mail(None), 65, "empty"),
        (with_attachment_only(), 65, "empty"),
        (mail("a" * (TEXT_SYMBOLS_MAX + 1)), 65, "text_too_long"),
        (mail("ab cd\n" * 200_000), 65, "text_too_long"),
    ],
)  # fmt: skip
async def test_what_cannot_be_taken_is_refused_in_two_languages(made: EmailMessage, status: int, code: str) -> None:
    harness = await opened()

    outcome = await receiver(harness).receive(made.as_bytes())

    assert outcome == Outcome(code, status)
    assert outcome.is_refused
    assert all(outcome.sentences)
    assert harness.published(UPDATES) == []


async def test_the_longest_reply_is_taken() -> None:
    harness = await opened()

    assert (await receiver(harness).receive(mail("ab" * (TEXT_SYMBOLS_MAX // 2)).as_bytes())).code == "reply"


async def test_a_mail_of_more_than_its_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    harness, raw = await opened(), mail().as_bytes()

    monkeypatch.setattr(reading, "RAW_BYTES_MAX", len(raw))
    assert (await receiver(harness).receive(raw)).code == "reply"
    monkeypatch.setattr(reading, "RAW_BYTES_MAX", len(raw) - 1)
    assert (await receiver(harness).receive(raw)).code == "too_big"


async def test_a_mail_that_is_nested_without_end_is_refused() -> None:
    harness = await opened()
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (number, number) for number in range(3000)
    )

    outcome = await receiver(harness).receive(b"To: " + reply_address().encode() + b"\n" + nested)

    assert outcome == Outcome("unreadable", 65)


async def test_a_sensitive_report_is_not_answered_by_mail() -> None:
    sensitive = topics.ACCEPTED, event(accepted(flags=("sensitive_violence",)))
    harness = await told((topics.CONTACTS, event(contact())), sensitive)

    assert (await receiver(harness).receive(mail().as_bytes())).code == "not_by_mail"
    assert (await receiver(harness).receive(mail("STOP").as_bytes())).code == "not_by_mail"


async def test_nobody_speaks_for_a_reporter_who_was_erased() -> None:
    harness = await opened()
    harness.publish(topics.CONTACTS, event(ContactErased(ticket_id=TICKET)))
    await harness.work()

    assert (await receiver(harness).receive(mail().as_bytes())) == Outcome("gone", 67)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"},
        {"Auto_Submitted": "auto-generated", "To": NOWHERE},
    ],
)  # fmt: skip
async def test_what_a_machine_answers_is_dropped_and_answered_by_nobody(headers: dict[str, str]) -> None:
    harness = await opened()

    outcome = await receiver(harness).receive(mail("Saya sedang cuti.", **headers).as_bytes())

    assert outcome == Outcome("automatic")
    assert harness.published(UPDATES) == []


class NoBroker:
    """A broker that takes nothing: it is out of reach, or the topic is missing."""

    def __init__(self, obstacle: Obstacle | None = None) -> None:
        self.obstacle = obstacle

    async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
        if self.obstacle is None:
            raise TransientError("the broker is out of reach")
        return {each.reference: self.obstacle for each in events}


@pytest.mark.parametrize("broker", [NoBroker(), NoBroker(Obstacle.MISSING)])
async def test_a_reply_that_the_broker_does_not_take_may_come_again(broker: NoBroker) -> None:
    harness = await opened()

    outcome = await receiver(harness, broker).receive(mail().as_bytes())

    assert outcome == Outcome("unavailable", 75)
    assert not outcome.is_refused
    assert (await receiver(harness).receive(mail().as_bytes())).code == "reply"


@pytest.mark.expects_errors
async def test_a_bug_leaves_the_mail_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    harness = await opened()
    receiving = receiver(harness)

    monkeypatch.setattr(receiving, "store", None)
    first = await receiving.receive(mail().as_bytes())
    monkeypatch.setattr(reading, "reply_text", None)
    second = await receiving.receive(mail().as_bytes())

    assert first == second == Outcome("bug", 75)


def test_every_refusal_has_two_sentences_that_fit_into_one_line() -> None:
    for indonesian, english in SENTENCES.values():
        assert indonesian != english
        assert max(len(indonesian), len(english)) < 160


@given(st.binary(max_size=400))
async def test_no_bytes_are_too_odd_to_end_in_an_outcome(junk: bytes) -> None:
    harness = ServiceHarness(rules())

    for raw in (junk, b"To: " + reply_address().encode() + b"\n" + junk, mail().as_bytes()[:-20] + junk):
        assert (await receiver(harness).receive(raw)).code != "bug"


HEADERS = ("Content-Type", "To", "Subject", "Content-Transfer-Encoding", "Content-Disposition", "Message-ID", "From")
ODD = st.text(st.sampled_from("=?utf-8qB;\"' <>@,:\r\n\t\x00é\udc80*0abchartse/multipartxboundary"), max_size=60)


@given(st.lists(st.tuples(st.sampled_from(HEADERS), ODD), max_size=8), ODD)
async def test_no_headers_are_too_odd_to_end_in_an_outcome(headers: list[tuple[str, str]], body: str) -> None:
    harness = ServiceHarness(rules())
    lines = "".join(f"{name}: {text}\n" for name, text in headers) + "\n" + body

    assert (await receiver(harness).receive(lines.encode("utf-8", "surrogateescape"))).code != "bug"
