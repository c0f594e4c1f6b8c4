"""What each field of an event means, and a value as it may be, for the catalogue."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, get_args, get_origin

from shared.events.base import Model

FILED, LATER, DUE = "2026-03-02T05:00:00Z", "2026-03-02T06:00:00Z", "2026-03-09T09:00:00Z"
TICKET = "a79f1669-30aa-532b-a55f-cb9588932a1f"
OTHER_TICKET = "0b1a5d0e-0f43-5f2b-8d0c-000000000002"
TRACKING = "TGDJ-CH3HT-NX"
UPDATE = "3b9dc0b6-6a3c-5b55-9e0e-0d5a3e3c7f11"
LINK = f"https://lapor.example/t/{TRACKING}"

FIELDS: Mapping[str, tuple[str, Any]] = {
    "accepted_at": ("When intake accepted the complaint.", FILED),
    "actor": ("Who acts for the sender, if the sender says so; a role and an id, never a name.", None),
    "agencies": ("The 2 to 5 agencies among which the ticket is divided; empty if `agency` is given.", []),
    "advice_en": (
        "What the policy advises the reporter of a sensitive matter, in English; absent for any other.",
        "Help for victims: SAPA 129.",
    ),
    "advice_id": ("The same in Indonesian.", "Pendampingan korban: SAPA 129."),
    "agency": ("Code of the agency that has the ticket after this fact; absent if none has it.", "dishub"),
    "agency_name": ("The agency's name, for people.", "Dinas Perhubungan"),
    "allowance": ("How much time the clock allows, as the policy says it.", "5 working_days"),
    "anonymous": ("Whether agency and public must not learn who reports.", False),
    "answer": ("The agency's answer, as the reporter reads it.", "Lampu sudah diganti."),
    "at": ("When it happened.", LATER),
    "attachments": ("Files that lie elsewhere; at most 10.", None),
    "attempt": ("Number of the attempt to deliver, from 1; 0 if there was none.", 1),
    "body": ("The report in the reporter's words; at most 8000 characters.", "PJU padam sejak seminggu."),
    "breach_id": ("Id of the breach; the same in all events about it.", OTHER_TICKET),
    "breached_at": ("When the breach was found: at most a sweep after `due_at`.", DUE),
    "by": ("Who brought it about; absent for what time or a rule of ours did.", None),
    "by_whom": ("Who brought it about; absent for what time or a rule of ours did.", None),
    "bytes": ("Size of the file in bytes.", 120000),
    "calendar_version": ("Version of the office calendar that counted the time.", "2026-01"),
    "category": ("What it is about: a category of the policy, or what the channel called it.", "penerangan_jalan"),
    "channel": ("Code of the channel through which the report came.", "web"),
    "classification": ("What kind of report it is; decides how long resolving may take.", "complaint"),
    "clock": ("Which legal clock it concerns.", "respond"),
    "cluster": (
        "Id of the leading ticket with which this one is followed; absent if it is followed alone.",
        OTHER_TICKET,
    ),
    "code": ("Machine code of the reason; see the list of codes.", "not_found"),
    "comment": ("What the reporter adds to the confirmation.", "Terima kasih."),
    "confidence": ("How sure the decision is, 0 to 1.", 1.0),
    "confidential": ("Whether the content must be hidden from the public; on facts absent if it need not.", False),
    "decided_by": ("Who or what chose the agency.", "rule"),
    "declined_because": ("The agency's reason for declining; absent if it did not decline.", "Bukan wewenang kami."),
    "delivery_id": ("Id of one notice to one person; the same in all attempts.", OTHER_TICKET),
    "due_at": ("When the clock is due.", DUE),
    "due_on": ("Last date, in the city's zone, on which an answer is in time; with `due_at`.", "2026-03-09"),
    "email": ("E-mail address.", "warga@example.org"),
    "error": ("Code of what kept it from being delivered.", "smtp_550"),
    "explanation": ("The steps that led to the decision, in order.", None),
    "field": ("Name of the field at fault; absent if it is none in particular.", "body"),
    "final": ("Whether the answer ends the agency's work unless the reporter disputes it.", True),
    "flags": (
        "What is odd about the report and may need a look: `abusive_language`, `attachment_withheld`, `clock_skew`,"
        " `outside_city`, `place_conflict`, `possible_emergency`, `sensitive`, `unknown_category`, `unknown_follow_up`,"
        " `unknown_place`, `unknown_target_agency`, `unusable_email`.",
        ["outside_city"],
    ),
    "follow_up_of": ("Tracking id of an earlier report that this one continues.", TRACKING),
    "hop": ("How many agencies the ticket has had, this one included.", 1),
    "id": ("Id within the role: a code, never a person's name, address or number.", "7"),
    "instead_of": ("Role in whose place `responsible` stands because its post is vacant.", "liaison"),
    "into": ("Id of the ticket of the same matter.", OTHER_TICKET),
    "joined": ("True: it follows this ticket from now on. False: no longer.", True),
    "kecamatan": ("District.", "Ciputat"),
    "kelurahan": ("Subdistrict.", "Sawah Baru"),
    "key_id": ("Which key the contact is sealed with.", "2026-03"),
    "lateness_seconds": ("Seconds after `due_at`; zero or less is in time.", -3600.0),
    "link": ("Where the agency looks at the ticket; absent if the city has no such place.", LINK),
    "latitude": ("Degrees north, WGS 84; given together with the longitude.", -6.3),
    "leader": ("Id of the ticket that leads.", OTHER_TICKET),
    "level": ("Level of escalation, from 1.", 1),
    "locale": ("Language in which the reporter wants to be answered.", "id"),
    "location": ("Where it happened, as far as the reporter said.", None),
    "longitude": ("Degrees east, WGS 84.", 106.7),
    "media_type": ("Media type of the file.", "image/jpeg"),
    "member": ("Id of the ticket that follows.", OTHER_TICKET),
    "members": ("How many tickets follow this one now.", 3),
    "message_en": (
        "The reason as a sentence in English.",
        "The sender of this update has no ticket with this id.",
    ),
    "message_id": (
        "The reason as a sentence in Indonesian.",
        "Tidak ada laporan dengan id ini pada pengirim pembaruan ini.",
    ),
    "met_at": ("When it happened.", LATER),
    "missing": (
        "What the agency would need and the report does not say: `description`, `identity`, `location`.",
        ["location"],
    ),
    "name": ("Name.", "Siti"),
    "national_id": ("National identity number (NIK).", "3674000000000001"),
    "not_sensitive": ("True: the report was taken for a sensitive one by mistake; an officer's to say.", False),
    "note": ("What the agency adds; the reporter may read it.", "Petugas meluncur besok pagi."),
    "notice": ("Which notice of the policy it is.", "reporter_routed"),
    "number": ("Number of the part, from 1.", 1),
    "occurred_on": ("Date on which it happened.", "2026-03-01"),
    "officer": ("Code of the officer who looks after a sensitive report; absent for any other.", "protection_desk"),
    "offset": ("Offset of the record in its partition.", 7),
    "origin": ("Where the refused record lies, for who must find it.", None),
    "outcome": ("What the step came to, for people.", "dishub: lampu jalan"),
    "overdue_seconds": ("How long it was overdue, in seconds of real time.", 7200.0),
    "parent": ("Id of the divided ticket of which this one is a part; absent if it is no part.", OTHER_TICKET),
    "part": ("Number of the part, from 1; absent if the ticket is no part.", 1),
    "partition": ("Partition of the record.", 2),
    "parts": ("The parts into which the ticket was divided.", None),
    "paused_at": ("Since when the clock stands still.", LATER),
    "percent": ("Share of the allowance that is used up, in per cent.", 80),
    "phone": ("Telephone number.", "081200000000"),
    "policy_version": ("Version of the policy by which it was decided.", "2026-02"),
    "preferred_channel": ("How the reporter wants to be told, such as `email`.", "email"),
    "priority": ("How soon the agency should look.", "normal"),
    "priority_reason": ("`sensitive` where that is why it is urgent; else absent.", "sensitive"),
    "provider_id": ("Id that the provider gave the message.", "<1@tangsel.example>"),
    "question": ("What the reporter is asked; needed with `needs_reporter`.", "Nomor tiangnya berapa?"),
    "rating_wanted": ("Whether the reporter should say what the answer is worth, or object to it.", False),
    "rating": ("1 (bad) to 5 (good).", 5),
    "reason": ("Why, in the sender's words.", "Di luar wewenang kami."),
    "reason_en": ("Why it is outside the city's authority, in English; absent if it is not.", "Power lines are PLN's."),
    "reason_id": ("The same in Indonesian.", "Jaringan listrik urusan PLN."),
    "reasons": ("Everything that speaks against the report, at most 20.", None),
    "recipient_role": ("Role of the person told: `reporter`, `liaison`, `agency_head`, ...", "reporter"),
    "remaining_seconds": ("Seconds of real time left until `due_at`.", 86400.0),
    "reopened": ("Id of the part that goes on.", OTHER_TICKET),
    "report": ("What an agency needs and may see of the report; only on topics of those who must act on it.", None),
    "reporter": ("Who reports; leaves intake sealed only.", None),
    "resolve_due_at": ("When the final answer is due; absent while that is not known.", DUE),
    "respond_due_at": ("When a first answer is due; absent while that is not known, and once there is one.", None),
    "responsible": ("Role that must act: `liaison`, `agency_head`, ...", "liaison"),
    "resumed_at": ("Since when the clock runs again.", LATER),
    "role": (
        "Role of who acts: `agency`, `agency_head`, `agency_officer`, `channel`, `liaison`, `officer`, `operator`,"
        " `reporter`, `staff` or `triage`, as fits the sender.",
        "staff",
    ),
    "round": ("How often this clock has started for this ticket, from 1.", 1),
    "rule": ("Id of the rule in the policy; absent if the step has none.", "kw-lamp"),
    "rules": ("Ids of the rules that speak for this agency.", ["kw-lamp"]),
    "score": ("How much speaks for it; more is stronger.", 0.8),
    "sealed": ("The contact, encrypted; intake and notify alone hold the key.", "gAAAAAB"),
    "sensitive": (
        "Kind of a sensitive report, of `policy/sensitive.yaml`: `child_abuse`, `whistle_blowing`, ...; absent for any other.",
        "child_abuse",
    ),
    "sha256": ("SHA-256 of the bytes, hexadecimal.", "ab" * 32),
    "similar": ("Up to three open reports of the same subdistrict that read alike, for people to judge.", None),
    "since": ("Since when the agency has had the ticket.", FILED),
    "source_id": ("The channel's own id of the report: a repeat under the same one is taken once.", "2026-0001"),
    "started_at": ("Since when the clock runs.", FILED),
    "state_en": ("The state in words for the reporter, in English.", "being worked on"),
    "state_id": ("The same in Indonesian.", "sedang ditangani"),
    "state": ("Where the ticket stands after this fact.", "routed"),
    "stays": ("The last 20 agencies that had the ticket, in order.", None),
    "step": ("Name of the step.", "rule"),
    "stopped_at": ("When the clock stopped.", LATER),
    "submitted_at": ("When the reporter sent the report, by the channel's clock.", FILED),
    "successor": ("Id of the ticket that leads from now on.", OTHER_TICKET),
    "suggested_agency": ("Agency that the sender thinks responsible.", "dlh"),
    "suggestions": ("Agencies that an officer may choose, best first.", None),
    "target_agency": ("Agency that the reporter asked for.", "dishub"),
    "text": ("What the reporter writes.", "Tiang nomor 12."),
    "then": ("Ids of tickets to which this one passes it on.", [OTHER_TICKET]),
    "ticket_id": ("Id of the ticket (UUID); also the Kafka key.", TICKET),
    "title": ("Title of the report.", "Lampu jalan mati"),
    "tracking_id": ("What people read out: ten letters or digits and one that checks them.", TRACKING),
    "until": ("Until when.", DUE),
    "update_id": ("Event id of the update that is refused; empty if it cannot be read.", UPDATE),
    "update_source": ("Source of that update, cut to 200 characters.", "/agencies/dlh"),
    "uri": ("Where the file lies: a link of https, http, s3 or gs.", "https://files.example.org/1.jpg"),
    "version": ("Number of this fact in the ticket's history, from 1; 0 if it stands outside of it.", 2),
    "was": ("What it was before.", None),
    "why": ("Code of the cause.", "withdrawn"),
    "words": ("The words of the report that speak for this agency.", ["lampu jalan"]),
}
"""By the field's name, unless the type has its own below: its meaning, and a value or None for that of its kind."""

OF_TYPE: Mapping[str, tuple[str, Any]] = {
    "ArchiveTicket.reason": ("Why: one of the reasons for archiving, else the update is refused.", "unclear"),
    "AssignTicket.agency": ("Code of the agency that gets the ticket; absent if it is divided.", "dishub"),
    "BreachEscalated.at": ("Since when the superior is responsible.", DUE),
    "ClusterLeft.reason": (
        "`leader_ended`, `leader_follows`, `full`, `followed_alone` or `unknown_leader`.",
        "leader_ended",
    ),
    "ComplaintRejected.channel": ("Channel that sent the report, as far as it can be read.", "web"),
    "ComplaintSubmitted.follow_up_of": ("Tracking id of an earlier report, as the reporter typed it.", TRACKING),
    "DueChanged.was": ("When the clock was due before.", LATER),
    "HoldTicket.reason": ("What work waits for.", "needs_reporter"),
    "LeaderRouted.was": ("Agencies that had the leader before.", ["dlh"]),
    "LinkRefused.reason": ("`leader_ended`, `leader_follows`, `full`, `followed_alone` or `unknown_leader`.", "full"),
    "Location.text": ("The place in the reporter's words.", "Depan Pasar Ciputat"),
    "NotificationFailed.channel": ("How it was sent: `email`, `log`, ...", "email"),
    "NotificationSent.channel": ("How it was sent: `email`, `log`, ...", "email"),
    "NotificationSuppressed.channel": ("How it would have been sent: `email`, `log`, ...", "email"),
    "NotificationSuppressed.why": (
        "`no_contact`, `contact_erased`, `too_old` (longer ago than the policy tells) or `too_many` in a day.",
        "contact_erased",
    ),
    "PartEnded.part": ("Id of the part.", OTHER_TICKET),
    "PartReopened.part": ("Id of the part.", OTHER_TICKET),
    "Reason.code": ("Machine code of the reason; see the list of codes.", "empty"),
    "Reason.message_en": ("The reason as a sentence in English.", "The report has no text."),
    "Reason.message_id": ("The reason as a sentence in Indonesian.", "Isi laporan kosong."),
    "SimilarTicket.score": ("How alike the two reports are, 0 to 1.", 0.8),
    "SimilarTicket.tracking_id": ("Tracking id of the other report.", TRACKING),
    "Suggestion.why": ("Why, for people.", "lampu jalan, pju"),
    "Author.code": ("Code of the agency, channel or officer.", "dishub"),
    "Author.role": ("`agency`, `channel` (for its reporter) or `officer`.", "agency"),
    "TicketArchived.by": ("Who put it away: `officer` or `system`.", "officer"),
    "TicketArchived.reason": ("Why: a reason for archiving, or `completion_window_expired`.", "unclear"),
    "TicketClosed.by": ("Who ended it.", "reporter"),
    "TicketClosed.reason": ("`all_parts_closed` if the last part of a divided ticket has ended; else absent.", None),
    "TicketHeld.reason": ("What work waits for.", "needs_reporter"),
    "TicketReclassified.was": ("The classification before.", "information_request"),
    "TicketStatusChanged.agency": (
        "Code of the agency that has the ticket, or had it last; absent for none.",
        "dishub",
    ),
    "TicketStatusChanged.answer": (
        "The last answer of the agency that has the ticket; absent while there is none.",
        "Penggantian lampu dijadwalkan minggu ini.",
    ),
    "TicketStatusChanged.due_at": (
        "When the final answer is due; absent while that is not known, stands still, or is no longer waited for.",
        DUE,
    ),
    "TicketStatusChanged.final": ("Whether `answer` is the final one; absent without one.", False),
    "TicketStatusChanged.message_en": (
        "A sentence that can be shown to the reporter as it is, in English.",
        f"Dinas Perhubungan is working on report {TRACKING}. An answer is due by 9 March 2026.",
    ),
    "TicketStatusChanged.message_id": (
        "The same in Indonesian.",
        f"Laporan {TRACKING} sedang ditangani Dinas Perhubungan. Jawaban paling lambat 9 Maret 2026.",
    ),
    "TicketStatusChanged.note": ("What the agency said last beside its answer.", "Petugas meluncur besok pagi."),
    "TicketStatusChanged.question": ("What the reporter is asked while work waits for that.", None),
    "TicketStatusChanged.reason": (
        "Why it ended: a reason for archiving, `completion_window_expired` or `all_parts_closed`; else absent.",
        None,
    ),
    "TicketStatusChanged.state": ("Where the ticket stands.", "in_progress"),
    "TicketStatusChanged.version": ("Version of the ticket's history that it tells of.", 4),
    "TicketReclassified.priority": (
        "Its priority from now on, if it was taken for sensitive by mistake; else absent.",
        None,
    ),
    "TicketSplit.agency": ("Absent: the parts have agencies, the divided ticket has none.", None),
    "TicketUnassigned.agency": ("Code of the agency that has the ticket no longer.", "dishub"),
    "TicketWithdrawn.reason": ("`whole_withdrawn` if the reporter took back the ticket of which it is a part.", None),
    "TriageRequested.agency": ("Absent: no agency has the ticket.", None),
    "TriageRequested.parts": ("Agencies among which an officer may divide the report; empty for one matter.", None),
    "TriageRequested.reason": ("Code of why an officer must decide.", "no_evidence"),
    "UpdateRefused.state": ("Where the ticket stands; `unchanged` outside the counted history.", "routed"),
}
"""By ``Model.field``, where the field means something else than elsewhere."""

STATES: Mapping[str, str] = {
    "TriageRequested": "in_triage", "TicketAcknowledged": "acknowledged", "TicketProgressed": "in_progress",
    "TicketAnswered": "answered", "TicketHeld": "held", "TicketResumed": "in_progress", "TicketClosed": "closed",
    "TicketReopened": "reopened", "TicketArchived": "archived", "TicketWithdrawn": "withdrawn", "TicketSplit": "split",
    "PartEnded": "closed", "TicketStatusChanged": "in_progress",
}  # fmt: skip
RARE = {
    "parent", "part", "cluster", "instead_of", "reason_id", "reason_en", "actor", "agencies", "then", "sensitive",
    "priority_reason", "officer", "advice_id", "advice_en", "not_sensitive",
}  # fmt: skip
"""Optional fields that an ordinary event does not hold: examples leave them out."""


def meaning(model: type[Model], name: str) -> str:
    """Return what a field of *model* means, for people; raise KeyError if nobody has said it."""
    return _stated(model, name)[0]


def example(model: type[Model]) -> dict[str, Any]:
    """Return a value that *model* takes, as JSON; an ordinary one, without what is rarely there."""
    made = {
        name: _value(model, name, field.annotation)
        for name, field in model.model_fields.items()
        if field.is_required() or name not in RARE
    }
    return {name: value for name, value in made.items() if value is not None}


def _stated(model: type[Model], name: str) -> tuple[str, Any]:
    return OF_TYPE.get(f"{model.__name__}.{name}") or FIELDS[name]


def _value(model: type[Model], name: str, annotation: Any) -> Any:
    if name == "state" and model.__name__ in STATES:
        return STATES[model.__name__]
    value = _stated(model, name)[1]
    if value is not None:
        return value
    kinds = [kind for kind in kinds_of(annotation) if isinstance(kind, type)]
    inner = next((kind for kind in kinds if issubclass(kind, Model)), None)
    if inner is not None:
        return [example(inner)] if tuple in kinds else example(inner)
    return next((next(iter(kind)).value for kind in kinds if issubclass(kind, Enum)), None)


def kinds_of(annotation: Any) -> Iterator[Any]:
    """Yield every class that stands in an annotation, that of a generic one included."""
    yield get_origin(annotation) or annotation
    for inner in get_args(annotation):
        yield from kinds_of(inner)
