"""The refusal of an update."""

from typing import ClassVar

from shared.events.tickets import TicketFact


class UpdateRefused(TicketFact):
    """What somebody asked for is not possible, or changes nothing, and why.

    Codes: ``unchanged`` (the ticket is as the sender wants it already), ``wrong_state``, ``not_permitted``,
    ``not_yours``, ``window_closed``, ``unknown_agency``, ``unknown_ticket`` (no complaint came for it in the time that
    updates wait for one, or too many wait), ``too_many_updates``, ``already_merged``, ``merged_with_itself``,
    ``agency_or_agencies``, ``parts_count``, ``agency_twice``, ``part_of_another``, ``until_passed`` (a hold until a
    moment that is over), ``unknown_reason`` (of archiving); and what is not as the contract says is refused as
    ``malformed``, ``schema_violation`` or ``too_long``.

    A refusal for an unknown ticket, past the limit of updates, or of what cannot be read stands outside the counted
    history: its ``version`` is 0, its ``state`` is ``unchanged``. ``ticket_id``, ``tracking_id`` and ``update_id`` are
    empty where they are not known.
    """

    TYPE: ClassVar[str] = "tindak.ticket.update_refused.v1"
    UNCHANGED: ClassVar[str] = "unchanged"
    update_id: str
    update_source: str
    code: str
    message_id: str
    message_en: str
