"""Makes and reads the addresses to which mail comes back: what each of them is about is signed and stands in it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.notify.settings import Settings
from shared.signed_links import LinkInvalid, LinkKeys, LinkTarget, Purpose
from shared.values import value

ADDRESSES_MAX = 50  # of one mail are looked at
DELIVERY_BYTES = 5
REPLY_BYTES, BOUNCE_BYTES = 16 + 1, 16 + DELIVERY_BYTES


class NoSuchAddress(Exception):
    """A mail has come to no address that bears anything of ours."""


@value
class Returned:
    """What came back concerns a message that we sent.

    Args:
        delivery: How the id of its delivery begins, without dashes.
    """

    ticket_id: str
    delivery: str

    def is_about(self, delivery_id: str) -> bool:
        """Return whether it concerns the delivery of that id."""
        return delivery_id.replace("-", "").startswith(self.delivery)


class MailAddresses:
    """The addresses ``<mailbox>+<token>@<domain>`` of one mailbox; the whole before the ``@`` has 64 symbols at most.

    Args:
        address: Of the mailbox, see `Settings.reply_address`.
        keys: Sign what the addresses are about.
    """

    def __init__(self, address: str, keys: LinkKeys) -> None:
        self.mailbox, _, self.domain = address.rpartition("@")
        self.keys = keys

    def of_reply(self, target: LinkTarget, expires_at: datetime) -> str:
        """Return the address at which a reporter answers for *target* until *expires_at*, aware."""
        content = UUID(target.ticket_id).bytes + bytes((target.part,))
        return self._with(self.keys.sign_for_mail(Purpose.REPLY, content, expires_at))

    def of_bounce(self, ticket_id: str, delivery_id: str) -> str:
        """Return the sender on the envelope of a message, to which whoever cannot deliver it says so."""
        content = UUID(ticket_id).bytes + UUID(delivery_id).bytes[:DELIVERY_BYTES]
        return self._with(self.keys.sign_for_mail(Purpose.BOUNCE, content))

    def read(self, addresses: Iterable[str], now: datetime) -> LinkTarget | Returned:
        """Return what a mail is about: whose reply it may be, or which message it gives back.

        Args:
            addresses: To which it came, in any case; the first that bears a token counts.
            now: Aware.

        Raises:
            NoSuchAddress: None of them bears a token.
            LinkInvalid: The token is none of ours.
            LinkExpired: It was one, and the time for replies is over.
        """
        token = next((found for each in list(addresses)[:ADDRESSES_MAX] if (found := self._token(each))), None)
        if token is None:
            raise NoSuchAddress
        try:
            told = self.keys.open_from_mail(Purpose.BOUNCE, token, BOUNCE_BYTES)
        except LinkInvalid:
            told = self.keys.open_from_mail(Purpose.REPLY, token, REPLY_BYTES, now)
            return LinkTarget(str(UUID(bytes=told[:16])), told[16])
        return Returned(str(UUID(bytes=told[:16])), told[16:].hex())

    def _with(self, token: str) -> str:
        return f"{self.mailbox}+{token}@{self.domain}"

    def _token(self, address: str) -> str | None:
        """Return what stands behind the mailbox's name; None for another mailbox, or if nothing does."""
        local, _, domain = address.strip().lower().rpartition("@")
        mailbox, _, token = local.partition("+")
        is_ours = (mailbox, domain) == (self.mailbox.lower(), self.domain.lower())
        return token if is_ours and token else None


def mail_addresses(own: Settings) -> MailAddresses | None:
    """Return the addresses to which mail comes back; None where nothing is set for it."""
    return None if own.reply_address is None else MailAddresses(own.reply_address, own.links())
