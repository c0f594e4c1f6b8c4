"""Writes the link by which a reporter answers a message."""

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import REPORTER, Delivery
from services.notify.policy.pages import PagePolicy
from shared.signed_links import LinkKeys, LinkTarget, ticket_token
from shared.values import value

PATH = "/t/"


@value
class LinkWriter:
    """Writes links.

    Args:
        base_url: What they begin with; None: none are written.
        keys: Sign them.
    """

    base_url: str | None
    keys: LinkKeys

    def link(self, state: Correspondence, delivery: Delivery, pages: PagePolicy | None) -> str | None:
        """Return the link to what *delivery* tells of, the same at each attempt.

        None for whoever is not the reporter; for a sensitive report, which nobody answers by a link, since its mail may
        be read by whom it is about; and where links lead nowhere.
        """
        is_withheld = state.complaint is None or state.complaint.withheld
        if self.base_url is None or pages is None or delivery.role != REPORTER or is_withheld:
            return None
        known = state.parts.get(delivery.part) if delivery.part else None
        target = LinkTarget(state.ticket_id, known.number if known else 0)
        return f"{self.base_url}{PATH}{ticket_token(self.keys, target, delivery.planned_at + pages.link_valid_for)}"


NO_LINKS = LinkWriter(None, LinkKeys({}))
