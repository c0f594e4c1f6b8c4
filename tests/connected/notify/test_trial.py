"""``tindak notify test`` against a real relay: the outcome, the provider's id, and an exit code for scripts."""

import json

import pytest

from services.notify.sending.trial import SUBJECT
from tests.connected.notify.relay import HOST, Relay
from tests.unit.notify.samples import EMAIL
from tindak.cli import main

pytestmark = pytest.mark.loopback

TEST = ("notify", "test", "--to", EMAIL)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PROFILE": "local", "POLICY_DIR": "policy", "NOTIFY_SMTP_STARTTLS": "false"}.items():
        monkeypatch.setenv(f"TINDAK_{name}", value)


def mail_by(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINDAK_NOTIFY_SMTP_HOST", HOST)
    monkeypatch.setenv("TINDAK_NOTIFY_SMTP_PORT", str(relay.port))


def test_a_message_that_is_taken_is_said_with_its_id(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    relay = Relay()
    mail_by(relay, monkeypatch)

    with relay.listening():
        code = main(TEST)

    [mail] = relay.mails
    out, err = capsys.readouterr()
    assert (code, out, err) == (0, f"email: taken, {mail['Message-ID']}\n", "")
    assert (relay.recipients, str(mail["Subject"])) == ([EMAIL], SUBJECT)
    assert "notices" in mail.get_content()
    assert "pemberitahuan" in mail.get_content()


@pytest.mark.parametrize(
    ("answer", "outcome", "hope"),
    [
        (f"550 5.1.1 <{EMAIL}>: no such user", "refused", "trying again does not help"),
        (f"451 4.7.1 <{EMAIL}>: greylisted", "deferred", "it may be taken later"),
    ],
)
def test_a_message_that_is_not_taken_is_a_failure_that_names_no_address(
    answer: str, outcome: str, hope: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    relay = Relay(answer)
    mail_by(relay, monkeypatch)

    with relay.listening():
        code = main([*TEST, "--json"])

    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (code, told["outcome"], told["channel"], told["provider_id"]) == (1, outcome, "email", None)
    assert (told["error"].startswith(f"smtp_{answer[:3]}"), hope in err, err.count("\n")) == (True, True, 1)
    assert EMAIL not in out + err


def test_a_relay_that_is_down_may_take_it_later(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mail_by(Relay(), monkeypatch)

    assert main(TEST) == 1
    assert "smtp_unreachable" in capsys.readouterr().err


def test_a_channel_that_is_not_set_up_is_named_beside_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TEST, "--channel", "sms"]) == 1

    said = "tindak: The channel sms is not set up here (set up: log); see TINDAK_NOTIFY_ in .env.example.\n"
    assert capsys.readouterr() == ("", said)


def test_settings_that_cannot_be_meant_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TINDAK_NOTIFY_SMTP_PORT", "mail")

    assert main(TEST) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("tindak: The settings of notify are not usable: TINDAK_NOTIFY_SMTP_PORT: ")
