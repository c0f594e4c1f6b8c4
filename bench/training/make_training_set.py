"""Makes policy/training/tangsel.csv, an invented training set of the text model, out of bench/training/tangsel.yaml.

Invented sentences are drawn, joined, shortened and misspelled; some reports are vague, some name a second matter, and
some were filed with the wrong agency. Agencies' shares change with time. The same seed makes the same file.
"""

import argparse
import csv
import random
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHOICE = re.compile(r"\{([^{}]*)\}")
WIB = timezone(timedelta(hours=7))
BEGIN = datetime(2024, 1, 2, 8, tzinfo=WIB)
DAYS = 720
ROWS = 4_000
WRONG = 0.05  # of the reports were filed with another agency
VAGUE = 0.05
SECOND = 0.10
PLACED = 0.85
HURRIED = 0.4
FIELDS = ("text", "address", "kecamatan", "kelurahan", "agency", "time")


class Writer:
    """Draws reports."""

    def __init__(self, phrases: dict[str, Any], places: dict[str, Any], districts: dict[str, str], seed: int) -> None:
        self.phrases, self.districts, self.random = phrases, districts, random.Random(seed)
        self.matters: dict[str, Any] = phrases["matters"]
        self.trend = {agency: self.random.gauss(0, 0.35) for agency in self.matters}
        self.kelurahan = [(each["name"], one["name"]) for one in places["kecamatan"] for each in one["kelurahan"]]

    def rows(self, count: int) -> list[tuple[str, ...]]:
        """Draw *count* reports, oldest first."""
        return [self.row(when) for when in sorted(self.random.random() for _ in range(count))]

    def row(self, when: float) -> tuple[str, ...]:
        """Draw a report of *when*, 0 to 1."""
        kelurahan, kecamatan = self.random.choice(self.kelurahan)
        agency = self.agency_at(when)
        text = self.text(agency, kelurahan)
        if self.random.random() < WRONG:
            agency = self.agency_at(when)
        code = self.districts[kecamatan] if agency == "kecamatan" else agency
        address = f"Jl. {self.random.choice(self.phrases['streets'])} No. {self.random.randint(1, 150)}"
        placed = self.random.random() < PLACED
        at = BEGIN + timedelta(days=when * DAYS)
        return (
            text,
            address if self.random.random() < 0.6 else "",
            kecamatan if placed or agency == "kecamatan" else "",
            kelurahan if placed else "",
            code,
            f"{at:%Y-%m-%d %H:%M:%S}",
        )

    def agency_at(self, when: float) -> str:
        """Draw an agency; their shares drift."""
        shares = [
            matter["share"] * 2 ** (self.trend[agency] * (when - 0.5) * 2) for agency, matter in self.matters.items()
        ]
        return self.random.choices(list(self.matters), shares)[0]

    def text(self, agency: str, kelurahan: str) -> str:
        """Draw what a report says."""
        draw = self.random
        body = self.spun(draw.choice(self.matters[agency]["texts"]))
        if draw.random() < VAGUE:
            body = draw.choice(self.phrases["vague"])
        elif draw.random() < SECOND:
            other = self.spun(draw.choice(self.matters[self.agency_at(0.5)]["texts"])).split(",")[0]
            body = f"{body}, dan juga {other}"
        elif draw.random() < 0.25:
            body = body.split(",")[0]
        parts = [draw.choice(self.phrases[name]) for name in ("openings", "asides", "closings")]
        text = f"{parts[0]}{body}{parts[1]}{parts[2]}".replace("{kelurahan}", kelurahan)
        text = " ".join(text.split())
        if draw.random() < HURRIED:
            return self.hurried(text)
        return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")

    def spun(self, pattern: str) -> str:
        """Draw one of the texts that *pattern* stands for."""
        while found := CHOICE.search(pattern):
            options = found[1]
            if options in {"place", "time"}:
                drawn = self.random.choice(self.phrases[f"{options}s"])
            else:
                drawn = self.random.choice(options.split("|"))
            pattern = pattern[: found.start()] + drawn + pattern[found.end() :]
        return pattern.replace(" ,", ",")

    def hurried(self, text: str) -> str:
        """Return *text* as it is typed on a telephone."""
        slang, draw = self.phrases["slang"], self.random
        words = []
        for word in text.lower().split():
            plain = word.strip(".,")
            if plain in slang and draw.random() < 0.7:
                word = draw.choice(slang[plain])
            elif len(plain) > 4 and draw.random() < 0.08:
                at = draw.randrange(1, len(word) - 1)
                word = word[:at] + word[at + 1 :]
            words.append(word)
        return " ".join(words).replace(",", "" if draw.random() < 0.5 else ",")


def read(name: str) -> dict[str, Any]:
    """Return a YAML file below the root."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return loaded


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=36_74)
    parser.add_argument("--out", type=Path, default=ROOT / "policy" / "training" / "tangsel.csv")
    asked = parser.parse_args()
    agencies = read("policy/agencies.yaml")["agencies"]
    districts = {agency["kecamatan"]: agency["code"] for agency in agencies if agency.get("kecamatan")}
    writer = Writer(read("bench/training/tangsel.yaml"), read("policy/places.yaml"), districts, asked.seed)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    with asked.out.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([FIELDS, *writer.rows(asked.rows)])


if __name__ == "__main__":
    main()
