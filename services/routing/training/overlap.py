"""Digests of the reports that a model has learned from, so that it is not measured on them unnoticed."""

import base64
import hashlib
from collections.abc import Iterable

DIGEST_BYTES = 4  # among 4,000 known texts, a strange one is taken for known once in a million


def pack_digests(texts: Iterable[str]) -> str:
    """Return the digests of *texts* for a model's manifest; the texts cannot be read from them."""
    return base64.b64encode(b"".join(sorted(set(map(_digest, texts))))).decode()


def count_known(texts: Iterable[str], packed: str) -> int:
    """Return how many of *texts* are among those that *packed* was made from; case and spaces make no difference."""
    raw = base64.b64decode(packed)
    known = {raw[at : at + DIGEST_BYTES] for at in range(0, len(raw), DIGEST_BYTES)}
    return sum(_digest(text) in known for text in texts)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(" ".join(text.casefold().split()).encode(), digest_size=DIGEST_BYTES).digest()
