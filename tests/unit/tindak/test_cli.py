"""Exit codes and the one sentence that every failure is: 0 done, 1 refused or failed, 2 wrong usage."""

import asyncio
import inspect
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest
import typer

from shared.process.release import RELEASE
from tindak.cli import COMMANDS as TABLE
from tindak.cli import Command, Group, main
from tindak.console import wait_for

pytestmark = pytest.mark.unit

NOWHERE = "127.0.0.1:1"  # nothing listens there: tcpmux is on no machine of today
COMMANDS = (
    "run", "submit", "track", "watch", "stack", "topics", "agency", "officer", "reporter", "dlq", "demo", "policy",
    "sla", "documents", "notify",
)  # fmt: skip


HEAVY = ("numpy", "aiokafka", "motor", "confluent_kafka", "faststream", "jinja2", "babel", "holidays", "pydantic")
ASK_KAFKA = (
    "submit --channel web --body x",
    "submit --channel web --body x --wait",
    "track K7QF-9D2MX-4Q",
    "watch breaches",
    "watch dead-letters --from earliest --until-end",
    "agency dlh ack 0f9a4a3e-77a1-4f4e-9d38-6b8a5a3d2c11",
    "officer archive K7QF-9D2MX-4Q --reason unclear",
    "reporter withdraw K7QF-9D2MX-4Q",
    "audit",
    "policy backtest --from-topics",
    "policy diff policy policy --from-topics",
    "routing corrections",
    "sla report --month 2026-03",
    "dlq list",
    "dlq show x/0/1",
    "dlq drop --id x/0/1 --reason y",
    "notify show K7QF-9D2MX-4Q",
    "documents list sla",
    "documents retry routing --all",
    "dlq replay notify --all",
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PROFILE": "local", "KAFKA_BOOTSTRAP_SERVERS": NOWHERE, "POLICY_DIR": "policy"}.items():
        monkeypatch.setenv(f"TINDAK_{name}", value)


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what stands on stderr, which must be one line, with nothing on stdout."""
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err[-1:]) == ("", 1, "\n")
    return err.removesuffix("\n")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--help"])

    told = capsys.readouterr().out
    assert (code, [name for name in COMMANDS if f" {name} " not in told]) == (0, [])


def test_help_imports_no_library_that_only_commands_need() -> None:
    script = "import sys; from tindak.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert set(HEAVY) & set(done.stderr.split()) == set()


@pytest.mark.parametrize("group", [name for name, entry in TABLE.items() if isinstance(entry, Group)])
def test_help_of_a_group_imports_none_of_its_commands(group: str) -> None:
    script = (
        "import sys; from tindak.cli import main; main([sys.argv[1], '--help']); print(*sys.modules, file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", script, group], capture_output=True, text=True, check=True)

    found = set(done.stderr.split())
    # Not pydantic: typer itself reads the arguments of a group by it.
    assert set(HEAVY) & found - {"pydantic"} == set()
    assert {name for name in found if name.startswith(("services", "tindak."))} == {"tindak.cli", "tindak.console"}


def entries() -> Iterator[Command]:
    """Yield every entry of the table that names a module."""
    for entry in TABLE.values():
        yield from entry.commands.values() if isinstance(entry, Group) else (entry,)


@pytest.mark.parametrize("entry", list(entries()), ids=lambda entry: f"{entry.module}:{entry.attribute}")
def test_line_about_a_command_is_the_one_that_its_module_states(entry: Command) -> None:
    command = getattr(import_module(f"tindak.{entry.module}"), entry.attribute)

    stated = command.info.help if isinstance(command, typer.Typer) else inspect.getdoc(command)

    assert stated.startswith(entry.help.removesuffix("."))


def test_version_is_the_release(capsys: pytest.CaptureFixture[str]) -> None:
    assert (main(["--version"]), capsys.readouterr().out) == (0, f"tindak {RELEASE}\n")


def test_cancelled_command_counts_as_interrupted() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(KeyboardInterrupt):
        wait_for(cancelled())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("frobnicate", "tindak: No such command 'frobnicate'. `tindak --help` shows how."),
        ("track", "tindak: Missing argument 'ID'. `tindak track --help` shows how."),
        ("submit", "tindak: Give either --file, or --channel and --body. `tindak submit --help` shows how."),
        (
            "submit --body x",
            "tindak: A complaint comes from a channel: give --channel. `tindak submit --help` shows how.",
        ),
        (
            "track K7QF-9D2MX-4T",
            "tindak: `K7QF-9D2MX-4T` is neither a tracking id (like K7QF-9D2MX-4Q) nor a ticket id."
            " `tindak track --help` shows how.",
        ),
        (
            "agency dishu ack X",
            "tindak: agency `dishu` is not in agencies.yaml; did you mean `dishub`? `tindak agency --help` shows how.",
        ),
        (
            "watch triage --agency dlh",
            "tindak: --agency goes with routed, warnings, breaches, deliveries, not with triage."
            " `tindak watch --help` shows how.",
        ),
        (
            "watch triage --until-end",
            "tindak: --until-end goes with --from earliest; between now and the end lies nothing."
            " `tindak watch --help` shows how.",
        ),
        (
            "dlq replay intake",
            "tindak: Say which: --id ID (may be repeated), --reason CODE, or --all."
            " `tindak dlq replay --help` shows how.",
        ),
        (
            "dlq drop --reason x",
            "tindak: Say which and why: --id ID (may be repeated) and --reason TEXT."
            " `tindak dlq drop --help` shows how.",
        ),
        (
            "dlq show 7 x/0/1",
            "tindak: Say which: [SERVICE] ID, where SERVICE is one of intake, routing, sla, notify."
            " `tindak dlq show --help` shows how.",
        ),
        (
            "documents retry routing",
            "tindak: Say which: one or more IDs, or --all. `tindak documents retry --help` shows how.",
        ),
        (
            "documents retry routing X --all",
            "tindak: Say which: one or more IDs, or --all. `tindak documents retry --help` shows how.",
        ),
        (
            "agency dlh hold X --reason field_work --until tomorrow",
            "tindak: `tomorrow` is not an instant with its zone, like 2026-03-02T12:00:00+07:00."
            " `tindak agency {AGENCY} hold --help` shows how.",
        ),
        (
            "agency dlh hold X --reason field_work --until 2020-03-02T12:00:00+07:00",
            "tindak: --until 2020-03-02T12:00:00+07:00 is over; name a moment to come."
            " `tindak agency {AGENCY} hold --help` shows how.",
        ),
        (
            "officer archive X --reason no-such-code",
            "tindak: Invalid value for '--reason': 'no-such-code' is not one of 'hateful_content', 'no_evidence',"
            " 'unclear', 'not_government', 'duplicate', 'expired'. `tindak officer archive --help` shows how.",
        ),
        (
            "submit --channel web --body x --email warga@@x",
            "tindak: --email must be an address that can be written to, such as name@example.org."
            " `tindak submit --help` shows how.",
        ),
        (
            "submit --file x.jsonl --title Jalan",
            "tindak: With --file everything comes from the file; give no other option of a complaint."
            " `tindak submit --help` shows how.",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(typed: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(typed.split())

    assert (code, one_line(capsys)) == (2, said)


@pytest.mark.parametrize(
    "typed",
    ASK_KAFKA,
)
def test_broker_out_of_reach_is_one_sentence_and_exit_code_1(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(typed.split())

    assert (code, one_line(capsys)) == (
        1,
        f"tindak: No Kafka broker answers at {NOWHERE}; start one (`tindak stack up`) or set"
        " TINDAK_KAFKA_BOOTSTRAP_SERVERS.",
    )


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("typed", ASK_KAFKA)
def test_silent_broker_is_given_up_in_one_sentence(
    typed: str, silent: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINDAK_KAFKA_BOOTSTRAP_SERVERS", silent)

    code = main([*typed.split(), "--timeout", "0.1"])

    # A consumer gives the broker up before the command does.
    assert code == 1
    assert one_line(capsys) in (
        f"tindak: Kafka at {silent} gave no answer for 0.1 s; is TINDAK_KAFKA_BOOTSTRAP_SERVERS right?",
        f"tindak: No Kafka broker answers at {silent}; start one (`tindak stack up`) or set"
        " TINDAK_KAFKA_BOOTSTRAP_SERVERS.",
    )


def test_topics_of_a_silent_broker_are_given_up_in_one_sentence(
    silent: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINDAK_KAFKA_BOOTSTRAP_SERVERS", silent)

    code = main(["topics", "apply", "--timeout", "0.1"])

    assert code == 1
    assert one_line(capsys).startswith("tindak: No broker answers")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--add-only"], "--principal-format and --add-only go with --acls."),
        (["--principal-format", "User:{name}"], "--principal-format and --add-only go with --acls."),
        (["--acls", "--principal-format", "User:CN=x"], "--principal-format User:CN=x is none"),
        (["--acls", "--principal-format", "CN={name}"], "--principal-format CN={name} is none"),
    ],
)
def test_options_of_access_rules_that_cannot_be_meant_are_wrong_usage(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["topics", "apply", *given]) == 2
    assert one_line(capsys).startswith(f"tindak: {said}")


def test_silent_database_is_given_up_in_one_sentence(
    silent: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINDAK_MONGO_URI", f"mongodb://{silent}/?replicaSet=rs0")

    code = main(["documents", "show", "sla", "x", "--timeout", "0.2"])

    assert code == 1
    assert one_line(capsys) == "tindak: The database cannot be asked; is TINDAK_MONGO_URI right?"


def test_unsafe_environment_is_one_sentence_and_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINDAK_PROFILE", "cluster")
    monkeypatch.setenv("TINDAK_KAFKA_ACKS", "1")

    code = main(["watch", "breaches"])

    assert code == 1
    assert "TINDAK_KAFKA_ACKS must be all (is 1)" in one_line(capsys)


def test_file_that_is_not_there_is_one_sentence_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["submit", "--file", "nowhere.jsonl"])

    assert (code, one_line(capsys)) == (1, "tindak: nowhere.jsonl cannot be read: No such file or directory.")
