"""Mistakes put into the rules by hand, as `mutants` puts them into delivery."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.notify import handlers as notify
from services.notify.domain import decide as planning
from services.notify.domain.correspondence import Correspondence, Unknown
from services.notify.domain.deliveries import Delivery, Sending
from services.notify.domain.sending import attempts
from services.notify.sending.sender import Sender, claims_of
from services.routing.domain import decide
from services.routing.domain.agency_choice.prediction import MaybePrediction
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.lifecycle import opening, status
from services.routing.domain.lifecycle.commands import Update
from services.routing.domain.ticket.state import Awaited, State
from services.routing.domain.ticket.transition import Transition
from services.sla.domain import ticket as sla
from shared.events import (
    Applied,
    Decision,
    Fact,
    Link,
    LinkRefused,
    NotificationSent,
    PartLink,
    PartOpened,
    TicketClosed,
    TicketUnlinked,
)
from shared.identities.masker import Masker
from shared.topics import LINKS
from tests.simulation.gateways import HOUSE


def leaves_a_cluster_without_a_word(patch: pytest.MonkeyPatch) -> None:
    original = Transition.link

    def link(self: Transition, *links: Link) -> Transition:
        return original(self, *(each for each in links if not isinstance(each, TicketUnlinked)))

    patch.setattr(Transition, "link", link)


def joins_whoever_leads_or_not(patch: pytest.MonkeyPatch) -> None:
    def unheard(self: Transition, *links: Link) -> Transition:
        told = tuple(Fact(each, LINKS, each.ticket_id, self.ticket.at) for each in links)
        return replace(self, facts=(*self.facts, *(fact for fact in told if not isinstance(fact.data, LinkRefused))))

    patch.setattr(Transition, "link", unheard)


def goes_without_a_word_to_its_members(patch: pytest.MonkeyPatch) -> None:
    def silent(decision: Decision[State]) -> Decision[State]:
        return decision

    patch.setattr(decide, "broadcast_routing", silent)


def ends_without_a_word_to_the_whole(patch: pytest.MonkeyPatch) -> None:
    def silent(before: State | None, decision: Decision[State]) -> Decision[State]:
        return decision

    patch.setattr(decide, "notify_whole", silent)


def closes_without_a_word_to_the_channel(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(status, "NEWS", status.NEWS - {TicketClosed})


def says_what_was_written_as_it_came(patch: pytest.MonkeyPatch) -> None:
    def as_it_came(update: Update, masker: Masker) -> Update:
        return update

    patch.setattr(decide, "masked", as_it_came)


def opens_no_part(patch: pytest.MonkeyPatch) -> None:
    original = Transition.link

    def link(self: Transition, *links: Link | PartLink) -> Transition:
        return original(self, *(each for each in links if not isinstance(each, PartOpened)))

    patch.setattr(Transition, "link", link)


def sent_before_its_claim(patch: pytest.MonkeyPatch) -> None:
    async def sweep(self: Sender) -> int:
        now = self.clock.now()
        due = await self.store.due_before(now, self.documents_max)
        before = {held.id: held for held in due}
        moved = [after for held in due for after in self.loop.ticked(held, now)]
        made = [await self.send_all(held, claims_of(before[held.id], held)) for held in moved]
        won = await self.loop.save_and_publish(moved)
        await self.conclude(won, {each.held.id: each.attempts for each in made})
        return len(due)

    patch.setattr(Sender, "sweep", sweep)


def overtaken_lease_accepted(patch: pytest.MonkeyPatch) -> None:
    original = attempts.conclude

    def conclude(state: Correspondence, delivery_id: str, lease: Sending, *rest: Any) -> Decision[Correspondence]:
        found = next(delivery.situation for delivery in state.deliveries if delivery.id == delivery_id)
        return original(state, delivery_id, found if isinstance(found, Sending) else lease, *rest)

    patch.setattr(notify, "conclude", conclude)


def told_within_under_a_lease(patch: pytest.MonkeyPatch) -> None:
    original = attempts._ended

    def ended(delivery: Delivery, *how: Any) -> Delivery:
        return delivery if delivery.channels == (HOUSE,) else original(delivery, *how)

    patch.setattr(attempts, "_ended", ended)


def told_within_without_a_word(patch: pytest.MonkeyPatch) -> None:
    original = notify.decide

    def decide_silently(*given: Any, **house: Any) -> Decision[Correspondence]:
        decision = original(*given, **house)
        if not isinstance(decision, Applied):
            return decision
        return replace(decision, facts=tuple(f for f in decision.facts if not isinstance(f.data, NotificationSent)))

    patch.setattr(notify, "decide", decide_silently)


def silence_taken_for_no_contact(patch: pytest.MonkeyPatch) -> None:
    def has_no_contact(state: Correspondence) -> bool:
        return isinstance(state.contact, Unknown) and state.complaint is not None

    patch.setattr(planning, "has_no_contact", has_no_contact)


def history_in_order_of_arrival(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sla, "sorted", lambda steps, key: list(steps), raising=False)


def early_updates_forgotten(patch: pytest.MonkeyPatch) -> None:
    original = opening.follow_waiting

    def follow_waiting(
        policy: RoutingPolicy, opened: Transition, awaited: Awaited | None, prediction: MaybePrediction
    ) -> Any:
        return original(policy, opened, None, prediction)

    patch.setattr(opening, "follow_waiting", follow_waiting)


MUTANTS: tuple[Callable[[pytest.MonkeyPatch], None], ...] = (
    leaves_a_cluster_without_a_word,
    joins_whoever_leads_or_not,
    goes_without_a_word_to_its_members,
    ends_without_a_word_to_the_whole,
    closes_without_a_word_to_the_channel,
    opens_no_part,
    says_what_was_written_as_it_came,
    sent_before_its_claim,
    overtaken_lease_accepted,
    told_within_under_a_lease,
    told_within_without_a_word,
    silence_taken_for_no_contact,
    history_in_order_of_arrival,
    early_updates_forgotten,
)
