from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from services.notify.domain.sending.breakers import BreakerRule
from services.notify.domain.sending.shares import ShareRule
from services.notify.policy.gateways import GatewayFile, load_gateways, one_line
from shared.policy.loading import PolicyInvalid
from tests.unit.notify.samples import POLICY_DIR

pytestmark = pytest.mark.unit

ONE = """version: 1
gateways:
  - code: kios
    channel: sms
    url: "https://sms.example/{{ env.account }}/kirim"
    environment: {account: TINDAK_GATEWAY_KIOS_ACCOUNT}
    authentication: {kind: header, name: X-Key, value: TINDAK_GATEWAY_KIOS_KEY}
    address: local
    format: json
    body:
      nomor: "{{ to }}"
      isi: ["{{ text }}"]
    answer: {success: {statuses: [200]}}
"""
Written = Callable[[str], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A policy folder with a gateways.yaml."""

    def write(text: str) -> Path:
        (tmp_path / "gateways.yaml").write_text(text)
        return tmp_path

    return write


def faults(folder: Path) -> list[str]:
    try:
        found = load_gateways(folder)[1]
    except PolicyInvalid as invalid:
        found = list(invalid.faults)
    return [str(fault).removeprefix(f"{folder}/gateways.yaml:") for fault in found]


def test_the_shipped_gateways_are_sound_and_hold_no_secret() -> None:
    held, found = load_gateways(POLICY_DIR)

    assert found == []
    assert all(gateway.variables for gateway in held.gateways)
    assert {gateway.channel for gateway in held.gateways} == {"whatsapp", "sms", "telegram"}


def test_a_city_without_the_file_has_no_gateway(tmp_path: Path) -> None:
    assert load_gateways(tmp_path) == (GatewayFile(version=1), [])


def test_a_gateway_needs_every_variable_that_it_names(written: Written) -> None:
    [gateway] = load_gateways(written(ONE))[0].gateways

    assert gateway.variables == ("TINDAK_GATEWAY_KIOS_ACCOUNT", "TINDAK_GATEWAY_KIOS_KEY")


def test_breaker_and_shares_say_what_they_mean(written: Written) -> None:
    text = ONE + "breaker: {failures_max: 2, open_seconds: 3, longest_seconds: 4}\n"

    held, _ = load_gateways(written(text + "shares: {step_points: 5, apart_seconds: 6, back_after_seconds: 7}\n"))

    assert held.breaker.value == BreakerRule(2, timedelta(seconds=3), timedelta(seconds=4))
    assert held.shares.value == ShareRule(5, timedelta(seconds=6), timedelta(seconds=7))
    assert (GatewayFile(version=1).breaker.value, GatewayFile(version=1).shares.value) == (BreakerRule(), ShareRule())


@pytest.mark.parametrize(
    ("was", "now", "fault"),
    [
        ("{{ text }}", "{{ txt }}", "12: value `txt` is not in what a gateway's template is given; did"),
        ("{{ to }}", "{{ to", "11: this is no template: unexpected end of template"),
        ("env.account }}", "env.acount }}", "5: name `acount` is not in `environment`; did you mean `account`?"),
        ("TINDAK_GATEWAY_KIOS_KEY", "SECRET", "7: `value` does not have the form ^TINDAK_GATEWAY_"),
        ("format: json", "format: form", "12: `isi`: a form holds texts only"),
        ("format: json", "format: query", "9: GET and the format `query` go together: nothing else has no body"),
        ("channel: sms", "channel: telegram", "8: Telegram writes to chats: the address must be `chat`"),
        ("channel: sms", "chanel: sms", "4: `chanel` is not a known field; did you mean `channel`?"),
        ("    answer:", "    headers: {Authorization: x}\n    answer:",
         "13: `Authorization` is written by `authentication` alone"),
        ("{statuses: [200]}", "{statuses: [200], path: ok}",
         "13: `success`: `path` and `values` go together: where the value stands, and what it must be"),
        ("    answer:", "    timeout_seconds: 60\n    answer:",
         "13: `timeout_seconds` must be less than or equal to 15, not `60`"),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_line(written: Written, was: str, now: str, fault: str) -> None:
    assert any(told.startswith(fault) for told in faults(written(ONE.replace(was, now))))


@pytest.mark.parametrize(
    "url", ["http://sms.example/x", "https://{{ env.account }}/x", "https://a@b/x", "https://sms.example", "ftp://x/y"]
)
def test_an_address_is_encrypted_and_its_host_is_written_down(written: Written, url: str) -> None:
    [fault] = faults(written(ONE.replace("https://sms.example/{{ env.account }}/kirim", url)))

    assert fault.startswith("5: `url` does not have the form ")


def test_a_code_is_given_once(written: Written) -> None:
    assert faults(written(ONE + ONE.split("gateways:\n")[1])) == ["14: `kios` is given twice, first on line 3"]


def test_one_line_holds_no_line_feed_tab_or_run_of_spaces() -> None:
    assert one_line(" a\n\nb\t c     d ") == "a b c d"
