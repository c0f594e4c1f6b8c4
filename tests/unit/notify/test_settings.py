import random
from typing import Any

import pytest
from pydantic import ValidationError

from services.notify.channels.setup import set_up, within_house
from services.notify.policy.gateways import GatewayFile, load_gateways
from services.notify.settings import LOCAL_LINK_KEYS, Settings
from shared.adapters.clock import SystemClock
from shared.delivery.vitals import Vitals
from shared.process.settings import CommonSettings, Profile
from tests.unit.notify.samples import POLICY_DIR
from tindak.keys import KeyPair, new_link_key

pytestmark = pytest.mark.unit

OWN_KEY = KeyPair.draw().private


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"TINDAK_CONTACT_PRIVATE_KEYS": "k1:geheim"} | given)


def relayed(**given: Any) -> Settings:
    return settings(**{"TINDAK_CONTACT_PRIVATE_KEYS": OWN_KEY, "smtp_host": "mail.tangsel.example"} | given)


def test_without_a_mail_relay_the_settings_are_complete() -> None:
    assert settings().smtp_host is None


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINDAK_NOTIFY_SMTP_HOST", "mail.tangsel.example")
    monkeypatch.setenv("TINDAK_NOTIFY_SMTP_PASSWORD", "geheim")

    read = settings()

    assert read.smtp_host == "mail.tangsel.example"
    assert "geheim" not in repr(read)


def test_a_lease_of_three_times_the_longest_message_is_enough() -> None:
    assert settings(smtp_timeout_seconds=20, lease_seconds=60).lease_seconds == 60


def test_a_lease_that_a_message_could_outlive_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least three times"):
        settings(smtp_timeout_seconds=20, lease_seconds=59.9)


@pytest.mark.parametrize("field", ["smtp_from", "smtp_reply_to"])
@pytest.mark.parametrize(
    "address", ["lapor", "a@b\nBcc: c@d", "<a@b>", "dinas..kota@tangsel.example", "a@tangsel.", ""]
)
def test_a_sender_that_is_no_address_is_refused(field: str, address: str) -> None:
    with pytest.raises(ValidationError, match="bad_address"):
        settings(**{field: address})


def test_a_sender_that_no_relay_takes_without_an_extension_is_refused() -> None:
    with pytest.raises(ValidationError, match="address_not_ascii"):
        settings(smtp_from="lapor@tangsél.example")


def test_a_sender_may_live_on_a_machine_without_a_domain() -> None:
    assert settings(smtp_from="lapor@localhost").smtp_from == "lapor@localhost"


@pytest.mark.parametrize(("smtp_timeout", "is_unsafe"), [(19.9, False), (20, True)])
def test_a_message_that_could_outlast_the_stop_is_unsafe(smtp_timeout: float, is_unsafe: bool) -> None:
    unsafe = relayed(smtp_timeout_seconds=smtp_timeout).unsafe(stop_within_seconds=20)

    assert ["STOP_WITHIN" in sentence for sentence in unsafe] == [True] * is_unsafe


def test_mail_in_clear_is_unsafe() -> None:
    (unsafe,) = relayed(smtp_starttls=False).unsafe(stop_within_seconds=20)

    assert unsafe.startswith("TINDAK_NOTIFY_SMTP_STARTTLS must be true")


def test_no_mail_relay_is_unsafe() -> None:
    (unsafe,) = relayed(smtp_host=None).unsafe(stop_within_seconds=20)

    assert unsafe.startswith("TINDAK_NOTIFY_SMTP_HOST is not set")


def common(profile: Profile) -> CommonSettings:
    return CommonSettings(profile=profile)


@pytest.mark.parametrize(
    ("profile", "host", "found"),
    [("local", None, {"log"}), ("local", "127.0.0.1", {"email", "log"}), ("cluster", "127.0.0.1", {"email"})],
)
def test_the_log_is_a_channel_of_the_local_profile_only(profile: Profile, host: str | None, found: set[str]) -> None:
    leaving = set_up(settings(smtp_host=host), GatewayFile(version=1), {}, SystemClock(), Vitals(), random.random)

    assert {**leaving.channels, **within_house(profile)}.keys() == found


def test_without_links_no_key_is_asked_for() -> None:
    assert relayed().unsafe(stop_within_seconds=20) == []
    assert relayed(http_port=8090).unsafe(stop_within_seconds=20) == []


@pytest.mark.parametrize("keys", [{}, {"TINDAK_LINK_KEYS": ""}, {"TINDAK_LINK_KEYS": LOCAL_LINK_KEYS}])
def test_links_under_a_key_that_everybody_can_read_are_unsafe(keys: dict[str, str]) -> None:
    (unsafe,) = relayed(link_base_url="https://lapor.tangsel.example", **keys).unsafe(stop_within_seconds=20)

    assert unsafe.startswith("TINDAK_LINK_KEYS must be set to keys of your own")


def test_links_in_clear_are_unsafe() -> None:
    own = relayed(link_base_url="http://lapor.tangsel.example", TINDAK_LINK_KEYS=new_link_key())

    (unsafe,) = own.unsafe(stop_within_seconds=20)

    assert unsafe.startswith("TINDAK_NOTIFY_LINK_BASE_URL must begin with https://")


def test_a_slash_at_the_end_of_what_links_begin_with_makes_no_difference() -> None:
    assert settings(link_base_url="https://tangsel.example/lapor/").link_base_url == "https://tangsel.example/lapor"
    assert settings(link_base_url="", http_port="").link_base_url is None


@pytest.mark.parametrize("url", ["tangsel.example", "javascript:alert(1)", "https://", "https://a.example/?q=1"])
def test_what_no_link_can_begin_with_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="must be an address such as"):
        settings(link_base_url=url)


def test_keys_of_links_are_not_shown() -> None:
    key = new_link_key()

    assert key not in repr(settings(TINDAK_LINK_KEYS=key))


KEY, USER = "TINDAK_GATEWAY_NUSASMS_PASSWORD", "TINDAK_GATEWAY_NUSASMS_USER"


@pytest.mark.parametrize(
    ("environment", "found", "remark"),
    [
        ({}, set(), ""),
        ({KEY: "x", USER: "y"}, {"sms"}, ""),
        ({KEY: "x"}, set(), f"nusasms is not used, for {USER} is not set"),
        ({KEY: "x", USER: ""}, set(), f"nusasms is not used, for {USER} is not set"),
        ({"TINDAK_GATEWAY_TELEGRAM_TOKEN": "z", KEY: "x", USER: "y"}, {"sms", "telegram"}, ""),
    ],
)
def test_a_gateway_is_used_once_all_its_secrets_are_set(
    environment: dict[str, str], found: set[str], remark: str
) -> None:
    file, _ = load_gateways(POLICY_DIR)

    leaving = set_up(settings(), file, environment, SystemClock(), Vitals(), random.random)

    assert (leaving.channels.keys(), leaving.remark) == (found, remark)


def test_a_gateway_that_is_disabled_is_not_used_though_its_secrets_are_set() -> None:
    file, _ = load_gateways(POLICY_DIR)
    off = [gateway.model_copy(update={"enabled": False}) for gateway in file.gateways]
    file = file.model_copy(update={"gateways": tuple(off)})

    leaving = set_up(settings(), file, {KEY: "x", USER: "y"}, SystemClock(), Vitals(), random.random)

    assert (leaving.channels, leaving.remark) == ({}, "")


@pytest.mark.parametrize("lease_seconds", [45.0, 300.0])
def test_a_message_may_be_begun_under_a_fresh_lease_on_every_channel(lease_seconds: float) -> None:
    file, _ = load_gateways(POLICY_DIR)
    secrets = {name: "x" for gateway in file.gateways for name in gateway.variables}

    own = settings(smtp_host="127.0.0.1", lease_seconds=lease_seconds)

    leaving = set_up(own, file, secrets, SystemClock(), Vitals(), random.random)

    assert leaving.channels.keys() == {"email", "sms", "whatsapp", "telegram"}
    assert all(2 * way.send_within.total_seconds() <= lease_seconds for way in leaving.channels.values())
