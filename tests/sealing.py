"""A pair of keys with which tests seal contacts and open them."""

from shared.seal import Opener, Sealer
from shared.sealing_keys import as_text, public_of

PRIVATE_KEY = bytes(range(32))
SEALER = Sealer({"k1": public_of(PRIVATE_KEY)})
OPENER = Opener({"k1": PRIVATE_KEY})
PRIVATE_KEYS_TEXT = as_text({"k1": PRIVATE_KEY})
PUBLIC_KEYS_TEXT = as_text({"k1": public_of(PRIVATE_KEY)})
