import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from services.notify.domain.receipts import Receipt
from services.notify.policy.receipts import ReceiptForm, load_receipts
from services.notify.references import References
from services.notify.web.proofs import Call, Unreadable
from services.notify.web.receipt_reading import RECEIPTS_MAX, TooMany, Unmeant, read
from shared.policy.loading import PolicyInvalid
from tests.builders import TICKET
from tests.unit.notify.samples import DELIVERY, POLICY

pytestmark = pytest.mark.unit

FORMS = POLICY.receipts
CHANNELS = {"gw": "sms", "letters": "whatsapp"}
REFERENCES = References([b"k" * 32])
ENTRY = """version: 1
receipts:
  gw:
    channel: sms
    proof: {kind: token, secret_env: TINDAK_GATEWAY_GW, header: X-Token}
    format: json
    reference: ref
    status: status
    delivered: [ok]
    failed: [nok]
"""


def ref(gateway: str) -> str:
    return REFERENCES.of(gateway, TICKET, DELIVERY)


def said(gateway: str, body: Any = b"", query: str = "", form: ReceiptForm | None = None) -> list[Receipt | Unmeant]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(gateway, form or FORMS[gateway], Call("", query, {}, content), REFERENCES)


def whatsapp(*statuses: dict[str, Any]) -> dict[str, Any]:
    """Return a call of the WhatsApp Cloud API as its reference shows it."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},
        "statuses": statuses,
    }
    change = {"value": value, "field": "messages"}
    return {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [change]}]}


def status(name: str, **changes: Any) -> dict[str, Any]:
    plain = {
        "id": "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3QTNCM0NDRTY5MUI2RDQ5MgA=", "status": name, "timestamp": "1750030073",
        "recipient_id": "6281234567890", "biz_opaque_callback_data": ref("whatsapp_template"),
    }  # fmt: skip
    return plain | changes


def receipt(outcome: Any, channel: str, provider_id: str | None, error: str) -> Receipt:
    return Receipt(TICKET, DELIVERY, channel, outcome, provider_id, error)


def test_whatsapp_says_many_things_in_one_call() -> None:
    undeliverable = {"code": 131026, "title": "Message undeliverable", "message": "Message undeliverable"}
    wamid = status("sent")["id"]

    found = said(
        "whatsapp_template",
        whatsapp(
            status("sent"), status("delivered"), status("read"), status("failed", errors=[undeliverable]),
            status("invented"), status("delivered", biz_opaque_callback_data="x"),
        ),
    )  # fmt: skip

    assert found == [
        "ignored", receipt("delivered", "whatsapp", wamid, "receipt_delivered"),
        receipt("delivered", "whatsapp", wamid, "receipt_read"),
        receipt("failed", "whatsapp", wamid, "receipt_failed 131026"), "unknown_status", "unknown_reference",
    ]  # fmt: skip


def test_what_somebody_writes_to_the_number_is_no_receipt() -> None:
    message = {"from": "6281234567890", "id": "wamid.1", "type": "text", "text": {"body": "Halo"}}
    call = whatsapp()
    call["entry"][0]["changes"][0]["value"] = {"messages": [message]}

    assert said("whatsapp_template", call) == []


def test_twilio_says_one_thing_in_a_form() -> None:
    form = {
        "MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005", "To": "+6281234567890", "Body": "é",
    }  # fmt: skip

    [found] = said("twilio", urlencode(form).encode(), f"ref={ref('twilio')}")

    assert found == receipt("failed", "sms", "SM1", "receipt_undelivered 30005")


def test_wavecell_says_one_thing_in_json() -> None:
    payload = {"umid": "bda3d56a-1424-e711-813c-06ed3428fe67", "status": {"state": "delivered", "errorCode": 0}}
    body = {"namespace": "SMS", "eventType": "outbound_message_status_changed", "payload": payload}

    [found] = said("wavecell", body, f"ref={ref('wavecell')}")

    assert found == receipt("delivered", "sms", payload["umid"], "receipt_delivered 0")


def test_an_aggregator_may_say_it_in_the_address(tmp_path: Path) -> None:
    entry = ENTRY.replace("format: json", "format: query").replace("reference: ref", "reference: batchId")
    (tmp_path / "receipts.yaml").write_text(entry)
    form = load_receipts(tmp_path, CHANNELS)["gw"]

    [found] = said("gw", query=urlencode({"msgid": "2024", "status": "nok", "batchId": ref("gw")}), form=form)

    assert found == receipt("failed", "sms", None, "receipt_nok")


def test_nothing_of_what_a_provider_says_in_words_is_kept() -> None:
    [found] = said("whatsapp_template", whatsapp(status("failed", id="Siti Aminah", errors=[{"code": "tidak ada"}])))

    assert found == receipt("failed", "whatsapp", None, "receipt_failed")


@pytest.mark.parametrize("body", [b"", b"{", b'"a"', b"[" * 100_000, b"\xff\xfe", b"1" * 5000, b"null"])
def test_garbage_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        said("whatsapp_template", body)


@pytest.mark.parametrize("body", [b"garbage", "é".encode(), b"&".join(b"a=1" for _ in range(101)), b"a=%ff"])
def test_a_form_that_is_none_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        said("twilio", body)


@pytest.mark.parametrize(
    "body", [{}, [], {"entry": {}}, {"entry": [1, None, {"changes": "x"}]}, {"entry": [{"changes": [{"value": []}]}]}]
)
def test_other_json_than_was_described_holds_no_receipt(body: Any) -> None:
    assert said("whatsapp_template", body) == []


def test_too_many_receipts_are_refused_at_once() -> None:
    assert len(said("whatsapp_template", whatsapp(*[status("sent")] * RECEIPTS_MAX))) == RECEIPTS_MAX
    with pytest.raises(TooMany):
        said("whatsapp_template", whatsapp(*[status("sent")] * (RECEIPTS_MAX + 1)))


@pytest.mark.parametrize(
    ("was", "now", "fault"),
    [
        ("kind: token", "kind: magic", "5: `kind` must be"),
        (", header: X-Token", "", "5: `proof`: `token` needs either `header` or `query`"),
        ("X-Token}", "X-Token, query: t}", "5: `proof`: `token` needs either `header` or `query`"),
        ("kind: token", "kind: meta_hub", "5: `proof`: `verify_token_env` belongs to `meta_hub`"),
        ("TINDAK_GATEWAY_GW", "AWS_SECRET", "5: `secret_env` does not have the form"),
        ("reference: ref", "reference_query: ref\n    reference: ref", "3: `gw`: either `reference` or"),
        ("    reference: ref\n", "", "3: `gw`: either `reference` or"),
        ("reference: ref", "reference: a..b", "7: `reference` does not have the form"),
        ("failed: [nok]", "failed: [ok]", "3: `gw`: the status `ok` is given twice"),
        ("failed: [nok]", "failed: []", "10: `failed` is empty"),
        ("kind: token, secret_env: TINDAK_GATEWAY_GW, header: X-Token", "kind: twilio, secret_env: TINDAK_GATEWAY_GW",
         "3: `gw`: `twilio` signs a form"),
        ("kind: token, secret_env: TINDAK_GATEWAY_GW, header: X-Token",
         "kind: meta_hub, secret_env: TINDAK_GATEWAY_GW, verify_token_env: TINDAK_GATEWAY_GW",
         "5: `verify_token_env` is the secret that signs"),
        ("  gw:", "  gx:", "3: gateway `gx` is not in gateways.yaml"),
        ("channel: sms", "channel: whatsapp", "3: gateway `gw` delivers by sms, not by whatsapp"),
        ("channel: sms", "channel: sms\n    shared_by: [letters]", "5: gateway `letters` delivers by whatsapp"),
    ],
)  # fmt: skip
def test_a_fault_names_its_line(tmp_path: Path, was: str, now: str, fault: str) -> None:
    (tmp_path / "receipts.yaml").write_text(ENTRY.replace(was, now))

    with pytest.raises(PolicyInvalid) as caught:
        load_receipts(tmp_path, CHANNELS)

    assert any(f"receipts.yaml:{fault}" in str(each) for each in caught.value.faults)


def test_a_policy_without_the_file_takes_no_receipts(tmp_path: Path) -> None:
    assert load_receipts(tmp_path, CHANNELS) == {}
