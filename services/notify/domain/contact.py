"""What is known of how a ticket's reporter is reached."""

from typing import Literal

from shared.events import SealScheme
from shared.values import value


@value
class Unknown:
    """No contact has come yet; for a report without an identity none will, unless its reporter gives one later."""

    kind: Literal["unknown"] = "unknown"


@value
class Sealed:
    """The contact as it came, sealed; opened only to send.

    Args:
        info: What it is bound to, where that is not the id of the ticket.
    """

    sealed: str
    key_id: str
    locale: str
    scheme: SealScheme = SealScheme.AES_256_GCM
    info: str | None = None
    kind: Literal["sealed"] = "sealed"


@value
class Erased:
    """The reporter was erased, for good: a contact that comes later is none."""

    kind: Literal["erased"] = "erased"


Contact = Unknown | Sealed | Erased
