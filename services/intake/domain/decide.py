"""Answers a submission with exactly one acceptance, refusal or repeated answer (idempotency by source id)."""

from collections.abc import Callable, Collection, Sequence

from services.intake.domain.refusals import ERASED, SOURCE_ID_CONFLICT, refusal_reasons
from services.intake.domain.report import accepted
from services.intake.domain.rules import Rules
from services.intake.domain.state import Erased, State, Taken, fingerprint
from services.intake.domain.ticket_ids import TicketIds
from shared import events, topics
from shared.events import Applied, Arrival, Decision, Event, Fact, Replayed, Untracked
from shared.identities.own import identity_of
from shared.values import replace, value


@value
class Secrets:
    """What follows from the deployment's keys.

    Args:
        ids: Gives tickets their ids.
        key_ids: Of the keys that are published, with which a channel may seal a reporter itself.
        seal: Makes the sealed contact of the ticket with this id; called only if there is an identity.
    """

    ids: TicketIds
    key_ids: Collection[str]
    seal: Callable[[str, events.ComplaintSubmitted], events.ContactSealed]


def decide(state: State | None, event: Event, arrival: Arrival, policy: Rules, *, secrets: Secrets) -> Decision[State]:
    """Return the answer to a submission; raise TypeError for any other event, which has no business here.

    A repeat of what was taken gets the first answer again. A refusal leaves no trace, so the channel may correct the
    report and send it under the same source id. It says that the id is taken only if nothing else is wrong: so it
    follows from the report alone, or from what never changes again, and is the same whenever it is handled.

    Args:
        state: What is known under this channel and source id.
        event: Brings the report.
        arrival: When and where it came; ``attempt`` chooses another tracking id if one was taken.
        policy: What the city accepts.
        secrets: What follows from the deployment's keys.
    """
    submitted = submission(event)
    if isinstance(state, Taken) and _is_repeat(state, submitted, policy):
        return Replayed(state.event_id)
    if isinstance(state, Erased) and policy.knows_channel(submitted.channel):
        return Untracked(_erased(submitted, arrival, policy))
    reasons = refusal_reasons(submitted, arrival.arrived_at, policy, secrets.key_ids)
    if not reasons and state is not None:
        reasons = (SOURCE_ID_CONFLICT,)
    if reasons:
        source_id = policy.masker.mask_code(submitted.source_id, identity_of(submitted.reporter))
        return Untracked(_rejection(submitted.channel, source_id, reasons, arrival, policy))
    return _take(submitted, event.id, arrival, policy, secrets)


def _erased(submitted: events.ComplaintSubmitted, arrival: Arrival, rules: Rules) -> tuple[Fact, ...]:
    """Return the refusal of a report whose reporter was erased.

    Its id is another than that of the refusal that the same record may have had before the erasure.
    """
    source_id = rules.masker.mask_code(submitted.source_id, identity_of(submitted.reporter))
    occasion = f"erased|{arrival.topic}|{arrival.partition}|{arrival.offset}"
    refused = _rejection(submitted.channel, source_id, (ERASED,), arrival, rules)
    return tuple(replace(fact, occasion=occasion) for fact in refused)


def submission(event: Event) -> events.ComplaintSubmitted:
    """Return the report that an event brings; raise TypeError for any other event."""
    if not isinstance(event.data, events.ComplaintSubmitted):
        raise TypeError(f"{event.type} is no submission")
    return event.data


def _is_repeat(state: Taken, submitted: events.ComplaintSubmitted, rules: Rules) -> bool:
    """Return whether a report was taken before.

    Only a registered channel can repeat: any other text where a channel should be, such as ``web|1``, may lead to the
    ticket of a channel and a source id that are put together differently.
    """
    same_text = state.fingerprint == fingerprint(submitted.title, submitted.body)
    return same_text and rules.knows_channel(submitted.channel)


def _take(
    submitted: events.ComplaintSubmitted, event_id: str, arrival: Arrival, rules: Rules, secrets: Secrets
) -> Applied[State]:
    """Return the decision to take a report."""
    ticket = secrets.ids.of(submitted.channel, submitted.source_id)
    report = accepted(ticket, submitted, arrival, rules)
    facts = [
        Fact(report, topics.ACCEPTED, ticket, at=arrival.arrived_at),
        Fact(report, topics.answers_topic(report.channel), report.source_id, at=arrival.arrived_at),
    ]
    if report.has_contact:
        facts.append(Fact(secrets.seal(ticket, submitted), topics.CONTACTS, ticket, at=arrival.arrived_at))
    taken = Taken(
        tracking_id=report.tracking_id,
        fingerprint=fingerprint(submitted.title, submitted.body),
        event_id=event_id,
        submitted_at=submitted.submitted_at,
        accepted_at=arrival.arrived_at,
        title=submitted.title,
        body=submitted.body,
    )
    return Applied(taken, tuple(facts))


def _rejection(
    channel: str | None, source_id: str | None, reasons: Sequence[events.Reason], arrival: Arrival, rules: Rules
) -> tuple[Fact, ...]:
    """Return the refusal of a report, with the place of the refused record in its topic; told to its channel alone.

    On a topic that several channels share, one that is not in the registry cannot be told. Whatever the refusal quotes
    is covered where it names somebody.
    """
    owner = topics.member_of(arrival.topic) or (channel if channel and rules.knows_channel(channel) else None)
    if owner is None:
        return ()
    origin = events.Origin(partition=arrival.partition, offset=arrival.offset, sha256=arrival.sha256)
    data = events.ComplaintRejected(
        channel=owner, source_id=source_id, reasons=tuple(_covered(reason, rules) for reason in reasons), origin=origin
    )
    return (Fact(data, topics.answers_topic(owner), source_id or "", at=arrival.arrived_at),)


def _covered(reason: events.Reason, rules: Rules) -> events.Reason:
    return events.Reason(
        code=reason.code,
        field=reason.field and rules.masker.mask(reason.field),
        message_id=rules.masker.mask(reason.message_id),
        message_en=rules.masker.mask(reason.message_en),
    )


def refuse_unreadable(
    reasons: Sequence[events.Reason], channel: str | None, source_id: str | None, arrival: Arrival, rules: Rules
) -> Untracked:
    """Return the refusal of a record that is no event; without a fact if nobody knows whose it is.

    Who reports is not known, so in the source id all is covered that looks like a number or an address of somebody.
    """
    return Untracked(_rejection(channel, source_id and rules.masker.mask_code(source_id), reasons, arrival, rules))
