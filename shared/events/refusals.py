"""The refusal of an update."""

from typing import ClassVar

from shared.events.tickets import AuthoredFact


class UpdateRefused(AuthoredFact):
    """What somebody asked for is not possible, or changes nothing, and why.

    It is told to its sender alone; the history holds those of senders who may ask something of the ticket. Codes:
    ``unchanged`` (the ticket is as the sender wants it already), ``wrong_state``, ``not_permitted``, ``not_found`` (the
    sender has no such ticket: it is another's, or no complaint came for it in the time that updates wait for one),
    ``unknown_officer``, ``forged_actor``, ``window_closed``, ``unknown_agency``, ``too_many_updates``,
    ``already_merged``, ``followed_alone`` (a sensitive ticket), ``merged_with_itself``, ``agency_or_agencies``,
    ``parts_count``, ``agency_twice``, ``part_of_another``, ``until_passed`` (a hold until a moment that is over),
    ``unknown_reason`` (of archiving), ``erased`` (the reporter is forgotten); and what is not as the contract says is
    refused as ``malformed``,
    ``schema_violation`` or ``too_long``.

    Outside the counted history its ``version`` is 0, its ``state`` is ``unchanged``: then it tells nothing of the
    ticket but, past the limit of updates, its tracking id. ``ticket_id``, ``tracking_id`` and ``update_id`` are empty
    where they are not known, or not the sender's to know.
    """

    TYPE: ClassVar[str] = "tindak.ticket.update_refused.v1"
    UNCHANGED: ClassVar[str] = "unchanged"
    update_id: str
    update_source: str
    code: str
    message_id: str
    message_en: str
