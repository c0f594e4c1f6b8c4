"""Who does what with which complaint: agencies, officers and reporters answer what they hear."""

import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from shared import events as e

HOLDER = "/agencies/{agency}"  # whoever has the ticket
REPORTER = "/channels/{channel}"  # the channel that the report came from
OFFICER = "/officers/triage"


@dataclass(frozen=True, slots=True)
class Cue:
    """When *on* is heard of the ticket, *by* asks for *what*, once."""

    on: type[e.EventData]
    by: str
    what: type[e.Command]
    say: dict[str, Any] = field(default_factory=dict)


def complaints() -> list[dict[str, Any]]:
    """Return the complaints in the order in which they are submitted."""
    lines = files(__package__).joinpath("complaints.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


SEEN = Cue(e.TicketRouted, HOLDER, e.AcknowledgeTicket)
ORDINARY = (
    SEEN,
    Cue(
        e.TicketAcknowledged, HOLDER, e.AnswerTicket,
        {"answer": "Terima kasih atas laporannya. Petugas sudah menindaklanjuti di lokasi.", "final": True},
    ),
)  # fmt: skip
"""What happens to every complaint without cues of its own; the reporter keeps silent, so the system closes it."""

CUES: dict[str, tuple[Cue, ...]] = {
    "demo-pju": (
        SEEN,
        Cue(e.TicketAcknowledged, HOLDER, e.ProgressTicket, {"note": "Teknisi PJU berangkat, dua lampu diganti."}),
        Cue(e.TicketProgressed, HOLDER, e.AnswerTicket, {"answer": "Lampu sudah menyala kembali.", "final": True}),
        Cue(e.TicketAnswered, REPORTER, e.ConfirmTicket, {"rating": 5, "comment": "Sudah terang, terima kasih!"}),
    ),
    "demo-sampah": (
        SEEN,
        Cue(
            e.TicketAcknowledged, HOLDER, e.HoldTicket,
            {"reason": "needs_reporter", "question": "Perumahan apa dan di kelurahan mana?"},
        ),
        Cue(e.TicketHeld, REPORTER, e.ReplyToTicket, {"text": "Perumahan Bukit Nusa Indah, Kelurahan Sarua."}),
        Cue(e.TicketResumed, HOLDER, e.AnswerTicket, {"answer": "Sampah sudah diangkut pagi ini.", "final": True}),
    ),
    "demo-bangunan": (
        Cue(
            e.TicketRouted, HOLDER, e.DeclineTicket,
            {"reason": "Teguran sudah tiga kali, tinggal penyegelan.", "suggested_agency": "satpol_pp"},
        ),
        SEEN,
        Cue(e.TicketAcknowledged, HOLDER, e.AnswerTicket, {"answer": "Bangunan sudah disegel.", "final": True}),
    ),
    "demo-puskesmas": (
        *ORDINARY,
        Cue(e.TicketAnswered, REPORTER, e.DisputeTicket, {"reason": "Hari ini dokter tetap datang jam 10."}),
        Cue(e.TicketReopened, HOLDER, e.AnswerTicket, {"answer": "Jadwal dokter diubah mulai besok.", "final": True}),
    ),
    "demo-tiga": (
        Cue(
            e.TriageRequested, OFFICER, e.AssignTicket,
            {"agency": "dsdabmbk", "reason": "Jembatan didahulukan; lampu dan KTP dilaporkan tersendiri."},
        ),
        *ORDINARY,
    ),
    "demo-kabur": (
        Cue(e.TriageRequested, OFFICER, e.ArchiveTicket, {"reason": "unclear"}),
    ),
    "demo-parkir": (
        # Somebody else's ticket: refused.
        Cue(e.TicketRouted, "/agencies/dlh", e.AnswerTicket, {"answer": "Sudah dibersihkan.", "final": True}),
        Cue(e.UpdateRefused, HOLDER, e.AcknowledgeTicket),
        *ORDINARY[1:],
    ),
    "demo-got": (
        # Nobody looks at it until it is overdue and the head of the agency hears of it.
        Cue(e.BreachEscalated, HOLDER, e.AnswerTicket, {"answer": "Maaf terlambat; got sudah dikuras.", "final": True}),
        Cue(e.TicketAnswered, REPORTER, e.ConfirmTicket, {"rating": 2, "comment": "Akhirnya, tetapi lama sekali."}),
    ),
    "demo-batal": (
        Cue(e.TicketRouted, REPORTER, e.WithdrawTicket),
    ),
    "demo-akta": (
        SEEN,
        Cue(
            e.TicketAcknowledged, HOLDER, e.AnswerTicket,
            {"answer": "Bawa surat kehilangan dari kepolisian, KK dan KTP ke loket Disdukcapil.", "final": True},
        ),
    ),
    "demo-pln": (
        SEEN,
        Cue(e.TicketAcknowledged, HOLDER, e.AnswerTicket, {"answer": "Diteruskan kepada PT PLN.", "final": True}),
    ),
}  # fmt: skip
"""By source id; told in full, step by step."""


def cues_of(source_id: str) -> tuple[Cue, ...]:
    """Return what is done with this complaint, in order."""
    return CUES.get(source_id, ORDINARY)
