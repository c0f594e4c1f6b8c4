"""HTTP gateways as policy/gateways.yaml describes them, against a gateway on loopback."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from services.notify.channels import Message
from services.notify.channels.http import HttpChannel
from services.notify.domain.outcomes import Deferred, Delivered, HandedOver, Refused, Setback
from services.notify.policy.gateways import Gateway, load_gateways
from tests.builders import TICKET
from tests.connected.notify.relay import certificate, free_port
from tests.fakes.handler_harness import NOON
from tests.servers.gateway import DOWN, DROPS, ENDLESS, HANGS, Answer, StandInGateway
from tests.unit.notify.samples import DELIVERY

pytestmark = pytest.mark.loopback

FILE, _ = load_gateways(Path(__file__).parents[3] / "policy")
SHIPPED = {gateway.code: gateway for gateway in FILE.gateways}
PHONE, BODY = "0812-3456-7890", 'Halo Siti "Ami" & co,\n\nlaporan Anda <sudah> = diterima + 100%.\n'
SECRETS = {name: SecretStr(f"rahasia-{name[-4:].lower()}") for gateway in FILE.gateways for name in gateway.variables}


def message(**changes: Any) -> Message:
    plain: dict[str, Any] = {
        "id": DELIVERY, "ticket_id": TICKET, "notice": "accepted", "role": "reporter", "channel": "sms",
        "language": "id", "written_at": NOON, "address": PHONE, "subject": "Laporan diterima", "body": BODY,
    }  # fmt: skip
    return Message(**(plain | changes))


@asynccontextmanager
async def channel(
    code: str, standing_in: StandInGateway, within: float = 5, **changes: Any
) -> AsyncIterator[HttpChannel]:
    """Yield the channel of a shipped description, with the stand-in's address instead of the provider's."""
    shipped = SHIPPED[code]
    path = shipped.url.split("/", 3)[3]
    gateway = Gateway.model_validate(shipped.model_dump() | {"url": f"{standing_in.url}/{path}"})
    opened = HttpChannel(gateway, SECRETS, timedelta(seconds=within))
    try:
        yield opened
    finally:
        await opened.close()


async def handed_over(code: str, *plan: Answer, within: float = 5, **changes: Any) -> tuple[HandedOver, StandInGateway]:
    """Return what became of one message, and the gateway that had it."""
    standing_in = StandInGateway(*plan)
    async with standing_in.listening(), channel(code, standing_in, within) as sends:
        return await sends.send(message(**changes)), standing_in


async def test_twilio_gets_a_form_and_says_its_id() -> None:
    handed, twilio = await handed_over("twilio", Answer(201, {"sid": "SM1", "status": "queued", "error_code": None}))

    [asked] = twilio.asked
    assert (asked.method, asked.path) == ("POST", "/2010-04-01/Accounts/rahasia-_sid/Messages.json")
    assert asked.form == {"To": "+6281234567890", "From": "rahasia-from", "Body": BODY.strip()}
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"rahasia-_sid:rahasia-oken").decode()
    assert handed == Delivered("sms", "SM1")


WHATSAPP_TOOK = Answer(200, {"messaging_product": "whatsapp", "messages": [{"id": "wamid.HBg="}]})


async def test_whatsapp_gets_its_template_with_the_text_in_one_line() -> None:
    handed, whatsapp = await handed_over("whatsapp_template", WHATSAPP_TOOK, channel="whatsapp")

    [asked] = whatsapp.asked
    assert asked.path == "/v23.0/rahasia-r_id/messages"
    assert asked.headers["authorization"] == "Bearer rahasia-oken"
    assert asked.json == {
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "6281234567890", "type": "template",
        "template": {
            "name": "rahasia-late", "language": {"code": "id"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": " ".join(BODY.split())}]},
            ],
        },
    }  # fmt: skip
    assert handed == Delivered("whatsapp", "wamid.HBg=")


async def test_whatsapp_gets_a_plain_text_within_the_day() -> None:
    handed, whatsapp = await handed_over("whatsapp_text", WHATSAPP_TOOK, channel="whatsapp")

    assert whatsapp.asked[0].json["text"] == {"preview_url": False, "body": BODY.strip()}
    assert handed == Delivered("whatsapp", "wamid.HBg=")


async def test_an_indonesian_aggregator_gets_a_query_and_answers_with_a_status_of_its_own() -> None:
    took = Answer(200, {"results": [{"status": "0", "messageid": "1750413", "destination": "6281234567890"}]})

    handed, nusasms = await handed_over("nusasms", took)

    [asked] = nusasms.asked
    assert (asked.method, asked.content) == ("GET", b"")
    assert asked.form == {
        "user": "rahasia-user", "password": "rahasia-word", "SMSText": BODY.strip(), "GSM": "6281234567890",
        "output": "json",
    }  # fmt: skip
    assert handed == Delivered("sms", "1750413")


async def test_telegram_gets_a_chat_and_its_token_stands_in_the_path() -> None:
    took = Answer(200, {"ok": True, "result": {"message_id": 42}})

    handed, telegram = await handed_over("telegram", took, channel="telegram", address="-100123")

    assert telegram.asked[0].path == "/botrahasia-oken/sendMessage"
    assert telegram.asked[0].json == {"chat_id": "-100123", "text": f"Laporan diterima\n\n{BODY.strip()}"}
    assert handed == Delivered("telegram", "42")


def meta(code: int, status: int = 400) -> Answer:
    return Answer(status, {"error": {"message": f"(#{code}) {PHONE}", "code": code, "error_data": {"details": PHONE}}})


def twilio(code: int, status: int = 400) -> Answer:
    return Answer(status, {"code": code, "message": f"The 'To' number {PHONE} is not valid", "status": status})


def nusasms(status: str) -> Answer:
    return Answer(200, {"results": [{"status": status, "messageid": "", "destination": PHONE}]})


NOT_NOW = Setback.UNTAKEN


@pytest.mark.parametrize(
    ("code", "answer", "means"),
    [
        ("whatsapp_template", meta(131026), Refused("sms", "http_400 131026")),
        ("whatsapp_text", meta(131047), Refused("sms", "http_400 131047")),
        ("whatsapp_template", meta(131056), Deferred("sms", "http_400 131056", Setback.MESSAGE)),
        ("whatsapp_template", meta(130429), Deferred("sms", "http_400 130429", NOT_NOW)),
        ("whatsapp_template", meta(80007), Deferred("sms", "http_400 80007", NOT_NOW)),
        ("whatsapp_template", meta(190, 401), Deferred("sms", "http_401 190", NOT_NOW)),
        ("whatsapp_template", meta(132001, 404), Refused("sms", "http_404 132001")),
        ("whatsapp_template", meta(131000, 500), Deferred("sms", "http_500", Setback.GATEWAY)),
        ("whatsapp_template", meta(999999), Deferred("sms", "http_400", Setback.MESSAGE)),
        ("twilio", twilio(21211), Refused("sms", "http_400 21211")),
        ("twilio", twilio(21610), Refused("sms", "http_400 21610")),
        ("twilio", twilio(21614), Refused("sms", "http_400 21614")),
        ("twilio", twilio(30003), Refused("sms", "http_400 30003")),
        ("twilio", twilio(20429, 429), Deferred("sms", "http_429 20429", NOT_NOW)),
        ("twilio", twilio(20003, 401), Deferred("sms", "http_401 20003", NOT_NOW)),
        ("nusasms", nusasms("-13"), Refused("sms", "http_200 -13")),
        ("nusasms", nusasms("-5"), Deferred("sms", "http_200 -5", NOT_NOW)),
        ("nusasms", nusasms("-99"), Deferred("sms", "http_200 unreadable", Setback.GATEWAY)),
    ],
)
async def test_a_provider_s_error_means_what_its_description_says(code: str, answer: Answer, means: HandedOver) -> None:
    handed, _ = await handed_over(code, answer)

    assert handed == means


@pytest.mark.parametrize(
    ("answer", "error", "setback"),
    [
        (DOWN, "http_500", Setback.GATEWAY),
        (Answer(503, b"<html>busy"), "http_503", Setback.GATEWAY),
        (DROPS, "http_broken RemoteProtocolError", Setback.GATEWAY),
        (HANGS, "http_timeout TimeoutError", Setback.GATEWAY),
        (ENDLESS, "http_200 unreadable", Setback.GATEWAY),
        (Answer(200, b"\xff\x00garbage"), "http_200 unreadable", Setback.GATEWAY),
        (Answer(200, b"[" * 60_000), "http_200 unreadable", Setback.GATEWAY),
        (Answer(200, {"sid": {"a": 1}}), "http_200 unreadable", Setback.GATEWAY),
        (Answer(200, {"sid": "x\nBcc: y"}), "http_200 unreadable", Setback.GATEWAY),
        (Answer(302, headers={"Location": "/elsewhere"}), "http_302", Setback.GATEWAY),
        (Answer(429, {}), "http_429", Setback.UNTAKEN),
        (Answer(404, {}), "http_404", Setback.MESSAGE),
    ],
    ids=["500", "503", "dropped", "hangs", "endless", "garbage", "nested", "object", "lines", "moved", "429", "404"],
)
async def test_whatever_else_it_does_the_message_is_put_off(answer: Answer, error: str, setback: Setback) -> None:
    handed, standing_in = await handed_over("twilio", answer, within=0.5)

    assert handed == Deferred("sms", error, setback)
    assert len(standing_in.asked) == 1


async def test_a_gateway_that_is_not_there_has_surely_not_taken_it() -> None:
    standing_in = StandInGateway()
    async with standing_in.listening():
        pass
    async with channel("twilio", standing_in) as sends:
        assert await sends.send(message()) == Deferred("sms", "http_unreachable ConnectError", Setback.UNTAKEN)

        async with standing_in.listening():
            assert await sends.send(message()) == Delivered("sms", "SM4f5e")


async def test_a_gateway_that_is_slow_at_every_byte_gets_no_more_time_than_one_message_may_take() -> None:
    handed, _ = await handed_over("twilio", Answer(201, {"sid": "SM1"}, after_seconds=0.6), within=0.3)

    assert handed == Deferred("sms", "http_timeout TimeoutError", Setback.GATEWAY)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "17"}, 17), ({"Retry-After": "-3"}, 0), ({"Retry-After": "soon"}, 0), ({}, 0),
     ({"Retry-After": "9" * 30}, 0), ({"Retry-After": "Mon, 02 Mar 2020 05:00:00 GMT"}, 0)],
)  # fmt: skip
async def test_it_is_left_alone_as_long_as_it_asks(headers: dict[str, str], seconds: int) -> None:
    handed, _ = await handed_over("twilio", Answer(429, {}, headers))

    assert isinstance(handed, Deferred)
    assert handed.wait_for == timedelta(seconds=seconds)


async def test_telegram_says_in_its_answer_how_long_it_is_to_be_left_alone() -> None:
    busy = Answer(429, {"ok": False, "error_code": 429, "parameters": {"retry_after": 34}})

    handed, _ = await handed_over("telegram", busy, address="42")

    assert handed == Deferred("sms", "http_429", Setback.UNTAKEN, timedelta(seconds=34))


@pytest.mark.parametrize("address", ["", "telepon rumah", "12", "0812 3456 7890 123 456", "+62812x", None])
async def test_a_number_that_is_none_reaches_no_gateway(address: str | None) -> None:
    handed, standing_in = await handed_over("twilio", address=address)

    assert (handed, standing_in.asked) == (Refused("sms", "bad_number"), [])


async def test_connections_are_kept_for_the_next_messages() -> None:
    standing_in = StandInGateway()
    async with standing_in.listening(), channel("twilio", standing_in) as sends:
        for _ in range(5):
            await sends.send(message())

    assert (len(standing_in.asked), standing_in.connections) == (5, 1)


async def test_messages_at_the_same_time_share_as_many_connections_as_the_gateway_gets() -> None:
    standing_in = StandInGateway(*[Answer(201, {"sid": "SM1", "status": "queued"}, after_seconds=0.02)] * 40)
    async with standing_in.listening(), channel("twilio", standing_in) as sends:
        handed = await asyncio.gather(*(sends.send(message()) for _ in range(40)))

    at_most = SHIPPED["twilio"].connections_max
    assert [type(each) for each in handed] == [Delivered] * 40
    assert (standing_in.connections, standing_in.at_once_max) == (at_most, at_most)


async def test_nothing_of_what_a_provider_says_is_logged_or_returned(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"), capture_logs() as lines:
        handed = [
            (await handed_over("twilio", answer, within=0.5))[0] for answer in (twilio(21211), twilio(7), ENDLESS)
        ]

    told = repr(handed) + repr(lines) + caplog.text
    assert not any(part in told for part in ("3456", "valid", "rahasia", "xxx"))


async def test_a_certificate_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    port = free_port()
    asked: list[bytes] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(10))

    server = await asyncio.start_server(connected, "127.0.0.1", port, ssl=context)
    gateway = SHIPPED["twilio"].model_copy(update={"url": f"https://127.0.0.1:{port}/x"})
    sends = HttpChannel(gateway, SECRETS, timedelta(seconds=5))
    handed = await sends.send(message())
    await sends.close()
    server.close()

    assert (handed, asked) == (Deferred("sms", "http_unreachable ConnectError", Setback.UNTAKEN), [])
