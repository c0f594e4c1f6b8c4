"""What an agency needs and nobody else may read: sealed for that agency alone, on its own topic."""

from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.ticket.refusals import UNKNOWN_KEY, Refusal
from services.routing.domain.ticket.state import Situation
from services.routing.domain.ticket.transition import Transition
from shared import events
from shared.events import Fact
from shared.topics import agency_topic
from shared.values import replace

FOR_AGENCIES = (events.ReporterReplied, events.TicketReopened, events.TicketRouted)


def key_refusal(policy: RoutingPolicy, situation: Situation, command: events.Command) -> Refusal | None:
    """Return that what the sender has sealed is not for the agency that would get it; None if it is, or nothing is."""
    given: events.SealedText | None = getattr(command, "private", None)
    if given is None:
        return None
    agency = command.agency if isinstance(command, events.AssignTicket) else situation.agency
    seal = policy.seals.get(agency or "")
    return None if seal is not None and seal.key_id == given.key_id else UNKNOWN_KEY


def with_private(
    policy: RoutingPolicy, transition: Transition, given: events.SealedText | None, written: str | None
) -> Transition:
    """Return the transition in which the agency's own copy of a fact holds what nobody else may read.

    That is what the sender has sealed, or else what the reporter wrote before it was masked. An agency without a key
    gets nothing, and of who reports anonymously it gets only what the channel has sealed.

    Args:
        given: Sealed by the sender.
        written: The reporter's text, if masking has covered some of it.
    """
    if given is None and (written is None or transition.ticket.report.anonymous):
        return transition
    seals = {agency_topic(agency): seal for agency, seal in policy.seals.items()}

    def sealed(fact: Fact) -> Fact:
        seal = seals.get(fact.topic)
        if seal is None or not isinstance(fact.data, FOR_AGENCIES):
            return fact
        private = given or seal.seal(transition.ticket.id, written or "")
        return replace(fact, data=fact.data.model_copy(update={"private": private}))

    return replace(transition, facts=tuple(map(sealed, transition.facts)))
