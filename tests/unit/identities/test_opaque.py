"""What machines write into links and ids names nobody; what people write there does."""

import base64
import random
from collections.abc import Callable
from uuid import UUID

import pytest

from shared.events import Reporter
from shared.identities.opaque import LENGTH_MIN, OPAQUE, SIGNATURE, without_opaque
from shared.identities.own import identity_of
from shared.policy.identities import load_identities
from shared.text import fold
from tests.conftest import POLICY

pytestmark = pytest.mark.unit

MASKER = load_identities(POLICY)
DRAWN = 300
AWS = "https://b.s3.ap-southeast-3.amazonaws.com/lapor/{}.jpg?X-Amz-Credential=AKIA%2F20260302%2Fs3&X-Amz-Signature={}"


def hexadecimal(draw: random.Random, digits: int) -> str:
    return f"{draw.getrandbits(4 * digits):0{digits}x}"


def uuid(draw: random.Random) -> str:
    return str(UUID(int=draw.getrandbits(128), version=4))


def base64url(draw: random.Random, size_bytes: int) -> str:
    return base64.urlsafe_b64encode(draw.randbytes(size_bytes)).decode().rstrip("=")


LINKS: dict[str, Callable[[random.Random], str]] = {
    "S3": lambda draw: AWS.format(uuid(draw), hexadecimal(draw, 64)),
    "Google": lambda draw: f"https://storage.googleapis.com/b/{uuid(draw)}?X-Goog-Signature={hexadecimal(draw, 512)}",
    "Azure": lambda draw: f"https://a.blob.core.windows.net/c/f.jpg?sv=2022-11-02&sig={base64url(draw, 32)}%3D",
    "MD5": lambda draw: f"https://files.example/{hexadecimal(draw, 32)}.png",
    "SHA-256": lambda draw: f"https://files.example/{hexadecimal(draw, 64)}",
    "UUID": lambda draw: f"s3://lapor/{uuid(draw)}/foto.jpg",
    "camera": lambda draw: f"https://files.example/IMG_20260302_{draw.randrange(10**6):06d}.jpg",
    "folders": lambda draw: f"https://files.example/laporan/2026/03/{draw.randrange(10**7)}/{draw.randrange(100)}.jpg",
}
IDS: dict[str, Callable[[random.Random], str]] = {
    "UUID": uuid,
    "hex": lambda draw: hexadecimal(draw, 32),
    "running number": lambda draw: f"LPR-2026-{draw.randrange(10**6):06d}",
    "post": lambda draw: str(1_772_000_000_000_000_000 + draw.randrange(10**15)),
    "milliseconds": lambda draw: str(1_772_000_000_000 + draw.randrange(10**9)),
    "Message-ID": lambda draw: f"<CA{draw.randrange(10)}{hexadecimal(draw, 24)}@mail.example.com>",
}


@pytest.mark.parametrize("kind", LINKS)
def test_a_link_that_machines_made_names_nobody(kind: str) -> None:
    draw = random.Random(7)

    links = [LINKS[kind](draw) for _ in range(DRAWN)]

    assert [link for link in links if MASKER.finds_in_link(link)] == []


@pytest.mark.parametrize("kind", IDS)
def test_an_id_that_machines_made_names_nobody(kind: str) -> None:
    draw = random.Random(7)

    ids = [IDS[kind](draw) for _ in range(DRAWN)]

    assert [MASKER.mask_code(each) for each in ids] == ids


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("6281234567890-1772893651", "[telepon]-1772893651"),
        ("081234567890", "[telepon]"),
        ("siti@warga.example", "[email]"),
        ("<siti@warga.example>", "<[email]>"),
        ("ktp-3674015203910007", "ktp-[NIK]"),
        ("3674015203910007", "[NIK]"),
    ],
)
def test_an_id_that_is_somebodys_is_covered(written: str, shown: str) -> None:
    assert MASKER.mask_code(written) == shown


def test_ones_own_number_is_covered_and_what_stands_beside_it_is_not() -> None:
    siti = identity_of(Reporter(name="Siti Aminah", phone="0812-3456-7890"))

    assert MASKER.mask_code("wa-6281234567890-7", siti) == "wa-[telepon]-7"
    assert MASKER.mask_code("siti-aminah-7", siti) == "siti-aminah-7"


def test_shortest_opaque_part_is_left_out_of_account() -> None:
    assert without_opaque(fold("7" * LENGTH_MIN)).text == "x" * LENGTH_MIN


@pytest.mark.parametrize("whole", ["7" * 17, "a" * 24, "?sig=" + "a1" * 11, "<1" + "a" * 19 + "@b>"])
def test_text_too_short_to_be_looked_at_holds_nothing_opaque(whole: str) -> None:
    assert OPAQUE.search(whole) or SIGNATURE.search(whole)
    for start in range(len(whole)):
        short = whole[start : start + LENGTH_MIN - 1]
        assert not OPAQUE.search(short)
        assert not SIGNATURE.search(short)
