"""Whatever a reporter or an agency writes stays in the field of a gateway's request in which it belongs."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from services.notify.channels import Message
from services.notify.channels.http import HttpChannel
from services.notify.policy.gateways import load_gateways
from tests.builders import TICKET
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import DELIVERY

pytestmark = pytest.mark.component

FILE, _ = load_gateways(Path(__file__).parents[3] / "policy")
SECRETS = {name: SecretStr("rahasia/../?&=#") for gateway in FILE.gateways for name in gateway.variables}
CHANNELS = {gateway.code: HttpChannel(gateway, SECRETS, timedelta(seconds=1)) for gateway in FILE.gateways}
FORMATS = {gateway.code: gateway.format for gateway in FILE.gateways}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def request(code: str, subject: str, body: str) -> httpx.Request:
    message = Message(
        id=DELIVERY, ticket_id=TICKET, notice="accepted", role="reporter", channel="sms", language="id",
        written_at=NOON, address="0", subject=subject, body=body,
    )  # fmt: skip
    return CHANNELS[code].request(message, "6281234567890")


def emptied(node: Any) -> Any:
    """Return *node* without its texts."""
    if isinstance(node, dict):
        return {name: emptied(value) for name, value in node.items()}
    return [emptied(value) for value in node] if isinstance(node, list) else type(node)


def shape(code: str, asked: httpx.Request) -> Any:
    """Return which fields a request has, nested as they are."""
    path = asked.url.raw_path.partition(b"?")[0]
    if FORMATS[code] == "json":
        return path, sorted(asked.headers), emptied(json.loads(asked.content))
    text = asked.url.query if FORMATS[code] == "query" else asked.content
    return path, sorted(asked.headers), [name for name, _ in parse_qsl(text.decode(), keep_blank_values=True)]


@settings(deadline=None, max_examples=60)
@given(subject=TEXT, body=TEXT)
@pytest.mark.parametrize("code", sorted(CHANNELS))
def test_no_text_breaks_out_of_its_field(code: str, subject: str, body: str) -> None:
    assert shape(code, request(code, subject, body)) == shape(code, request(code, "Kabar", "Halo"))


@pytest.mark.parametrize("code", sorted(CHANNELS))
def test_nothing_in_the_environment_changes_host_or_path(code: str) -> None:
    asked, described = request(code, "Kabar", "Halo").url, httpx.URL(CHANNELS[code].gateway.url)

    assert (asked.host, asked.raw_path.partition(b"?")[0].count(b"/")) == (described.host, described.path.count("/"))
