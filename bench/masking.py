"""How long masking takes beside the masker of release 0.1.0: ``python -m bench.masking``; exit 1 if more than twice.

Both mask the same reports, the invented ones of the training set, in the same process and in turns; the fastest round
of each counts. A last line names the cost of the worst texts of 8,000 characters.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.former_masking import masking
from shared.policy.identities import load_identities

POLICY = Path(__file__).parents[1] / "policy"
ROUNDS = 12
RATIO_MAX = 2.0
LENGTH = 8_000
HOSTILE = ("1", "a.a.a.", "@", "0812-", "a@", "nama ", "jl a ", "1 2 ", "b 1234 ", "rek ", "at ", "/", "nol ", "ig a")


def seconds_of(mask: Callable[[str], str], texts: Sequence[str]) -> float:
    """Return the processor time of masking all *texts* once."""
    began = time.process_time()
    for text in texts:
        mask(text)
    return time.process_time() - began


def both(rounds: int) -> tuple[int, float, float]:
    """Return how many reports there are, and the microseconds that one takes now and took in release 0.1.0."""
    with (POLICY / "training" / "tangsel.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    mask = load_identities(POLICY).mask
    took = [(seconds_of(mask, texts), seconds_of(masking.mask, texts)) for _ in range(rounds)]
    now, before = (min(each) / len(texts) * 1e6 for each in zip(*took, strict=True))
    return len(texts), now, before


def main() -> int:
    reports, now, before = both(ROUNDS)
    mask = load_identities(POLICY).mask
    print(f"{reports} reports: {now:.1f} us a report, 0.1.0 {before:.1f} us; ratio {now / before:.2f}")
    worst = max((seconds_of(mask, [(piece * LENGTH)[:LENGTH]]), piece) for piece in HOSTILE)
    print(f"worst text of {LENGTH} characters: {worst[0] * 1e3:.0f} ms (of {worst[1]!r})")
    return 0 if now / before <= RATIO_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
