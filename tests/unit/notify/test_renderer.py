from dataclasses import replace
from typing import Any

import pytest

from services.notify.channels import Message
from services.notify.domain.correspondence import Correspondence, Sealed, Unknown, project
from services.notify.domain.deliveries import Awaited, Deferred, Delivery, Settled, Withheld
from services.notify.domain.notices import OFFICER, SAME_CLUSTER, Notice, plan
from services.notify.messages.renderer import MessageRenderer
from services.notify.messages.templates import Templates
from shared.events import SealScheme, SlaClock, TicketHeld
from shared.policy.agencies import AgencyDirectory
from shared.seal import Contact, Opener
from tests.builders import TRACKING, accepted, event
from tests.fakes.handler_harness import NOON
from tests.sealing import OPENER, SEALER
from tests.unit.notify.samples import (
    EMAIL,
    LATER,
    NAME,
    PHONE,
    POLICY,
    brings_about,
    contact,
    delivery,
    said,
    started,
)

pytestmark = pytest.mark.unit

RENDERER = MessageRenderer(POLICY, OPENER)
DUE_ID = "Kamis, 5 Maret 2026 pukul 16.00 WIB"
DUE_EN = "Thursday, 5 March 2026, 16:00 WIB"
DUE_DAYS = {
    "id": "5 Maret 2026 pukul",
    "en": "5 March 2026, 16",
    "jv": "Kamis, 5 Maret 2026 tabuh",
    "su": "Kemis, 5 Maret 2026",
}


def known(**reporter: Any) -> Correspondence:
    """Return a ticket of which everything is known."""
    state = Correspondence(delivery_ticket())
    for data in (accepted(missing=("location",)), contact(**reporter), *map(started, SlaClock), said(TicketHeld)):
        state = project(state, data)
    return state


def delivery_ticket() -> str:
    return contact().ticket_id


def written(held: Delivery, state: Correspondence | None = None, *channels: str) -> Any:
    return RENDERER.render(state or known(), held, channels or ("email",), NOON)


def addresses(held: Delivery, state: Correspondence, *channels: str) -> list[tuple[str, str | None]]:
    messages = RENDERER.render(state, held, channels, NOON)
    assert isinstance(messages, tuple)
    return [(message.channel, message.address) for message in messages]


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


def test_a_letter_to_the_reporter_carries_name_address_and_due_time() -> None:
    held = delivery(template="routed", agency="dishub", awaited=Awaited(SlaClock.RESPOND, NOON))

    [message] = written(held)

    assert message == Message(
        id=held.id,
        ticket_id=known().ticket_id,
        notice="accepted",
        role="reporter",
        channel="email",
        language="id",
        written_at=NOON,
        address=EMAIL,
        subject=f"Laporan {TRACKING} ditangani Dinas Perhubungan",
        body=message.body,
        html=message.html,
        tracking_id=TRACKING,
        due_at=LATER,
    )
    assert message.body.startswith(f"Halo {NAME},\n")
    assert f"Jawaban pertama paling lambat {DUE_ID} (3 hari lagi)." in message.body


def test_without_the_due_time_a_letter_goes_without_it() -> None:
    held = delivery(template="routed", agency="dishub", awaited=Awaited(SlaClock.RESPOND, NOON))

    [message] = written(held, replace(known(), clocks={}))

    assert "paling lambat" not in message.body


@pytest.mark.parametrize(
    ("told", "mentioned"),
    [({"due_at": "2026-03-06T09:00:00Z"}, True), ({"clock": "resolve"}, True), ({}, False)],
)
def test_a_due_time_comes_from_the_event_or_from_its_clock(told: dict[str, str], mentioned: bool) -> None:
    [message] = written(delivery(template="answered_partly", agency="dishub", told=told | {"answer": "x"}))

    assert ("Penyelesaian paling lambat" in message.body) == mentioned


def test_without_the_report_a_letter_names_its_number() -> None:
    state = replace(known(), complaint=None)

    [message] = written(delivery(template="triage_request", role="triage"), state)

    assert f"Judul: {TRACKING}" in message.body


@pytest.mark.parametrize(
    ("role", "address"),
    [
        ("liaison", "dishub@tangsel.example"),
        ("agency_head", "kepala.dishub@tangsel.example"),
        ("mayor", "walikota@tangsel.example"),
    ],
)
def test_officials_are_reached_at_the_address_of_the_directory(role: str, address: str) -> None:
    held = delivery(role=role, agency="dishub", template="agency_withdrawn")

    assert addresses(held, known(), "email") == [("email", address)]


@pytest.mark.parametrize(
    "held",
    [
        delivery(role="liaison", agency="no_such_agency"),
        delivery(role="no_such_officer"),
        delivery(role="agency_head"),
    ],
)
def test_an_official_whom_the_directory_lacks_is_not_reached(held: Delivery) -> None:
    assert written(held, None, "email", "log") == Withheld("no_address")


def test_an_official_with_a_chat_is_reached_there_too() -> None:
    directory = POLICY.directory
    agencies = tuple(each.model_copy(update={"telegram": "-100123"}) for each in directory.agencies)
    policy = replace(POLICY, directory=AgencyDirectory(agencies, directory.officers))
    held = delivery(role="liaison", agency="dishub", channels=("telegram", "email"))

    messages = MessageRenderer(policy, OPENER).render(known(), held, ("telegram", "email"), NOON)

    assert isinstance(messages, tuple)
    assert [(message.channel, message.address) for message in messages] == [
        ("telegram", "-100123"), ("email", "dishub@tangsel.example"),
    ]  # fmt: skip


def test_a_reporter_without_any_address_is_not_reached() -> None:
    assert written(delivery(), known(email=None), "email", "log") == Withheld("no_address")


def test_a_reporter_without_a_contact_is_not_reached() -> None:
    assert written(delivery(), replace(known(), contact=Unknown()), "email", "log") == Withheld("no_address")


def test_a_reporter_with_only_a_phone_is_not_reached_without_a_gateway() -> None:
    assert written(delivery(), known(email=None, phone=PHONE)) == Withheld("no_channel")


def test_the_log_stands_in_for_a_gateway_that_the_machine_lacks() -> None:
    assert addresses(delivery(), known(email=None, phone=PHONE), "email", "log") == [("log", None)]


def test_a_channel_that_is_not_set_up_is_passed_over() -> None:
    assert addresses(delivery(), known(), "log") == [("log", None)]


def test_the_channels_of_a_notice_are_tried_in_order() -> None:
    held = delivery(channels=("whatsapp", "email", "sms"))

    assert addresses(held, known(phone=PHONE), "sms", "email", "whatsapp") == [
        ("whatsapp", PHONE), ("email", EMAIL), ("sms", PHONE),
    ]  # fmt: skip


def test_the_log_takes_over_from_no_channel_that_reaches_the_recipient() -> None:
    assert addresses(delivery(), known(), "log", "email") == [("email", EMAIL)]


@pytest.mark.parametrize("preferred", ["sms", "sms_1708"])
def test_the_preferred_channel_comes_first(preferred: str) -> None:
    held = delivery(channels=("email", "sms", "log"))
    state = known(phone=PHONE, preferred_channel=preferred)

    assert addresses(held, state, "email", "sms") == [("sms", PHONE), ("email", EMAIL)]


@pytest.mark.parametrize("preferred", ["whatsapp", "pigeon", "log", None])
def test_a_preferred_channel_that_the_notice_lacks_changes_nothing(preferred: str | None) -> None:
    assert addresses(delivery(), known(phone=PHONE, preferred_channel=preferred), "email") == [("email", EMAIL)]


def test_the_log_is_given_no_name() -> None:
    [message] = written(delivery(), known(), "log")

    assert NAME not in message.subject + message.body


def test_a_contact_whose_key_is_missing_is_tried_again_later() -> None:
    renderer = MessageRenderer(POLICY, Opener({"other": bytes(32)}))

    assert renderer.render(known(), delivery(), ("email",), NOON) == Deferred("email", "UnknownContactKey")


def test_a_text_that_cannot_be_rendered_is_tried_again_later() -> None:
    outcome = written(delivery(template="no_such_text"))

    assert isinstance(outcome, Deferred)
    assert outcome.error.startswith("unwritable KeyError at ")


def test_a_message_shows_nobody_in_a_log() -> None:
    [message] = written(delivery())

    shown = repr(message)
    assert not {part for part in (EMAIL, NAME, message.body, message.subject) if part in shown}


@pytest.mark.parametrize(
    ("claimed", "info", "is_verified"),
    [("web", None, True), ("call_center", None, False), ("web", "walk_in|1", False), (None, "android|1", True)],
    ids=["verifying channel", "another channel", "sealed by another", "sealed by a verifying one"],
)
def test_an_address_is_verified_by_the_channel_that_handed_it_over(
    claimed: str | None, info: str | None, is_verified: bool
) -> None:
    state = known()
    sealed, key_id = SEALER.seal(
        info or state.ticket_id, Contact(channel=claimed, email=EMAIL).model_dump_json(exclude_none=True).encode()
    )
    kept = Sealed(sealed, key_id, "id", SealScheme.HPKE, info)

    [message] = written(delivery(), replace(state, contact=kept))

    assert message.is_verified is is_verified
