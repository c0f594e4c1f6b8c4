"""In which language and at what length each notice is written."""

from dataclasses import replace

import pytest

from services.notify.domain.deliveries import Awaited, Settled
from services.notify.domain.notices import OFFICER, SAME_CLUSTER, Notice, plan
from services.notify.domain.projection import project
from services.notify.messages.renderer import MessageRenderer
from services.notify.messages.templates import Templates
from shared.events import SlaClock
from tests.builders import TRACKING, accepted, event
from tests.fakes.handler_harness import NOON
from tests.sealing import OPENER
from tests.unit.notify.samples import (
    NAME,
    PHONE,
    POLICY,
    brings_about,
    delivery,
    known,
    written,
)

pytestmark = pytest.mark.unit

DUE_DAYS = {
    "id": "5 Maret 2026 pukul",
    "en": "5 March 2026, 16",
    "jv": "Kamis, 5 Maret 2026 tabuh",
    "su": "Kemis, 5 Maret 2026",
}


@pytest.mark.parametrize("locale", ["id", "en", "jv", "su"])
@pytest.mark.parametrize("rule", POLICY.rules.notices, ids=lambda rule: rule.code)
def test_every_notice_reads_well_in_its_language(rule: Notice, locale: str) -> None:
    untold = Settled("untold", "agency_new_ticket", "liaison", "dishub", NOON, "suppressed", NOON, why=SAME_CLUSTER)
    state = replace(known(locale=locale), settled=(untold,))
    alone = replace(POLICY.rules, notices=(rule,))

    held = [*plan(state, event(brings_about(rule)), alone, NOON)]

    assert {one.role for one in held} == {"protection_desk" if role == OFFICER else role for role in rule.to}
    for message in (message for one in held for message in written(one, state)):
        language = locale if message.role == "reporter" else "id"
        words = message.subject + message.body
        others = {DUE_DAYS[other] for other in DUE_DAYS if other != language}
        oddities = ("None", "{{", "{%", "[]", "  ", *others)
        assert message.language == language
        assert TRACKING in message.subject
        assert len(message.subject) <= 120
        assert message.body.count("\n") >= 5
        assert [odd for odd in oddities if odd in words] == []
        assert (NAME in words) == (message.role == "reporter")


@pytest.mark.parametrize(("locale", "language"), [("id", "id"), ("en", "en"), ("jv", "jv"), ("su", "su")])
def test_a_reporter_is_written_to_in_the_own_language(locale: str, language: str) -> None:
    [message] = written(delivery(), known(locale=locale))

    assert message.language == language


def test_a_text_that_is_missing_in_a_regional_language_goes_out_in_indonesian() -> None:
    sources = {name: text for name, text in POLICY.templates.sources.items() if name != "accepted.jv.j2"}
    renderer = MessageRenderer(replace(POLICY, templates=Templates(sources)), OPENER)

    messages = renderer.render(known(locale="jv"), delivery(), ("email",), NOON)

    assert isinstance(messages, tuple)
    assert (messages[0].language, messages[0].body) == ("id", written(delivery(), known(locale="id"))[0].body)


def test_a_text_message_is_short_and_tells_number_agency_and_due_time() -> None:
    held = delivery(template="routed", agency="dishub", channels=("sms",), awaited=Awaited(SlaClock.RESPOND, NOON))

    [message] = written(held, known(phone=PHONE), "sms")

    assert message.html is None
    assert message.body == (
        f"Laporan {TRACKING} ditangani Dinas Perhubungan. Jawaban pertama paling lambat 5 Maret 2026 pukul 16.00 WIB."
        " Tenggatnya kami awasi."
    )


def test_whatsapp_shows_the_whole_text_and_no_page() -> None:
    [message] = written(delivery(channels=("whatsapp",)), known(phone=PHONE), "whatsapp")
    [mail] = written(delivery())

    assert (message.body, message.html) == (mail.body, None)


@pytest.mark.parametrize(("flags", "is_told"), [((), True), (("sensitive", "sensitive_violence"), False)])
def test_a_text_message_about_a_sensitive_report_says_nothing_that_anybody_wrote(
    flags: tuple[str, ...], is_told: bool
) -> None:
    state = project(known(phone=PHONE), accepted(flags=flags))
    held = delivery(template="answered", agency="dishub", channels=("sms",), told={"answer": "Lubang sudah ditambal."})

    [message] = written(held, state, "sms")

    assert message.body.startswith(f"Laporan {TRACKING} dijawab ")
    assert ("ditambal" in message.body) is is_told
