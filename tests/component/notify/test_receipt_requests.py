import json
from datetime import timedelta
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import SecretStr

from services.notify.app import asked_for_receipts
from services.notify.channels import Message
from services.notify.channels.http import HttpChannel
from services.notify.domain.outcomes import Delivered
from services.notify.references import Reference, References, receipt_requests
from services.notify.settings import Settings
from shared.sealing_keys import PRIVATE_KEYS
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import DELIVERY, POLICY

pytestmark = pytest.mark.component

BASE = "https://lapor.tangsel.example"
GATEWAYS = {gateway.code: gateway for gateway in POLICY.gateways.gateways}
VARIABLES = {name for form in POLICY.receipts.values() for name in form.proof.variables}
REFERENCES = References([b"k" * 32])
REQUESTS = receipt_requests(POLICY.receipts, dict.fromkeys(VARIABLES, "secret"), BASE, REFERENCES)
ASKING = {"whatsapp_template", "whatsapp_text", "twilio", "wavecell"}


def channel(code: str, *, asks: bool = True) -> HttpChannel:
    secrets = {name: SecretStr("secret") for name in GATEWAYS[code].variables}
    return HttpChannel(GATEWAYS[code], secrets, timedelta(seconds=1), REQUESTS.get(code) if asks else None)


def request(code: str, *, asks: bool = True) -> httpx.Request:
    message = Message(
        id=DELIVERY, ticket_id=TICKET, notice="accepted", role="reporter", channel="sms", language="id",
        written_at=NOON, address="0", subject="Kabar", body="Halo",
    )  # fmt: skip
    return channel(code, asks=asks).request(message, "6281234567890")


def test_every_gateway_of_which_receipts_are_described_is_asked_for_them() -> None:
    assert set(REQUESTS) == ASKING


@pytest.mark.parametrize("code", ["whatsapp_template", "whatsapp_text"])
def test_whatsapp_is_given_the_reference_under_which_it_answers(code: str) -> None:
    given = json.loads(request(code).content)["biz_opaque_callback_data"]

    assert REFERENCES.read("whatsapp_template", given) == Reference(TICKET, DELIVERY)


def test_twilio_is_given_an_address_with_the_reference() -> None:
    [url] = parse_qs(request("twilio").content.decode())["StatusCallback"]

    address, _, reference = url.partition("?ref=")
    assert address == f"{BASE}/receipts/twilio"
    assert REFERENCES.read("twilio", reference) == Reference(TICKET, DELIVERY)


def test_wavecell_is_given_an_address_with_the_reference() -> None:
    url = json.loads(request("wavecell").content)["dlrCallbackUrl"]

    assert REFERENCES.read("wavecell", url.partition("?ref=")[2]) == Reference(TICKET, DELIVERY)


@pytest.mark.parametrize("code", sorted(ASKING))
def test_whoever_is_not_asked_is_given_nothing_of_it(code: str) -> None:
    content = request(code, asks=False).content.decode()

    assert not any(name in content for name in ("biz_opaque", "StatusCallback", "dlrCallback"))


@pytest.mark.parametrize(("asks", "within"), [(True, timedelta(hours=24)), (False, None)])
def test_a_text_is_kept_for_those_who_were_asked(asks: bool, within: timedelta | None) -> None:
    answer = {"messages": [{"id": "wamid.1"}]}

    taken = channel("whatsapp_template", asks=asks).read("whatsapp", 200, httpx.Headers(), answer)

    assert taken == Delivered("whatsapp", "wamid.1", within)


def test_without_the_address_of_the_server_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "secret")
    plain = {PRIVATE_KEYS: "k1:" + "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}
    asked = plain | {"receipts_base_url": BASE}

    assert asked_for_receipts(Settings.model_validate(plain), POLICY) == {}
    assert set(asked_for_receipts(Settings.model_validate(asked), POLICY)) == ASKING


def test_a_gateway_whose_receipts_could_not_be_proven_is_not_asked() -> None:
    environment = {"TINDAK_GATEWAY_TWILIO_AUTH_TOKEN": "secret", "TINDAK_GATEWAY_WAVECELL_RECEIPT_TOKEN": " "}

    assert set(receipt_requests(POLICY.receipts, environment, BASE, REFERENCES)) == {"twilio"}
