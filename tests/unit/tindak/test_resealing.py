"""What `tindak keys reseal` says of keys, and what it needs to begin."""

import pytest

from shared.events import SealScheme
from tests.sealing import PRIVATE_KEYS_TEXT
from tindak.cli import main
from tindak.keys.reseal import Report
from tindak.keys.resealing import KeyUse, Outcome, summary

pytestmark = pytest.mark.unit

SEALS = KeyUse("new", SealScheme.HPKE, 7, seals=True, may_be_retired=False)
FREE = KeyUse("old", SealScheme.HPKE, 0, seals=False, may_be_retired=True)
NEEDED = KeyUse("0.1.0", SealScheme.AES_256_GCM, 2, seals=False, may_be_retired=False)


def outcome(*keys: KeyUse, left: Report = Report(), unheard: int = 0, set_aside: int = 0) -> Outcome:  # noqa: B008  # frozen
    return Outcome(resealed=3, left=left, unheard=unheard, set_aside=set_aside, keys=keys)


def test_keys_that_nothing_needs_may_be_retired() -> None:
    done = outcome(SEALS, FREE)

    assert not done.is_unfinished
    assert summary(done, dry_run=False).splitlines() == [
        "sealed anew: 3 contacts",
        "key new: 7 contacts; seals",
        "key old: 0 contacts; may be retired",
    ]


def test_what_is_left_is_said_with_what_to_do_about_it() -> None:
    left = Report(on_its_way=1, unreadable=("a", "b"), set_aside=2, erased=3, overtaken=4)

    done = outcome(SEALS, NEEDED, left=left, unheard=5, set_aside=6)

    assert done.is_unfinished
    said = summary(done, dry_run=True).splitlines()
    assert said[0] == "to be sealed anew: 3 contacts"
    assert [line.split()[0] for line in said[1:8]] == ["1", "5", "4", "3", "2", "6", "2"]
    assert said[7:] == [
        "  2 opened by no key at hand: a, b",
        "key new: 7 contacts; seals",
        "key 0.1.0 of release 0.1.0: 2 contacts; still needed",
    ]


@pytest.mark.parametrize("unfinished", [outcome(SEALS, NEEDED), outcome(SEALS, unheard=1), outcome(SEALS, set_aside=1)])
def test_it_is_unfinished_while_anything_may_need_an_old_key(unfinished: Outcome) -> None:
    assert unfinished.is_unfinished


@pytest.mark.parametrize(
    ("private", "former", "code", "said"),
    [
        ("", "", 2, "TINDAK_CONTACT_PRIVATE_KEYS is not set"),
        ("a:c2hvcnQ=", "", 1, "TINDAK_CONTACT_PRIVATE_KEYS, entry 1 (a) has 5 bytes"),
        (PRIVATE_KEYS_TEXT, "a:c2hvcnQ=", 1, "TINDAK_CONTACT_KEYS, entry 1 (a) has 5 bytes"),
    ],
)
def test_without_usable_keys_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], private: str, former: str, code: int, said: str
) -> None:
    monkeypatch.setenv("TINDAK_CONTACT_PRIVATE_KEYS", private)
    monkeypatch.setenv("TINDAK_CONTACT_KEYS", former)

    assert main(["keys", "reseal"]) == code

    assert said in capsys.readouterr().err
