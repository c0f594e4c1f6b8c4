import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette

from services.notify.channels import Channel
from services.notify.channels.http import HttpChannel
from services.notify.domain.deliveries import Sent
from services.notify.domain.outcomes import Delivered
from services.notify.policy.gateways import Gateway
from services.notify.policy.receipts import ReceiptForm
from services.notify.receipts import ReceiptTaker
from services.notify.references import References, receipt_requests
from services.notify.web.receipts import BODY_BYTES_MAX, routes
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import HeldBack, TransientError
from shared.process import metrics
from shared.signatures import secret_keys, signed_headers
from tests.builders import TICKET, event
from tests.component.notify.harness import ACCEPTED, RecordingChannel, ServiceHarness, told
from tests.fakes.handler_harness import NOON
from tests.servers.gateway import Answer, StandInGateway
from tests.unit.notify.samples import PHONE, POLICY, contact, notice, rules

pytestmark = pytest.mark.loopback

HOST, BASE = "127.0.0.1", "https://lapor.tangsel.example"
WHATSAPP, TWILIO, WAVECELL, OURS = (
    "/receipts/whatsapp_template",
    "/receipts/twilio",
    "/receipts/wavecell",
    "/receipts/ours",
)
STANDARD = "whsec_" + base64.b64encode(b"s" * 32).decode()
SECRETS = {
    "TINDAK_GATEWAY_WHATSAPP_APP_SECRET": "app-secret",
    "TINDAK_GATEWAY_WHATSAPP_VERIFY_TOKEN": "verify-me", "TINDAK_GATEWAY_TWILIO_AUTH_TOKEN": "auth-token",
    "TINDAK_GATEWAY_WAVECELL_RECEIPT_TOKEN": "new-token old-token", "TINDAK_GATEWAY_OURS": STANDARD,
}  # fmt: skip
PROOF = {"kind": "standard_webhooks", "secret_env": "TINDAK_GATEWAY_OURS"}
FIELDS = {"channel": "sms", "format": "json", "reference": "ref", "status": "status"}
MEANING = {"delivered": ["ok"], "failed": ["no"]}
FORMS = dict(POLICY.receipts) | {"ours": ReceiptForm.model_validate({"proof": PROOF} | FIELDS | MEANING, strict=False)}
REFERENCES = References([b"k" * 32])
WAYS = rules(notice(channels=("whatsapp", "sms", "email", "log")))
CONTACT = topics.CONTACTS, event(contact(phone=PHONE), at=NOON)


class Server(uvicorn.Server):
    """Leaves signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@asynccontextmanager
async def gateway(
    channel: str = "whatsapp",
    environment: Mapping[str, str] = SECRETS,
    publisher: Any = None,
    way: Channel | None = None,
) -> AsyncIterator[tuple[httpx.AsyncClient, ServiceHarness]]:
    """Yield a client of a server that takes receipts, and the notify behind it, which has sent one message."""
    taken = RecordingChannel(lambda name: Delivered(name, "wamid.1", timedelta(days=1)))
    harness = await told(CONTACT, ACCEPTED, rules=WAYS, **{channel: way or taken})
    await harness.send()
    taker = ReceiptTaker(harness.handler, harness.store, publisher or harness.broker, harness.clock)
    pages = routes(lambda: FORMS, environment, REFERENCES, taker, harness.clock.now, BASE)
    server = Server(uvicorn.Config(Starlette(routes=pages), log_config=None, access_log=False, lifespan="off"))
    listening = socket.create_server((HOST, 0))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{listening.getsockname()[1]}") as client:
            yield client, harness
    finally:
        server.should_exit = True
        await serving


def ref(name: str, harness: ServiceHarness) -> str:
    return REFERENCES.of(name, TICKET, harness.state.deliveries[0].id)


def whatsapp(harness: ServiceHarness, status: str = "delivered", reference: str | None = None) -> bytes:
    said = {
        "id": "wamid.1",
        "status": status,
        "biz_opaque_callback_data": reference or ref("whatsapp_template", harness),
    }
    return json.dumps({"entry": [{"changes": [{"value": {"statuses": [said]}}]}]}).encode()


def hub(body: bytes, key: str = "app-secret") -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.digest(key.encode(), body, hashlib.sha256).hex()}


def by_twilio(path: str, form: dict[str, str], key: str = "auth-token") -> dict[str, str]:
    signed = BASE + path + "".join(name + form[name] for name in sorted(form))
    digest = hmac.digest(key.encode(), signed.encode(), hashlib.sha1)
    return {
        "x-twilio-signature": base64.b64encode(digest).decode(),
        "content-type": "application/x-www-form-urlencoded",
    }


def counted(name: str, outcome: str) -> float:
    return metrics.RECEIPTS.labels(name, outcome)._value.get()


def kinds(harness: ServiceHarness) -> list[str]:
    return [fact.TYPE.split(".")[2] for fact in harness.facts]


async def test_a_signed_receipt_is_taken_and_a_repeat_is_harmless() -> None:
    async with gateway() as (client, harness):
        body = whatsapp(harness)
        answers = [await client.post(WHATSAPP, content=body, headers=hub(body)) for _ in range(3)]

    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "")] * 3
    assert harness.situations == [Sent(NOON, 1, "whatsapp", "wamid.1", delivered_at=NOON)]
    assert kinds(harness) == ["sent", "delivered"]


async def test_what_did_not_arrive_goes_by_mail() -> None:
    async with gateway() as (client, harness):
        body = whatsapp(harness, "failed")
        answer = await client.post(WHATSAPP, content=body, headers=hub(body))
    await harness.send()

    assert answer.status_code == 200
    assert (kinds(harness), len(harness.email.given)) == (["sent", "failed", "sent"], 1)


async def test_a_receipt_that_was_tampered_with_or_signed_by_another_is_refused() -> None:
    async with gateway() as (client, harness):
        body = whatsapp(harness)
        tampered = body.replace(b"delivered", b"failed")
        calls = [
            (tampered, hub(body)),
            (body, hub(body, "other")),
            (body, {}),
            (body, {"x-hub-signature-256": "sha256="}),
        ]
        answers = [(await client.post(WHATSAPP, content=sent, headers=given)).status_code for sent, given in calls]

    assert answers == [401] * 4
    assert kinds(harness) == ["sent"]


async def test_twilio_signs_address_and_form() -> None:
    async with gateway("sms") as (client, harness):
        path = f"{TWILIO}?ref={ref('twilio', harness)}"
        form = {"MessageSid": "wamid.1", "MessageStatus": "delivered", "To": "+62812 é"}
        other = f"{TWILIO}?ref={REFERENCES.of('twilio', TICKET, TICKET)}"

        async def answer(where: str, said: dict[str, str], headers: dict[str, str]) -> int:
            return (await client.post(where, content=urlencode(said), headers=headers)).status_code

        moved = await answer(other, form, by_twilio(path, form))
        changed = await answer(path, form | {"MessageStatus": "failed"}, by_twilio(path, form))
        foreign = await answer(path, form, by_twilio(path, form, "other"))
        right = await answer(path, form, by_twilio(path, form))

    assert (moved, changed, foreign, right) == (401, 401, 401, 200)
    assert kinds(harness) == ["sent", "delivered"]


@pytest.mark.parametrize(("token", "status"), [("new-token", 200), ("old-token", 200), ("new-toke", 401), ("", 401)])
async def test_a_gateway_that_signs_nothing_is_known_by_its_token(token: str, status: int) -> None:
    async with gateway("sms") as (client, harness):
        path = f"{WAVECELL}?ref={ref('wavecell', harness)}"
        body = {"payload": {"umid": "wamid.1", "status": {"state": "delivered"}}}
        answer = await client.post(path, json=body, headers={"X-Receipt-Token": token})

    assert answer.status_code == status


async def test_a_standard_webhook_that_is_replayed_is_refused() -> None:
    async with gateway("sms") as (client, harness):
        body = json.dumps({"ref": ref("ours", harness), "status": "ok"}).encode()
        old = signed_headers("msg_1", body, secret_keys(STANDARD), NOON - timedelta(minutes=6))
        new = signed_headers("msg_1", body, secret_keys(STANDARD), NOON)
        answers = [(await client.post(OURS, content=body, headers=given)).status_code for given in (old, new)]

    assert answers == [401, 200]
    assert kinds(harness) == ["sent", "delivered"]


async def test_meta_is_answered_its_challenge_if_it_knows_the_token() -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "verify-me", "hub.challenge": "1158201444"}

    async with gateway() as (client, _):
        known = await client.get(WHATSAPP, params=asked)
        unknown = await client.get(WHATSAPP, params=asked | {"hub.verify_token": "x"})
        script = await client.get(WHATSAPP, params=asked | {"hub.challenge": "<script>"})
        twilio = await client.get(TWILIO, params=asked)

    assert (known.status_code, known.text, known.headers["content-type"]) == (
        200,
        "1158201444",
        "text/plain; charset=utf-8",
    )
    assert (unknown.status_code, unknown.text, script.status_code, twilio.status_code) == (401, "", 400, 405)


async def test_what_leads_nowhere_is_answered_as_what_does_and_counted() -> None:
    before = counted("whatsapp_template", "unknown"), counted("whatsapp_template", "unknown_reference")
    async with gateway() as (client, harness):
        nowhere = REFERENCES.of("whatsapp_template", TICKET, TICKET)
        bodies = [whatsapp(harness, "delivered", each) for each in (nowhere, "x" * 64)]
        answers = [await client.post(WHATSAPP, content=body, headers=hub(body)) for body in bodies]

    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "")] * 2
    after = counted("whatsapp_template", "unknown"), counted("whatsapp_template", "unknown_reference")
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    assert kinds(harness) == ["sent"]


async def test_no_receipts_are_taken_of_a_gateway_that_is_unknown_or_without_a_secret() -> None:
    without = {name: value for name, value in SECRETS.items() if name != "TINDAK_GATEWAY_WHATSAPP_APP_SECRET"}
    empty = SECRETS | {"TINDAK_GATEWAY_WHATSAPP_APP_SECRET": " "}

    for environment in (without, empty):
        async with gateway(environment=environment) as (client, harness):
            body = whatsapp(harness)
            answers = [
                (await client.post(path, content=body, headers=hub(body, ""))).status_code
                for path in (WHATSAPP, "/receipts/nobody", "/receipts/", "/receipts/a/b")
            ]
        assert answers == [404] * 4


async def test_garbage_too_much_and_the_wrong_method_are_refused() -> None:
    async with gateway() as (client, _):
        garbage = b"\x00garbage"
        answers = [
            await client.post(WHATSAPP, content=garbage, headers=hub(garbage)),
            await client.post(WHATSAPP, content=b"x" * (BODY_BYTES_MAX + 1)),
            await client.put(WHATSAPP, content=b"{}"),
            await client.get(TWILIO + "?%ff=%ff"),
            await client.post(TWILIO, content=b"garbage"),
        ]

    assert [answer.status_code for answer in answers] == [400, 413, 405, 405, 400]


async def test_while_the_broker_is_out_of_reach_a_receipt_must_be_sent_again() -> None:
    class Outage:
        async def publish(self, events: Sequence[Outgoing]) -> HeldBack:
            raise TransientError("the broker is out of reach")

    async with gateway(publisher=Outage()) as (client, harness):
        body = whatsapp(harness)
        answer = await client.post(WHATSAPP, content=body, headers=hub(body))
    harness.pass_time(timedelta(minutes=1))
    await harness.relay.relay()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert kinds(harness) == ["sent", "delivered"]


async def test_a_message_takes_its_reference_to_the_gateway_and_brings_it_back() -> None:
    took = Answer(200, {"umid": "bda3d56a", "status": {"state": "queued"}})
    wavecell = StandInGateway(took)
    [request] = receipt_requests({"wavecell": FORMS["wavecell"]}, SECRETS, BASE, REFERENCES).values()
    async with wavecell.listening():
        [shipped] = [each for each in POLICY.gateways.gateways if each.code == "wavecell"]
        there = Gateway.model_validate(shipped.model_dump() | {"url": f"{wavecell.url}/messages"})
        sms = HttpChannel(there, dict.fromkeys(there.variables, SecretStr("x")), timedelta(seconds=5), request)
        async with gateway("sms", way=sms) as (client, harness):
            url = str(wavecell.asked[0].json["dlrCallbackUrl"])
            said = {"payload": {"umid": "bda3d56a", "status": {"state": "undelivered", "errorCode": 41}}}
            answer = await client.post(url.removeprefix(BASE), json=said, headers={"X-Receipt-Token": "new-token"})
        await sms.close()
    await harness.send()

    assert answer.status_code == 200
    assert [(fact.TYPE.split(".")[2], fact.channel) for fact in harness.facts] == [
        ("sent", "sms"), ("failed", "sms"), ("sent", "email"),
    ]  # fmt: skip
