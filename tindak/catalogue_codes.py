"""The codes with which Tindak refuses what it cannot take, for the catalogue."""

from collections.abc import Mapping

UNREADABLE: dict[str, str] = {
    "malformed": "No JSON, or no CloudEvents envelope.",
    "schema_violation": "A field is missing, of another kind than it must be, or holds what cannot be meant.",
    "forged_source": "`source`, or the channel in the data, is not that of the sender to whom the topic belongs.",
    "too_long": "The record or one of its texts is longer than is taken.",
}
REJECTED: dict[str, str] = UNREADABLE | {
    "unreadable_batch": "What was sent cannot be unpacked, so nothing else is known of it.",
    "unknown_channel": "The channel is not in `policy/channels.yaml`.",
    "outside_retention": "The report was sent longer before its arrival than reports are kept.",
    "empty": "The report has no text.",
    "spam": "The report is only a link, test words, a few repeated letters, or advertising.",
    "status_question": "It asks how an earlier report stands, and reports nothing.",
    "dispute_of_closed": "It objects to the closing of an earlier report, and reports nothing else.",
    "opt_out": "It asks for no more messages; the channel that knows its reporter stops them.",
    "opt_in": "It asks for messages again; the channel that knows its reporter takes the stop back.",
    "thanks": "It thanks or praises, and reports nothing.",
    "erased": "The reporter of what came under this `source_id` was erased; nothing more is taken under it.",
    "source_id_conflict": "The channel has used this `source_id` for a report with another text.",
}
UPDATE_REFUSED: dict[str, str] = UNREADABLE | {
    "unchanged": "The ticket is already as the sender wants it.",
    "wrong_state": "It cannot be done while the ticket stands where it does.",
    "not_permitted": "This sender may not send this kind of update.",
    "not_found": "The sender has no ticket with this id: it is another's, or no complaint came for the update.",
    "erased": "The reporter was erased; there is nobody left to speak to or for.",
    "unknown_officer": "No officer of `policy/officers.yaml` has this code.",
    "forged_actor": "The `actor` is another than the sender may name.",
    "window_closed": "The time in which the reporter could respond to the answer is over.",
    "unknown_agency": "No agency of the policy has this code.",
    "unknown_key": "What is `private` is sealed for no key of the agency that has or would get the ticket.",
    "unknown_reason": "It is none of the reasons for archiving.",
    "until_passed": "The moment until which the ticket is to be on hold is over.",
    "too_many_updates": "The ticket has had so many updates that only what ends it is taken.",
    "already_merged": "The ticket is followed together with another one; take that back first.",
    "followed_alone": "The ticket is sensitive: it is never followed together with another one.",
    "merged_with_itself": "A ticket cannot be followed together with itself.",
    "agency_or_agencies": "Give `agency` or `agencies`, not both and not none.",
    "parts_count": "A ticket can be divided among 2 to 5 agencies.",
    "agency_twice": "Each agency can get one part only.",
    "part_of_another": "The ticket is a part of another one and cannot be divided again.",
}
DEAD_LETTERS: dict[str, str] = UNREADABLE | {
    "unreadable_batch": "What lies there cannot be unpacked: a batch of the writer's, kept as it is.",
    "bug": "A rule of Tindak failed at it; `dlq-error` names class and place.",
    "document_unreadable": "Its ticket's document cannot be read; it waits until that is healed.",
    "document_newer": "A newer release wrote its ticket's document; it waits until that release runs again.",
    "document_too_large": "Its ticket's document has grown too large to be saved.",
    "document_unstorable": "Its ticket's document holds what the database cannot store.",
}
TABLES: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("`code` of the reasons of `tindak.complaint.rejected.v1`", REJECTED),
    ("`code` of `tindak.ticket.update_refused.v1`", UPDATE_REFUSED),
    ("`dlq-reason` of dead letters", DEAD_LETTERS),
)
