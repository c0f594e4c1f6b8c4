"""A message to a reporter holds a link that opens what it tells of, and no other message does."""

from datetime import timedelta
from typing import Any

import pytest

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import Delivery
from services.notify.mail.addresses import MailAddresses
from services.notify.messages.links import LinkWriter
from services.notify.messages.renderer import MessageRenderer
from services.notify.policy import NoticePolicy
from shared.events import ClockStarted, SlaClock, TicketAnswered, TicketRouted
from shared.ids import part_id
from shared.signed_links import LinkExpired, LinkKeys, LinkTarget, target_of
from shared.values import replace
from tests.builders import TICKET, accepted
from tests.fakes.handler_harness import NOON
from tests.sealing import OPENER
from tests.unit.notify.samples import PHONE, POLICY, contact, delivery, said
from tests.unit.notify.test_standing import ONE, projected

pytestmark = pytest.mark.unit

KEYS = LinkKeys({"a": b"k" * 32})
BASE = "https://lapor.tangsel.example"
ANSWERED = {"notice": "answered", "template": "answered", "told": {"answer": "Sudah.", "agency_name": "Dishub"}}


def body(held: Delivery, policy: NoticePolicy = POLICY, base: str | None = BASE, **changes: Any) -> str:
    complaint = accepted(**changes)
    state = projected(complaint, contact(), said(TicketRouted), said(TicketAnswered, state="answered", **ONE))
    written = MessageRenderer(policy, OPENER, LinkWriter(base, KEYS)).render(state, held, ("email", "log"), NOON)
    assert isinstance(written, tuple)
    return written[0].body


def token_in(text: str) -> str:
    before, _, after = text.partition(f"{BASE}/t/")
    assert before.endswith("Tanggapi di sini: ")
    return after.partition("\n")[0]


def test_the_link_opens_the_ticket_for_as_long_as_the_policy_says() -> None:
    token = token_in(body(delivery(**ANSWERED)))

    assert target_of(KEYS, token, NOON + timedelta(days=29)) == LinkTarget(TICKET)
    with pytest.raises(LinkExpired):
        target_of(KEYS, token, NOON + timedelta(days=30))


def test_the_link_about_a_part_opens_that_part() -> None:
    token = token_in(body(delivery(**ANSWERED, part=part_id(TICKET, 1))))

    assert target_of(KEYS, token, NOON) == LinkTarget(TICKET, 1)


def test_it_is_the_same_at_each_attempt() -> None:
    assert body(delivery(**ANSWERED)) == body(delivery(**ANSWERED))


@pytest.mark.parametrize(
    "given",
    [{"base": None}, {"policy": replace(POLICY, pages=None)}, {"flags": ("sensitive_violence",)}],
    ids=["no address", "no page", "sensitive"],
)
def test_without_a_page_that_may_be_shown_there_is_no_link(given: dict[str, Any]) -> None:
    text = body(delivery(**ANSWERED), **given)

    assert "/t/" not in text
    assert "Tanggapi di sini" not in text


def test_nobody_but_the_reporter_gets_a_link() -> None:
    state = projected(accepted(), contact(), said(TicketRouted), said(ClockStarted, clock=SlaClock.RESPOND))
    writer = LinkWriter(BASE, KEYS)

    assert writer.link(state, delivery(role="liaison", agency="dishub"), POLICY.pages) is None
    assert writer.link(Correspondence(TICKET), delivery(), POLICY.pages) is None


def test_what_is_sent_to_an_address_that_may_be_anybodys_holds_no_link() -> None:
    renderer = MessageRenderer(POLICY, OPENER, LinkWriter(BASE, KEYS))
    state = projected(accepted(), contact())
    written = renderer.render(state, delivery(**ANSWERED), ("email",), NOON)
    assert isinstance(written, tuple)

    assert BASE not in renderer.introduction(state, written[0]).body


MAIL = MailAddresses("lapor@tangsel.example", KEYS)


def reply_to(held: Delivery, policy: NoticePolicy = POLICY, channel: str = "email", **changes: Any) -> str | None:
    state = projected(accepted(**changes), contact(phone=PHONE), said(TicketRouted), said(TicketAnswered, **ONE))
    renderer = MessageRenderer(policy, OPENER, LinkWriter(None, KEYS, MAIL))
    written = renderer.render(state, replace(held, channels=(channel,)), (channel,), NOON)
    assert isinstance(written, tuple)
    assert renderer.introduction(state, written[0]).reply_to is None
    return written[0].reply_to


@pytest.mark.parametrize(("part", "number"), [(None, 0), (part_id(TICKET, 1), 1)])
def test_a_mail_is_answered_for_as_long_as_its_link_lasts(part: str | None, number: int) -> None:
    address = reply_to(delivery(**ANSWERED, part=part))

    assert address is not None
    assert MAIL.read([address], NOON + timedelta(days=29)) == LinkTarget(TICKET, number)
    with pytest.raises(LinkExpired):
        MAIL.read([address], NOON + timedelta(days=30))


@pytest.mark.parametrize(
    "given",
    [{"channel": "whatsapp"}, {"policy": replace(POLICY, pages=None)}, {"flags": ("sensitive_violence",)}],
    ids=["no mail", "no end said", "sensitive"],
)
def test_what_nobody_may_answer_by_mail_has_no_address_for_replies(given: dict[str, Any]) -> None:
    assert reply_to(delivery(**ANSWERED), **given) is None


def test_nobody_but_the_reporter_gets_an_address_for_replies() -> None:
    state = projected(accepted(), contact(), said(TicketRouted))
    liaison = delivery(role="liaison", agency="dishub")

    assert LinkWriter(None, KEYS, MAIL).reply_address(state, liaison, POLICY.pages) is None
    assert LinkWriter(None, KEYS).reply_address(state, delivery(), POLICY.pages) is None
