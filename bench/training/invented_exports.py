"""Invented complaint exports that are as hard as real ones: to choose and measure the text model by; no real word.

The words are made of syllables with Indonesian affixes and follow Zipf's law. Each report is about a matter; most
matters belong to one agency, a third to two or three, some to the agency of the place. Agencies' shares and matters
rise and fall with time, new matters come up late, reports repeat each other, hurry misspells them, and a part of the
agencies noted is simply wrong.
"""

import argparse
import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

ONSETS = ["b", "c", "d", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "w", "y", "ng", "ny"]
VOWELS = ["a", "a", "a", "i", "i", "u", "u", "e", "e", "o", "ai"]
CODAS = ["", "", "", "", "n", "ng", "r", "s", "t", "k", "l", "h"]
PREFIXES = ["", "", "", "", "me", "di", "ber", "ter", "pe"]
SUFFIXES = ["", "", "", "", "", "nya", "an", "kan", "i"]
TELL, OTHER = (3.5, 6.0), 0.15
BEGIN = datetime(2023, 1, 2, tzinfo=UTC)
FIELDS = ("text", "address", "kecamatan", "kelurahan", "agency", "time")


@dataclass(frozen=True)
class Shape:
    """How hard a set is; the defaults are near what real exports show."""

    rows: int = 12_000
    days: int = 520
    agencies: int = 24
    matters: int = 180
    words: int = 9_000
    noise: float = 0.06
    shared: float = 0.25  # of the matters belong to more than one agency
    local: float = 0.12  # of the matters belong to the agency of the place
    drift: float = 0.5  # of log shares, standard deviation over the whole time
    repeats: float = 0.08


class City:
    """Draws reports; the same seed draws the same ones."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self.shape, self.rng = shape, np.random.default_rng(seed)
        self.vocabulary = self._vocabulary()
        self.common = np.cumsum(zipf(len(self.vocabulary), 1.05))
        self.kecamatan = [self._name() for _ in range(31)]
        self.kelurahan = [(self._name(), int(self.rng.integers(31))) for _ in range(154)]
        self.streets = [(self._name(), int(self.rng.integers(154))) for _ in range(1500)]
        self.local_agency = self.rng.integers(0, shape.agencies, 31)
        self._draw_matters()

    def _word(self) -> str:
        parts = self.rng.integers(2, 4)
        draw = self.rng.choice
        return "".join(str(draw(ONSETS)) + str(draw(VOWELS)) for _ in range(parts)) + str(draw(CODAS))

    def _vocabulary(self) -> list[str]:
        stems = [self._word() for _ in range(self.shape.words // 2)]
        draw = self.rng.choice
        derived = [str(draw(PREFIXES)) + str(stem) + str(draw(SUFFIXES)) for stem in draw(stems, self.shape.words // 2)]
        words = list(dict.fromkeys(stems + derived))
        self.rng.shuffle(words)
        return words

    def _name(self) -> str:
        return " ".join(self._word() for _ in range(self.rng.integers(1, 3)))

    def _draw_matters(self) -> None:
        shape, rng = self.shape, self.rng
        shares = zipf(shape.agencies, 0.9)
        self.owners = []
        for _ in range(shape.matters):
            count = rng.choice([2, 3]) if rng.random() < shape.shared else 1
            owners = rng.choice(shape.agencies, count, replace=False, p=shares)
            self.owners.append((owners, rng.dirichlet(np.full(count, 1.2))))
        self.main = np.array([owners[0] for owners, _ in self.owners])
        self.is_local = rng.random(shape.matters) < shape.local
        # Agencies have words of their own; a matter draws some from its first agency, some anew.
        known = rng.integers(60, len(self.vocabulary), (shape.agencies, 120))
        self.terms = np.array(
            [
                np.concatenate([rng.choice(known[owners[0]], 12), rng.integers(60, len(self.vocabulary), 22)])
                for owners, _ in self.owners
            ]
        )
        self.term_shares = zipf(34, 0.8)
        self.weight = rng.gamma(0.8, size=shape.matters)
        self.trend = rng.normal(0, shape.drift, shape.matters)
        self.agency_trend = rng.normal(0, shape.drift / 2, shape.agencies)
        self.since = np.where(rng.random(shape.matters) < 0.12, rng.uniform(0.3, 0.95, shape.matters), -1.0)
        self.phase = rng.uniform(0, 2 * np.pi, shape.matters)

    def matter_at(self, when: float) -> int:
        """Draw what a report is about, at *when* between 0 and 1."""
        season = 0.5 * np.sin(2 * np.pi * when * 1.4 + self.phase)
        log = (self.trend + self.agency_trend[self.main]) * (when - 0.5) * 2 + season
        share = self.weight * np.exp(log) * (self.since < when)
        return int(self.rng.choice(self.shape.matters, p=share / share.sum()))

    def text_about(self, matter: int) -> str:
        """Draw the words of a report."""
        rng = self.rng
        length = int(np.clip(rng.lognormal(3.75, 0.65), 6, 400))
        telling = rng.beta(*TELL)
        other = int(rng.integers(self.shape.matters)) if rng.random() < OTHER else matter
        topic = np.where(rng.random(length) < 0.8, matter, other)
        told = self.terms[topic, rng.choice(34, length, p=self.term_shares)]
        common = np.searchsorted(self.common, rng.random(length))
        chosen = np.where(rng.random(length) < telling, told, common)
        slips = rng.random(length) < 0.06
        words = [self.vocabulary[index] for index in chosen]
        return " ".join(self.hurried(word) if slip else word for word, slip in zip(words, slips, strict=True))

    def hurried(self, word: str) -> str:
        """Return *word* with a vowel or a letter lost, or two letters in the wrong order."""
        at = int(self.rng.integers(1, len(word)))
        match self.rng.integers(3):
            case 0:
                return word[0] + "".join(letter for letter in word[1:] if letter not in "aiueo") or word
            case 1:
                return word[:at] + word[at + 1 :] or word
            case _:
                return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]

    def row_at(self, when: float) -> tuple[str, str, str, str, int]:
        """Draw text, address, kecamatan, kelurahan and agency of one report."""
        rng = self.rng
        matter = self.matter_at(when)
        street, kelurahan = self.streets[int(len(self.streets) * rng.beta(1, 2.2))]
        name, kecamatan = self.kelurahan[kelurahan]
        owners, shares = self.owners[matter]
        # Which of several owners: partly by place, as with roads of the city and of the province.
        owner = owners[kecamatan % len(owners)] if rng.random() < 0.45 else rng.choice(owners, p=shares)
        agency = self.local_agency[kecamatan] if self.is_local[matter] else owner
        if rng.random() < self.shape.noise:
            agency = (
                rng.choice(owners)
                if rng.random() < 0.3
                else rng.choice(self.shape.agencies, p=zipf(self.shape.agencies, 0.9))
            )
        address = f"jalan {street} no {rng.integers(1, 200)}" if rng.random() < 0.85 else ""
        return self.text_about(matter), address, self.kecamatan[kecamatan], name, int(agency)

    def rows(self) -> list[tuple[str, ...]]:
        """Draw the whole export, oldest first."""
        drawn: list[tuple[str, str, str, str, int]] = []
        found = []
        for when in np.sort(self.rng.random(self.shape.rows)):
            row = self.row_at(float(when))
            if drawn and self.rng.random() < self.shape.repeats:
                row = drawn[-int(self.rng.integers(1, min(len(drawn), 300) + 1))]
                if self.rng.random() < 0.5:
                    words = row[0].split()
                    row = (" ".join(words[: -max(1, len(words) // 6)] + self.text_about(0).split()[:4]), *row[1:])
            drawn.append(row)
            at = BEGIN + timedelta(days=float(when) * self.shape.days)
            found.append((*row[:4], f"Dinas {row[4]:02d}", f"{at:%Y-%m-%d %H:%M:%S}"))
        return found


def zipf(count: int, power: float) -> np.ndarray:
    """Return shares that fall with the rank."""
    shares = 1 / np.arange(1, count + 1) ** power
    return shares / shares.sum()


def write(path: Path, seed: int, shape: Shape = Shape()) -> None:
    """Write one export as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([FIELDS, *City(shape, seed).rows()])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    write(asked.path, asked.seed)
