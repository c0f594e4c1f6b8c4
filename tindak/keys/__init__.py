"""Makes the keys that seal reporters' identities, the one under which tickets get their ids, and those of links."""

import base64
import os
import secrets
from dataclasses import dataclass

from shared.sealing_keys import KEY_BYTES, as_text, published


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What seals, and what opens that, each as a setting holds it: ``id:base64``."""

    public: str
    private: str

    @classmethod
    def draw(cls, key_id: str | None = None) -> "KeyPair":
        """Return a new pair; raise ContactKeysInvalid if its id cannot be one."""
        private = as_text({key_id or secrets.token_hex(4): os.urandom(KEY_BYTES)})
        return cls(published(private), private)


def new_link_key(key_id: str = "a") -> str:
    """Return a new key for links, as a setting holds it; its id, one letter or digit, stands in every link."""
    return as_text({key_id: os.urandom(KEY_BYTES)})


def new_id_key() -> str:
    """Return a new key for ticket ids, in base64."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()
