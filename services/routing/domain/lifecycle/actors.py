"""Whether the actor that an update names may stand beside its sender; an actor gives no rights."""

import re
from collections.abc import Mapping

from services.routing.domain.agency_choice.rules import OfficerRole, RoutingPolicy
from services.routing.domain.ticket.refusals import ACTOR_IS_NO_CODE, FORGED_ACTOR, Refusal, unknown_actor_role
from shared.events import Actor
from shared.senders import Role, Sender

OF_OFFICERS: tuple[str, ...] = (Role.OFFICER, *OfficerRole)
WORDS: Mapping[Role, tuple[str, ...]] = {
    Role.AGENCY: (Role.AGENCY, "agency_head", "liaison", "operator", "staff"),
    Role.CHANNEL: (Role.CHANNEL, "operator", "reporter", "staff"),
    Role.OFFICER: (*OF_OFFICERS, "operator", "staff"),
}
KNOWN = sorted({str(word) for words in WORDS.values() for word in words})
UUID_TEXT = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Numbers that name a person, of a telephone or an identity card, have nine digits or more.
ID = re.compile(rf"{UUID_TEXT}|(?!.*[0-9]{{9}})[A-Za-z0-9][A-Za-z0-9_.-]{{0,63}}")


def actor_refusal(policy: RoutingPolicy, sender: Sender | None, actor: Actor | None) -> Refusal | None:
    """Return what is wrong with the actor of an update of *sender*, or None; it quotes nothing of it.

    The actor acts within the sender: its role is one that such a sender has, and its id is no other sender's code.
    """
    if sender is None or actor is None:
        return None
    if actor.role not in KNOWN:
        return unknown_actor_role(KNOWN)
    if not ID.fullmatch(actor.id):
        return ACTOR_IS_NO_CODE
    return FORGED_ACTOR if _is_another(policy, sender, actor) else None


def _is_another(policy: RoutingPolicy, sender: Sender, actor: Actor) -> bool:
    if actor.role not in WORDS[sender.role]:
        return True
    if actor.id == sender.code:
        return actor.role in list(OfficerRole) and actor.role != policy.officers[sender.code].role
    match sender.role:
        case Role.AGENCY:
            return actor.id in policy.agencies
        case Role.CHANNEL:
            return actor.role == Role.CHANNEL
        case Role.OFFICER:
            return actor.role in OF_OFFICERS or actor.id in policy.officers
