import asyncio
import base64
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.notify.channels import Message
from services.notify.channels.isolated import Limits
from services.notify.channels.webhook import Caller, is_public
from services.notify.channels.webhooks import WebhookChannel
from services.notify.domain.outcomes import Deferred, Delivered, HandedOver, Refused, Setback
from services.notify.domain.sending.breakers import BreakerRule
from shared.delivery.vitals import Vitals
from shared.policy.channels import Webhook
from shared.signatures import SignatureInvalid, secret_keys, verify
from tests.builders import TICKET, TRACKING
from tests.connected.notify.callee import ENDLESS, HOST, Callee
from tests.connected.notify.relay import certificate
from tests.fakes.counters import counted, samples
from tests.fakes.handler_harness import NOON
from tests.fakes.memory import MemoryClock
from tests.unit.notify.samples import DELIVERY, LATER

pytestmark = pytest.mark.loopback

GUIDE = Path(__file__).parents[3] / "docs" / "webhooks.md"
KEY, NEXT = b"k" * 32, b"n" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()
ENVIRONMENT = {"TINDAK_WEBHOOK_DISHUB": SECRET}
RULE = BreakerRule(failures_max=3)
TEXT = "Yth. Pejabat Penghubung,\n\nada laporan baru – “jalan berlubang”.\n"

Verified = Callable[[dict[str, str], bytes, str], bool]


def put_off(error: str) -> Deferred:
    return Deferred("webhook", error, Setback.GATEWAY)


def message(**changes: Any) -> Message:
    plain: dict[str, Any] = {
        "id": DELIVERY, "ticket_id": TICKET, "notice": "agency_new_ticket", "role": "liaison", "channel": "webhook",
        "language": "id", "written_at": NOON, "address": "dishub", "subject": "Laporan baru", "body": TEXT,
        "tracking_id": TRACKING, "due_at": LATER,
    }  # fmt: skip
    return Message(**(plain | changes))


def webhooks(url: str, code: str = "dishub") -> dict[str, Webhook]:
    return {code: Webhook.model_validate({"url": url, "secret_env": "TINDAK_WEBHOOK_DISHUB"})}


@asynccontextmanager
async def channel(url: str, **changes: Any) -> AsyncIterator[WebhookChannel]:
    plain: dict[str, Any] = {
        "environment": ENVIRONMENT, "now": lambda: NOON, "timeout": timedelta(seconds=5), "at_once_max": 2,
        "queue_within": timedelta(seconds=5), "is_local": True, "trust": None,
    }  # fmt: skip
    given = plain | changes
    caller = Caller(given["now"], given["timeout"], is_local=given["is_local"], trust=given["trust"])
    limits = Limits(given["at_once_max"], given["queue_within"])
    opened = WebhookChannel(caller, given["environment"], limits, MemoryClock(NOON), Vitals())
    opened.use(webhooks(url), RULE)
    try:
        yield opened
    finally:
        await opened.close()


async def outcome(callee: Callee, **changes: Any) -> HandedOver:
    async with callee.listening(), channel(f"http://{HOST}:{callee.port}/tindak?from=1", **changes) as webhook:
        return await webhook.send(message())


async def test_a_notice_arrives_as_a_signed_cloud_event() -> None:
    callee = Callee(204)

    assert await outcome(callee) == Delivered("webhook", DELIVERY)

    [call] = callee.calls
    assert (call.target, call.headers["content-type"]) == ("/tindak?from=1", "application/cloudevents+json")
    assert call.headers["host"] == f"{HOST}:{callee.port}"
    verify(call.headers, call.body, secret_keys(SECRET), NOON)
    assert json.loads(call.body) == {
        "specversion": "1.0", "id": DELIVERY, "source": "/tindak/notify", "type": "tindak.notice.v1",
        "time": "2026-03-02T05:00:00Z", "subject": TICKET, "datacontenttype": "application/json",
        "data": {
            "notice": "agency_new_ticket", "recipient_role": "liaison", "agency": "dishub", "ticket_id": TICKET,
            "tracking_id": TRACKING, "due_at": "2026-03-05T09:00:00Z", "language": "id", "subject": "Laporan baru",
            "text": TEXT,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (200, Delivered("webhook", DELIVERY)), (202, Delivered("webhook", DELIVERY)),
        (301, Refused("webhook", "webhook_301")), (307, Refused("webhook", "webhook_307")),
        (400, Refused("webhook", "webhook_400")), (404, Refused("webhook", "webhook_404")),
        (410, Refused("webhook", "webhook_410")), (408, put_off("webhook_408")),
        (425, put_off("webhook_425")), (429, put_off("webhook_429")),
        (500, put_off("webhook_500")), (503, put_off("webhook_503")),
        (b"", put_off("webhook_unreachable RemoteProtocolError")),
        (b"Siti Aminah\r\n\r\n", put_off("webhook_unreachable RemoteProtocolError")),
        (b"HTTP/1.1 200 OK\r\nx: " + b"x" * 300_000, put_off("webhook_unreachable RemoteProtocolError")),
    ],
    ids=str,
)  # fmt: skip
async def test_an_answer_means(answer: int | bytes, expected: HandedOver) -> None:
    assert await outcome(Callee(answer)) == expected


async def test_a_redirect_is_not_followed() -> None:
    elsewhere = Callee()
    async with elsewhere.listening():
        to = f"http://{HOST}:{elsewhere.port}/".encode()
        await outcome(Callee(b"HTTP/1.1 307 X\r\nlocation: " + to + b"\r\ncontent-length: 0\r\n\r\n"))

    assert elsewhere.calls == []


async def test_an_endless_answer_is_not_read() -> None:
    callee = Callee(ENDLESS)

    assert isinstance(await outcome(callee), Delivered)
    assert callee.sent_bytes < 50_000_000


async def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    assert await outcome(Callee(hangs=True), timeout=timedelta(seconds=0.2)) == put_off("webhook_timeout")


async def test_a_slow_server_leaves_others_their_connections() -> None:
    slow, quick = Callee(hangs=True), Callee()
    patient = {"timeout": timedelta(seconds=1)}
    async with slow.listening(), quick.listening(), channel(f"http://{HOST}:{slow.port}/", **patient) as webhook:
        webhook.use(webhooks(f"http://{HOST}:{slow.port}/") | webhooks(f"http://{HOST}:{quick.port}/", "dlh"), RULE)
        waiting = [asyncio.create_task(webhook.send(message(id=f"{number}"))) for number in range(8)]
        await slow.called.wait()

        assert await webhook.send(message(address="dlh")) == Delivered("webhook", DELIVERY)
        assert not any(task.done() for task in waiting)
        assert len(slow.calls) <= 2
        assert [await task for task in waiting[:2]] == [put_off("webhook_timeout")] * 2
        left = {await task for task in waiting[2:]}
        assert {getattr(each, "error", None) for each in left} <= {"webhook_timeout", "gateway_busy", "breaker_open"}


@pytest.mark.parametrize("answer", [500, 503, 429, b""], ids=str)
async def test_a_server_that_fails_is_left_alone_and_others_are_not(answer: int | bytes) -> None:
    dead, well = Callee(answer), Callee()
    async with dead.listening(), well.listening(), channel(f"http://{HOST}:{dead.port}/") as webhook:
        webhook.use(webhooks(f"http://{HOST}:{dead.port}/") | webhooks(f"http://{HOST}:{well.port}/", "dlh"), RULE)

        for _ in range(RULE.failures_max + 3):
            last = await webhook.send(message())

        assert last == Deferred("webhook", "breaker_open", Setback.UNASKED, RULE.open_for)
        assert len(dead.calls) == RULE.failures_max
        assert await webhook.send(message(address="dlh")) == Delivered("webhook", DELIVERY)
        states = [counted("tindak_gateway_breaker", gateway=f"webhook:{code}") for code in ("dishub", "dlh")]
        assert states == [2, 0]


async def test_a_server_that_is_not_there_costs_its_notices_nothing_but_a_few_tries() -> None:
    async with Callee().listening() as gone:
        port = gone.port
    async with channel(f"http://{HOST}:{port}/") as webhook:
        for _ in range(RULE.failures_max):
            assert await webhook.send(message()) == put_off("webhook_unreachable ConnectError")

        assert await webhook.send(message()) == Deferred("webhook", "breaker_open", Setback.UNASKED, RULE.open_for)


async def test_a_webhook_that_stays_as_it_is_keeps_its_breaker_when_the_policy_changes() -> None:
    dead, other = Callee(500), Callee()
    async with dead.listening(), other.listening(), channel(f"http://{HOST}:{dead.port}/") as webhook:
        for _ in range(RULE.failures_max):
            await webhook.send(message())
        webhook.use(webhooks(f"http://{HOST}:{dead.port}/") | webhooks(f"http://{HOST}:{other.port}/", "dlh"), RULE)
        kept = await webhook.send(message())
        webhook.use(webhooks(f"http://{HOST}:{other.port}/"), RULE)

        assert kept == Deferred("webhook", "breaker_open", Setback.UNASKED, RULE.open_for)
        assert await webhook.send(message()) == Delivered("webhook", DELIVERY)
        assert await webhook.send(message(address="dlh")) == Refused("webhook", "webhook_not_set_up")
        assert (("gateway", "webhook:dlh"),) not in samples("tindak_gateway_breaker")


@pytest.mark.parametrize("host", [HOST, "localhost"])
async def test_outside_the_local_profile_nothing_of_our_own_is_called(host: str) -> None:
    callee = Callee()
    async with callee.listening(), channel(f"http://{host}:{callee.port}/", is_local=False) as webhook:
        assert await webhook.send(message()) == Refused("webhook", "webhook_forbidden_target")

    assert callee.calls == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::1",
    ],
)  # fmt: skip
def test_an_address_of_our_own_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "103.28.12.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_of_all_the_world_is_public(address: str) -> None:
    assert is_public(address)


async def test_by_tls_only_a_server_that_is_trusted_under_its_name_is_called(tmp_path: Path) -> None:
    path, served = certificate(tmp_path)
    trusted = ssl.create_default_context(cafile=str(path))
    callee = Callee()

    async def called(host: str, **changes: Any) -> HandedOver:
        async with channel(f"https://{host}:{callee.port}/", **changes) as webhook:
            return await webhook.send(message())

    async with callee.listening(served):
        known, unknown = await called(HOST, trust=trusted), await called(HOST)
        misnamed = await called("localhost", trust=trusted)

    assert (known, len(callee.calls)) == (Delivered("webhook", DELIVERY), 1)
    assert unknown == misnamed == put_off("webhook_unreachable ConnectError")


@pytest.mark.parametrize("secret", [None, "", "geheim", SECRET.removeprefix("whsec_")])
async def test_without_its_secret_nothing_is_posted_and_it_is_said(secret: str | None) -> None:
    environment = {} if secret is None else {"TINDAK_WEBHOOK_DISHUB": secret}
    callee = Callee()

    assert await outcome(callee, environment=environment) == Refused("webhook", "webhook_not_set_up")
    assert callee.calls == []
    async with channel("https://dishub.example/", environment=environment) as webhook:
        assert webhook.remark() == "no secret for the webhook of dishub"


async def test_during_a_rotation_both_keys_sign() -> None:
    both = f"whsec_{base64.b64encode(NEXT).decode()} {SECRET}"
    callee = Callee()

    await outcome(callee, environment={"TINDAK_WEBHOOK_DISHUB": both})

    [call] = callee.calls
    for key in (KEY, NEXT):
        verify(call.headers, call.body, [key], NOON)


async def test_no_error_quotes_what_the_server_said() -> None:
    for answer in (500, 404, b"Siti!\r\n\r\n"):
        assert "Siti" not in repr(await outcome(Callee(answer)))


@pytest.fixture(scope="module")
def verified() -> Verified:
    """The function of docs/webhooks.md by which an agency verifies a call."""
    [example] = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102  # our own guide
    found: Verified = names["is_from_tindak"]
    return found


async def test_the_example_of_the_guide_verifies_a_real_call_and_nothing_else(verified: Verified) -> None:
    callee = Callee()
    await outcome(callee, now=lambda: datetime.now(UTC))
    [call] = callee.calls
    headers, body = call.headers, call.body

    assert verified(headers, body, SECRET)
    assert not verified(headers, body.replace(b"Laporan", b"Liporan"), SECRET)
    assert not verified(headers, body, "whsec_" + base64.b64encode(NEXT).decode())
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert not verified({key: value for key, value in headers.items() if key != name}, body, SECRET)


async def test_the_example_of_the_guide_refuses_a_call_that_is_replayed(verified: Verified) -> None:
    callee = Callee()
    await outcome(callee, now=lambda: datetime.now(UTC) - timedelta(seconds=301))
    [call] = callee.calls

    verify(call.headers, call.body, [KEY], datetime.now(UTC) - timedelta(seconds=301))
    assert not verified(call.headers, call.body, SECRET)
    with pytest.raises(SignatureInvalid):
        verify(call.headers, call.body, [KEY], datetime.now(UTC))
