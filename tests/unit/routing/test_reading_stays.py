"""What is stored relies on how texts are read: fingerprints in MongoDB, and models that have learned.

The digests were taken before the normalisation of text moved into one module; a change of one of them means that stored
fingerprints or shipped models no longer fit.
"""

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.routing.classifier.words import words
from services.routing.domain.duplicates.minhash import band_keys, number_of
from services.routing.domain.text.stems import stem
from shared.text import folded_text, words_of

pytestmark = pytest.mark.policy

TRAINING = Path(__file__).parents[3] / "policy" / "training" / "tangsel.csv"
ODD = ("ＰＪＵ ｍati", "ＫＴＰ\u00a0saya", "Café İstanbul ﬁle", "nol\u200bl ٣٤ x²", "Straße—Jl.\u2011Raya", "")


def fingerprint(text: str) -> Any:
    stems = [stem(word) for word in words_of(text)]
    return sorted(map(number_of, stems)), band_keys(sorted(set(stems)), ["kelurahan serua"])


@pytest.mark.parametrize(
    ("read", "digest"),
    [
        (words_of, "3cf56407c535fd02"),
        (words, "43391140eb1d6962"),
        (folded_text, "4a332692b01af2e2"),
        (fingerprint, "898d68113cb80bbb"),
    ],
    ids=["words", "words of the model", "folded", "fingerprints"],
)
def test_every_text_of_the_training_set_is_read_as_before(read: Callable[[str], Any], digest: str) -> None:
    with TRAINING.open(encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)] + list(ODD)

    found = hashlib.sha256()
    for text in texts:
        found.update(repr(read(text)).encode())

    assert found.hexdigest()[:16] == digest
