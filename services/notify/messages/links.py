"""Writes the link and the address by which a reporter answers a message."""

from datetime import datetime

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import REPORTER, Delivery
from services.notify.mail.addresses import MailAddresses
from services.notify.policy.pages import PagePolicy
from shared.signed_links import LinkKeys, LinkTarget, ticket_token
from shared.values import value

PATH = "/t/"


@value
class LinkWriter:
    """Writes links, and addresses for replies.

    Args:
        base_url: What links begin with; None: none are written.
        keys: Sign them.
        mail: The addresses for replies; None: there are none.
    """

    base_url: str | None
    keys: LinkKeys
    mail: MailAddresses | None = None

    def link(self, state: Correspondence, delivery: Delivery, pages: PagePolicy | None) -> str | None:
        """Return the link to what *delivery* tells of, the same at each attempt.

        None for whoever is not the reporter; for a sensitive report, which nobody answers by a link, since its mail may
        be read by whom it is about; and where links lead nowhere.
        """
        answered = _answered(state, delivery, pages)
        if self.base_url is None or answered is None:
            return None
        return f"{self.base_url}{PATH}{ticket_token(self.keys, *answered)}"

    def reply_address(self, state: Correspondence, delivery: Delivery, pages: PagePolicy | None) -> str | None:
        """Return the address at which *delivery* is answered by mail, for as long as its link lasts; None as there."""
        answered = _answered(state, delivery, pages)
        return None if self.mail is None or answered is None else self.mail.of_reply(*answered)


def _answered(
    state: Correspondence, delivery: Delivery, pages: PagePolicy | None
) -> tuple[LinkTarget, datetime] | None:
    """Return what a reporter answers, and until when; None where nothing can be answered."""
    is_withheld = state.complaint is None or state.complaint.withheld
    if pages is None or delivery.role != REPORTER or is_withheld:
        return None
    known = state.parts.get(delivery.part) if delivery.part else None
    return LinkTarget(state.ticket_id, known.number if known else 0), delivery.planned_at + pages.link_valid_for


NO_LINKS = LinkWriter(None, LinkKeys({}))
