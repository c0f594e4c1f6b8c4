"""Keys that `tindak keys` makes are those that intake and notify take."""

from pathlib import Path

import pytest

from services.intake.domain.ticket_ids import TicketIds
from shared.seal import Opener, Sealer
from shared.sealing_keys import PRIVATE_KEYS, PUBLIC_KEYS
from shared.signed_links import LinkKeys
from tindak.cli import main

pytestmark = pytest.mark.unit


def made(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, str]:
    """Return what `tindak keys` prints, as a shell reads it."""
    assert main(["keys", *options]) == 0
    return dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())


def test_new_pair_seals_and_opens(capsys: pytest.CaptureFixture[str]) -> None:
    pair = made(capsys, "new", "--id", "march")

    sealed, key_id = Sealer.from_text(pair[PUBLIC_KEYS]).seal("ticket", b"name")

    assert set(pair) == {PUBLIC_KEYS, PRIVATE_KEYS}
    assert (key_id, Opener.from_text(pair[PRIVATE_KEYS]).open("ticket", sealed, key_id)) == ("march", b"name")


def test_rotating_puts_a_new_pair_in_front(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    old = made(capsys, "new", "--id", "old")
    sealed, old_id = Sealer.from_text(old[PUBLIC_KEYS]).seal("ticket", b"name")
    monkeypatch.setenv(PRIVATE_KEYS, old[PRIVATE_KEYS])

    rotated = made(capsys, "rotate", "--id", "new")

    opener, sealer = Opener.from_text(rotated[PRIVATE_KEYS]), Sealer.from_text(rotated[PUBLIC_KEYS])
    assert opener.open("ticket", sealed, old_id) == b"name"
    assert opener.open("ticket", *sealer.seal("ticket", b"name")) == b"name"
    assert (sealer.current, list(sealer.keys)) == ("new", ["new", "old"])


def test_public_keys_follow_from_the_private_ones(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = made(capsys, "new")
    monkeypatch.setenv(PRIVATE_KEYS, pair[PRIVATE_KEYS])

    assert made(capsys, "public") == {PUBLIC_KEYS: pair[PUBLIC_KEYS]}


@pytest.mark.parametrize("command", ["rotate", "public"])
@pytest.mark.parametrize(
    ("keys", "code", "said"),
    [("", 2, "TINDAK_CONTACT_PRIVATE_KEYS is not set"), ("a:c2hvcnQ=", 1, "entry 1 (a) has 5 bytes")],
)
def test_without_usable_private_keys_there_is_nothing_to_print(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str, keys: str, code: int, said: str
) -> None:
    monkeypatch.setenv(PRIVATE_KEYS, keys)

    assert main(["keys", command]) == code

    told = capsys.readouterr()
    assert (told.out, said in told.err, "c2hvcnQ" in told.err) == ("", True, False)


def test_an_id_that_cannot_stand_in_the_setting_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "new", "--id", "a:b"]) == 2

    assert "--id a:b is none" in capsys.readouterr().err


def test_a_new_link_key_signs_links_and_bears_the_id_that_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "new-link-key", "--id", "b"]) == 0

    assert list(LinkKeys.from_text(capsys.readouterr().out.strip()).keys) == ["b"]


def test_the_id_of_a_link_key_is_one_symbol() -> None:
    assert main(["keys", "new-link-key", "--id", "2026"]) == 2


def test_each_new_id_key_gives_ids_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    made_keys = []
    for _ in range(2):
        assert main(["keys", "new-id-key"]) == 0
        made_keys.append(capsys.readouterr().out.strip())

    one, other = (TicketIds.from_text(key).of("web", "1") for key in made_keys)

    assert one != other


def test_an_agency_opens_what_was_sealed_with_its_key_in_agencies_yaml(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["keys", "new", "--agency", "--id", "dishub-1"]) == 0
    public, private = capsys.readouterr().out.splitlines()
    (tmp_path / "key").write_text(f"{private}\n")
    sealed, _ = Sealer.from_text(public.removeprefix("public_key: ")).seal("ticket", b"Nomor saya 0812.")

    assert main(["keys", "open", "ticket", sealed, "--key-file", f"{tmp_path}/key"]) == 0
    assert capsys.readouterr().out == "Nomor saya 0812.\n"

    assert main(["keys", "open", "other", sealed, "--key-file", f"{tmp_path}/key"]) == 1
    assert "No key in that file opens it" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "said"), [(None, "cannot be read"), ("a:c2hvcnQ=", "entry 1 (a) has 5 bytes")])
def test_a_file_without_a_key_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "key"
    if text is not None:
        path.write_text(text)

    assert main(["keys", "open", "ticket", "AAAA", "--key-file", str(path)]) == 1

    assert said in capsys.readouterr().err
