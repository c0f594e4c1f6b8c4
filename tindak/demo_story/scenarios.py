"""How agencies, officers and reporters react to the events of each complaint."""

import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from shared import events as e
from shared.senders import Role, Sender

HOLDER = "/agencies/{agency}"  # whoever has the ticket
REPORTER = "/channels/{channel}"  # the channel that the report came from
OFFICER = "/officers/triage"
STRANGER = Sender(Role.AGENCY, "dlh")  # asks something of a ticket that it has not


@dataclass(frozen=True, slots=True)
class Reaction:
    """The first *on* of a ticket makes *by* publish the command *what* with the fields *say*."""

    on: type[e.EventData]
    by: str
    what: type[e.Command]
    say: dict[str, Any] = field(default_factory=dict)


def complaints() -> list[dict[str, Any]]:
    """Return the complaints in the order in which they are submitted."""
    lines = files(__package__).joinpath("complaints.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


SEEN = Reaction(e.TicketRouted, HOLDER, e.AcknowledgeTicket)
ORDINARY = (
    SEEN,
    Reaction(
        e.TicketAcknowledged, HOLDER, e.AnswerTicket,
        {"answer": "Terima kasih atas laporannya. Petugas sudah menindaklanjuti di lokasi.", "final": True},
    ),
)  # fmt: skip
"""The scenario of every complaint without one of its own; the reporter keeps silent, so the system closes it."""

SCENARIOS: dict[str, tuple[Reaction, ...]] = {
    "demo-pju": (
        SEEN,
        Reaction(e.TicketAcknowledged, HOLDER, e.ProgressTicket, {"note": "Teknisi PJU berangkat, dua lampu diganti."}),
        Reaction(e.TicketProgressed, HOLDER, e.AnswerTicket, {"answer": "Lampu sudah menyala kembali.", "final": True}),
        Reaction(e.TicketAnswered, REPORTER, e.ConfirmTicket, {"rating": 5, "comment": "Sudah terang, terima kasih!"}),
    ),
    "demo-sampah": (
        SEEN,
        Reaction(
            e.TicketAcknowledged, HOLDER, e.HoldTicket,
            {"reason": "needs_reporter", "question": "Perumahan apa dan di kelurahan mana?"},
        ),
        Reaction(e.TicketHeld, REPORTER, e.ReplyToTicket, {"text": "Perumahan Bukit Nusa Indah, Kelurahan Sarua."}),
        Reaction(e.TicketResumed, HOLDER, e.AnswerTicket, {"answer": "Sampah sudah diangkut pagi ini.", "final": True}),
    ),
    "demo-bangunan": (
        Reaction(
            e.TicketRouted, HOLDER, e.DeclineTicket,
            {"reason": "Teguran sudah tiga kali, tinggal penyegelan.", "suggested_agency": "satpol_pp"},
        ),
        SEEN,
        Reaction(e.TicketAcknowledged, HOLDER, e.AnswerTicket, {"answer": "Bangunan sudah disegel.", "final": True}),
    ),
    "demo-puskesmas": (
        *ORDINARY,
        Reaction(e.TicketAnswered, REPORTER, e.DisputeTicket, {"reason": "Hari ini dokter tetap datang jam 10."}),
        Reaction(
            e.TicketReopened, HOLDER, e.AnswerTicket,
            {"answer": "Jadwal dokter diubah mulai besok.", "final": True},
        ),
    ),
    "demo-tiga": (
        Reaction(
            e.TriageRequested, OFFICER, e.AssignTicket,
            {"agency": "dsdabmbk", "reason": "Jembatan didahulukan; lampu dan KTP dilaporkan tersendiri."},
        ),
        *ORDINARY,
    ),
    "demo-kabur": (
        Reaction(e.TriageRequested, OFFICER, e.ArchiveTicket, {"reason": "unclear"}),
    ),
    "demo-parkir": (
        # Somebody else's ticket: refused.
        Reaction(e.TicketRouted, STRANGER.source, e.AnswerTicket, {"answer": "Sudah dibersihkan.", "final": True}),
        Reaction(e.UpdateRefused, HOLDER, e.AcknowledgeTicket),
        *ORDINARY[1:],
    ),
    "demo-got": (
        # Nobody looks at it until it is overdue and the head of the agency hears of it.
        Reaction(
            e.BreachEscalated, HOLDER, e.AnswerTicket,
            {"answer": "Maaf terlambat; got sudah dikuras.", "final": True},
        ),
        Reaction(
            e.TicketAnswered, REPORTER, e.ConfirmTicket,
            {"rating": 2, "comment": "Akhirnya, tetapi lama sekali."},
        ),
    ),
    "demo-batal": (
        Reaction(e.TicketRouted, REPORTER, e.WithdrawTicket),
    ),
    "demo-akta": (
        SEEN,
        Reaction(
            e.TicketAcknowledged, HOLDER, e.AnswerTicket,
            {"answer": "Bawa surat kehilangan dari kepolisian, KK dan KTP ke loket Disdukcapil.", "final": True},
        ),
    ),
    "demo-pln": (
        SEEN,
        Reaction(e.TicketAcknowledged, HOLDER, e.AnswerTicket, {"answer": "Diteruskan kepada PT PLN.", "final": True}),
    ),
}  # fmt: skip
"""By source id; shown step by step."""


def scenario_of(source_id: str) -> tuple[Reaction, ...]:
    """Return the reactions to this complaint, in order."""
    return SCENARIOS.get(source_id, ORDINARY)
