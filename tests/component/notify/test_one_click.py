"""A mail program stops messages at one click, and the page offers what fits what was stopped (RFC 8058)."""

import re
from datetime import timedelta
from typing import Any

import pytest

from services.notify.channels.smtp import SmtpChannel
from services.notify.settings import Settings
from shared.events import MessageScope, MessagesStopped, StopMessages
from shared.values import replace
from tests.builders import TICKET
from tests.component.notify.web import BASE, ROUTED, link, site
from tests.unit.notify.samples import POLICY, delivery, rules, said, written

pytestmark = pytest.mark.component

ADDRESS = MessageScope.ADDRESS
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.mark.parametrize("sent", [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}])
async def test_a_mail_program_stops_messages_at_one_click_without_a_form_of_ours(sent: Any) -> None:
    """RFC 8058, 3.2: either kind of form, and neither cookie nor anything else beside the link."""
    asked = await site(ROUTED)
    async with asked.browser() as asking:
        answers = [await asking.post(link(), **sent) for _ in range(2)]
        asked.harness.pass_time(timedelta(minutes=1))
        answers.append(await asking.post(link(), **sent))
        forged = await asking.post("/t/forged", **sent)

    assert [answer.status_code for answer in (*answers, forged)] == [200, 200, 200, 404]
    assert {said.data for said in asked.said} == {StopMessages(ticket_id=TICKET, scope=ADDRESS)}
    assert len({said.id for said in asked.said}) == 2


async def test_where_no_notice_confirms_it_one_click_stops_the_messages_of_the_ticket() -> None:
    asked = await site(ROUTED, policy=replace(POLICY, rules=rules()))

    answer = await asked.post(link(), **ONE_CLICK)

    assert answer.status_code == 200
    assert [said.data for said in asked.said] == [StopMessages(ticket_id=TICKET)]
    assert "stop_all" not in (await asked.get(link())).text


async def test_a_ticket_that_has_heard_of_a_stop_offers_to_take_it_back() -> None:
    asked = await site(ROUTED, said(MessagesStopped), said(MessagesStopped, scope=ADDRESS))

    text = (await asked.get(link())).text

    assert set(re.findall(r'name="action" value="(\w+)"', text)) == {"reply", "resume", "resume_all"}


def test_a_mail_with_a_link_says_where_it_is_stopped_at_one_click_and_one_without_says_nothing() -> None:
    smtp = SmtpChannel(Settings.model_validate({"TINDAK_CONTACT_PRIVATE_KEYS": "unused"}))
    [message] = written(delivery())

    found = [smtp.letter(one) for one in (replace(message, unsubscribe_url=BASE + link()), message)]

    assert [(mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"]) for mail in found] == [
        (f"<{BASE}{link()}>", "List-Unsubscribe=One-Click"),
        (None, None),
    ]
