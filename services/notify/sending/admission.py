"""Decides at the last moment, on what others know, whether a claimed delivery goes out; never sends it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from services.notify.channels import Message
from services.notify.domain.correspondence import Correspondence, Erased
from services.notify.domain.deliveries import REPORTER, Delivery
from services.notify.domain.notices import SAME_CLUSTER, Rules, cluster_news, is_told_by_leader, leader_of
from services.notify.domain.outcomes import Postponed, Untried, Withheld
from services.notify.domain.sending.addresses import ADDRESS_UNVERIFIED, AdmissionRequest, Barred
from services.notify.domain.sending.pacing import barred_because, is_urgent
from services.notify.messages.renderer import MessageRenderer
from services.notify.sending.address_book import AddressBook
from shared.delivery.ports import TransientError
from shared.ids import named

Known = Callable[[str], Awaitable[Correspondence | None]]
"""Returns a ticket by its id as the database has it; None if there is none, or nobody can read it."""


async def still_wanted(
    known_of: Known, rules: Rules, state: Correspondence, delivery: Delivery
) -> Withheld | Untried | None:
    """Return why *delivery* is not sent though it was claimed; None if it is.

    The reporter may have been erased, or have stopped messages, since the round began; and of a ticket that follows
    another, officials are told of that one alone. What cannot be found out now is tried later.
    """
    leader = leader_of(state, delivery, rules)
    needed = state.ticket_id if delivery.role == REPORTER else leader
    if needed is None:
        return None
    try:
        known = await known_of(needed)
    except TransientError:
        return Untried()
    if delivery.role == REPORTER:
        if known is None or isinstance(known.contact, Erased):
            return Untried()
        why = barred_because(delivery, known)
        return Withheld(why) if why else None
    return Withheld(SAME_CLUSTER) if known is not None and is_told_by_leader(known, delivery) else None


async def admitted(
    addresses: AddressBook,
    renderer: MessageRenderer,
    rules: Rules,
    state: Correspondence,
    delivery: Delivery,
    message: Message,
    now: datetime,
) -> Message | Withheld | Postponed | Untried:
    """Return what may be sent to the message's address now, or why nothing may; only reporters are limited."""
    if message.role != REPORTER or message.address is None:
        return message
    wish = delivery.wish if delivery.repeats is None else None
    if wish and not (wish.by_link or message.is_vouched):
        # The channel that says so knows its reporter, and not whether he reads at this address.
        return Withheld(ADDRESS_UNVERIFIED)
    request = AdmissionRequest(
        message.id,
        message.is_verified or wish is not None,
        delivery.planned_at + rules.stale_for,
        named(state.ticket_id, delivery.part or "whole"),
        cluster_news(state, delivery, rules),
        is_urgent(delivery, state),
        wish.stops if wish else None,
        delivery.planned_at,
    )
    try:
        admission = await addresses.admit(message.address, request, now)
    except TransientError:
        return Untried()
    if isinstance(admission, Barred):
        return Withheld(admission.why) if admission.until is None else Postponed(admission.why, admission.until)
    if admission.as_introduction:
        return renderer.introduction(state, message)
    return renderer.while_stopped(state, delivery, message) if admission.is_stopped else message
