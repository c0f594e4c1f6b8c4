"""Keys that `tindak keys` makes are those that intake and notify take."""

import pytest

from services.intake.domain.ticket_ids import TicketIds
from shared.seal import Sealer
from tindak.cli import main

pytestmark = pytest.mark.unit


def made(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["keys", "new", *options]) == 0
    return capsys.readouterr().out.strip()


def test_new_key_seals_and_opens(capsys: pytest.CaptureFixture[str]) -> None:
    sealer = Sealer.from_text(made(capsys, "--id", "march"))

    sealed, key_id = sealer.seal("ticket", b"name")

    assert (key_id, sealer.open("ticket", sealed, key_id)) == ("march", b"name")


def test_new_key_in_front_of_the_old_one_rotates(capsys: pytest.CaptureFixture[str]) -> None:
    old, new = made(capsys), made(capsys)
    sealed, old_id = Sealer.from_text(old).seal("ticket", b"name")

    rotated = Sealer.from_text(f"{new},{old}")

    assert rotated.open("ticket", sealed, old_id) == b"name"
    assert rotated.seal("ticket", b"name")[1] == new.partition(":")[0]


def test_each_new_id_key_gives_ids_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    made_keys = []
    for _ in range(2):
        assert main(["keys", "new-id-key"]) == 0
        made_keys.append(capsys.readouterr().out.strip())

    one, other = (TicketIds.from_text(key).of("web", "1") for key in made_keys)

    assert one != other
