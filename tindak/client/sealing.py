"""Seals reporters as a channel does that lets no identity onto the bus."""

import json
import os
from uuid import uuid4

from shared.seal import Sealer, channel_info
from shared.sealing_keys import PUBLIC_KEYS, ContactKeysInvalid
from tindak.client.answers import Complaint
from tindak.console import Failure, Misuse
from tindak.environment import at_hand


def sealer_at_hand() -> Sealer:
    """Return what seals with the public keys of the environment, or of a local stack that runs at hand.

    Raises:
        Misuse: There are none.
        Failure: They are no keys.
    """
    if not (given := at_hand(os.environ).get(PUBLIC_KEYS)):
        raise Misuse(f"Sealing needs {PUBLIC_KEYS}, which `tindak keys public` prints where the private keys are.")
    try:
        return Sealer.from_text(given)
    except ContactKeysInvalid as invalid:
        raise Failure(f"{invalid}.") from None


def with_sealed_reporter(complaint: Complaint, sealer: Sealer) -> Complaint:
    """Return a complaint with ``reporter_sealed`` in place of ``reporter``; it gets a source id if it has none."""
    if not isinstance(reporter := complaint.get("reporter"), dict):
        return complaint
    source_id = complaint.get("source_id") or str(uuid4())
    info = channel_info(str(complaint.get("channel")), str(source_id))
    sealed, key_id = sealer.seal(info, json.dumps(reporter).encode())
    others = {name: value for name, value in complaint.items() if name != "reporter"}
    return {**others, "source_id": source_id, "reporter_sealed": {"sealed": sealed, "key_id": key_id}}
