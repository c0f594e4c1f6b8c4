"""A reporter whom the channel has sealed itself: what speaks against it, and what it counts as."""

import base64
import json
from typing import Any

import pytest

from services.intake.domain.refusals import refusal_reasons
from shared.events import UnreadableEvent
from shared.events.envelope import decode
from shared.seal import channel_info
from tests.builders import NOON, submitted
from tests.sealing import OPENER, SEALER
from tests.unit.intake.city import RULES
from tindak.client.envelopes import submission

pytestmark = pytest.mark.unit

SEALED, KEY_ID = SEALER.seal(channel_info("web", "1"), b'{"email": "siti@warga.example"}')
GIVEN = {"sealed": SEALED, "key_id": KEY_ID}


def against(key_ids: tuple[str, ...] = (KEY_ID,), **changes: Any) -> list[tuple[str, str | None]]:
    report = submitted(**({"reporter_sealed": GIVEN} | changes))
    return [(reason.code, reason.field) for reason in refusal_reasons(report, NOON, RULES, key_ids)]


def test_a_reporter_sealed_with_any_published_key_is_taken_and_is_somebody() -> None:
    assert against(("new", KEY_ID)) == []
    assert submitted(reporter_sealed=GIVEN).names_reporter
    assert not submitted(reporter={"locale": "id"}).names_reporter


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reporter": {"name": "Siti"}}, "reporter_sealed"),
        ({"reporter": {}}, "reporter_sealed"),
        ({"reporter_sealed": GIVEN | {"key_id": "k0"}}, "reporter_sealed.key_id"),
        ({"reporter_sealed": GIVEN | {"sealed": ""}}, "reporter_sealed.sealed"),
        ({"reporter_sealed": GIVEN | {"sealed": "siti@warga.example"}}, "reporter_sealed.sealed"),
        ({"reporter_sealed": GIVEN | {"sealed": "ünlesbar"}}, "reporter_sealed.sealed"),
        ({"reporter_sealed": GIVEN | {"sealed": base64.b64encode(bytes(48)).decode()}}, "reporter_sealed.sealed"),
        ({"source_id": "wa-081234567890"}, "source_id"),
    ],
)
def test_what_cannot_be_passed_on_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    assert against(**changes) == [("schema_violation", field)]


def test_the_other_alphabet_is_base64_too() -> None:
    assert against(reporter_sealed=GIVEN | {"sealed": SEALED.translate(str.maketrans("+/", "-_"))}) == []


def test_refusals_stand_in_both_languages_and_quote_nothing() -> None:
    report = submitted(reporter={"name": "Siti"}, reporter_sealed={"sealed": "rahasia", "key_id": "kunci"})

    reasons = refusal_reasons(report, NOON, RULES, ())

    assert [reason.field for reason in reasons] == [
        "reporter_sealed", "reporter_sealed.key_id", "reporter_sealed.sealed",
    ]  # fmt: skip
    for reason in reasons:
        assert reason.message_id != reason.message_en
        assert not {"Siti", "rahasia", "kunci "} & {*reason.message_id.split(), *reason.message_en.split()}


def test_what_is_too_long_to_be_a_reporter_is_refused() -> None:
    given = {"channel": "web", "body": "Jalan rusak", "reporter_sealed": GIVEN | {"sealed": "A" * 6001}}
    out = submission(given, NOON)

    with pytest.raises(UnreadableEvent) as refused:
        decode(out.value, dict(out.headers), from_outside=True)

    assert [(reason.code, reason.field) for reason in refused.value.reasons] == [
        ("too_long", "reporter_sealed.sealed"),
    ]  # fmt: skip


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_reporter_of_full_length_can_be_sealed_however_its_json_is_spelled(ascii_only: bool) -> None:
    full = {"name": 200, "phone": 40, "national_id": 40, "preferred_channel": 40}
    plain = json.dumps(
        {name: "\N{GRINNING FACE}" * length for name, length in full.items()} | {"email": "a" * 254},
        ensure_ascii=ascii_only,
    )

    sealed, key_id = SEALER.seal(channel_info("web", "1"), plain.encode())

    assert OPENER.open_contact("", sealed, key_id, info="web|1").name == "\N{GRINNING FACE}" * 200
    assert against(reporter_sealed={"sealed": sealed, "key_id": key_id}) == []
