"""Leaves out of account what machines write into links and ids: hashes, signatures and running numbers."""

import re

from shared.text import Folded
from shared.values import replace

# UUIDs; hex of the lengths of object ids, MD5, SHA-1, SHA-256 and longer, with a letter in it; ids of posts on social
# networks, longer than any number of a person but a civil servant's; Message-IDs.
OPAQUE = re.compile(
    r"(?<![0-9a-z])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?=\d*[a-f])(?:[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96,})"
    r"|\d{17}|\d{19,20})(?![0-9a-z])"
    r"|(?<=<)(?=[^<>@\s]*\d)[^<>@\s]{20,}@[a-z0-9.-]+(?=>)"
)
# The value of a parameter that is a signature: mixed letters and digits, as long as 128 bits at least.
SIGNATURE = re.compile(r"(?<=[?&])((?:[a-z-]*signature|sig|hmac)=)(?=[^&]*[a-z])(?=[^&]*\d)[\w+/=.~%-]{22,}")
FILLER = "x"
LENGTH_MIN = 17  # of whatever these find


def without_opaque(folded: Folded) -> Folded:
    """Return a folded text in which such parts are letters that say nothing; every other character keeps its place."""
    if len(folded.text) < LENGTH_MIN:
        return folded
    text = SIGNATURE.sub(lambda found: found[1] + FILLER * (len(found[0]) - len(found[1])), folded.text)
    return replace(folded, text=OPAQUE.sub(lambda found: FILLER * len(found[0]), text))
