from dataclasses import replace
from datetime import timedelta

import pytest

from services.notify.channels import Message
from services.notify.domain.correspondence import Correspondence, RunningClock, Sealed, Unknown
from services.notify.domain.deliveries import Awaited, Delivery
from services.notify.domain.outcomes import Deferred, Withheld
from services.notify.messages.renderer import MessageRenderer
from shared.events import SealScheme, SlaClock
from shared.policy.agencies import AgencyDirectory
from shared.seal import Contact, Opener
from tests.builders import TRACKING
from tests.fakes.handler_harness import NOON
from tests.sealing import OPENER, SEALER
from tests.unit.notify.samples import (
    EMAIL,
    LATER,
    NAME,
    PHONE,
    POLICY,
    RENDERER,
    delivery,
    known,
    written,
)
from tests.unit.working_time.calendars import dates, office

pytestmark = pytest.mark.unit

DUE_ID = "Kamis, 5 Maret 2026 pukul 16.00 WIB"
DUE_EN = "Thursday, 5 March 2026, 16:00 WIB"


def addresses(held: Delivery, state: Correspondence, *channels: str) -> list[tuple[str, str | None]]:
    messages = RENDERER.render(state, held, channels, NOON)
    assert isinstance(messages, tuple)
    return [(message.channel, message.address) for message in messages]


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
        is_vouched=True,
    )
    assert message.body.startswith(f"Halo {NAME},\n")
    assert f"Jawaban pertama paling lambat {DUE_ID} (3 hari kerja lagi)." in message.body


@pytest.mark.parametrize(
    ("agency", "clock", "left"),
    [
        ("dishub", SlaClock.RESPOND, "3 hari kerja lagi"),  # Monday to Thursday
        ("damkar", SlaClock.RESPOND, "2 hari kerja lagi"),  # whose calendar has a free day more
        ("damkar", SlaClock.FEEDBACK, "3 hari kerja lagi"),  # which no agency owes
        ("gone", SlaClock.RESPOND, "3 hari kerja lagi"),
    ],
)
def test_working_days_are_those_of_the_calendar_of_who_must_act(agency: str, clock: SlaClock, left: str) -> None:
    watch = office(holidays=dates("2026-03-04"))
    renderer = MessageRenderer(replace(POLICY, calendars={**POLICY.calendars, "around_the_clock": watch}), OPENER)
    held = delivery(template="agency_reply", agency=agency, awaited=Awaited(clock, NOON))

    told = renderer.values(known(), held, "id", NOON)["due_at"]

    assert told == f"{DUE_ID} ({left})"


@pytest.mark.parametrize(("clock", "words"), [("respond", " (terlambat 2 hari kerja)"), ("feedback", "")])
def test_who_answers_late_is_told_and_a_reporter_never_is(clock: str, words: str) -> None:
    held = delivery(agency="dishub", told={"clock": clock})

    told = RENDERER.values(known(), held, "id", LATER + timedelta(days=4))["due_at"]

    assert told == DUE_ID + words


def test_a_clock_of_which_nothing_is_known_but_its_due_time_is_told_in_days_of_the_calendar() -> None:
    held = delivery(agency="dishub", told={"clock": "respond", "due_at": LATER.isoformat()})

    for state in (replace(known(), clocks={}), replace(known(), clocks={SlaClock.RESPOND: RunningClock(NOON, LATER)})):
        assert RENDERER.values(state, held, "id", NOON)["due_at"] == f"{DUE_ID} (3 hari lagi)"


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
