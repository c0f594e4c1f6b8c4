"""Hash chains: each fact holds the hash of the one before it, so that none can be removed or altered unnoticed."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

START = "0" * 64
"""What stands as ``previous`` in the first fact of a chain."""


def link_hash(fields: Mapping[str, Any]) -> str:
    """Return the hash of a fact with these JSON *fields*, in hex, whatever they say of their own ``hash``.

    It is the SHA-256 over the text of ``previous`` and, behind it, all fields but ``previous`` and ``hash`` as
    canonical JSON: no white space, names in the order of their code points, UTF-8.

    Source:
        JSON Canonicalization Scheme, RFC 8785; the fields are texts, whole numbers and objects of these.
    """
    hashed = {name: value for name, value in fields.items() if name not in ("previous", "hash")}
    canonical = orjson.dumps(hashed, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(str(fields.get("previous", "")).encode() + canonical).hexdigest()
