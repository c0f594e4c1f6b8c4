"""The invented reports that the benchmarks of routing file."""

import csv
from pathlib import Path

TRAINING_SET = Path(__file__).resolve().parents[2] / "policy" / "training" / "tangsel.csv"


def rows() -> list[dict[str, str]]:
    """Return the rows of the training set."""
    with TRAINING_SET.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
