"""Why something that was asked for is not possible, in a code and in both languages; never decides it."""

from dataclasses import dataclass

STATES = {
    "in_triage": ("menunggu disposisi petugas", "waiting for an officer's decision"),
    "routed": ("sudah diteruskan ke instansi", "with an agency that has not acknowledged it yet"),
    "acknowledged": ("sudah diterima instansi", "acknowledged by its agency"),
    "in_progress": ("sedang ditangani instansi", "being worked on by its agency"),
    "reopened": ("dibuka kembali", "reopened"),
    "held": ("ditunda", "on hold"),
    "answered": ("sudah dijawab tuntas", "finally answered"),
    "closed": ("sudah ditutup", "closed"),
    "archived": ("sudah diarsipkan", "archived"),
    "withdrawn": ("sudah dicabut pelapor", "withdrawn by the reporter"),
}
UPDATES_MAX = 2000
EARLY_MAX = 20


@dataclass(frozen=True, slots=True)
class Refusal:
    """A machine code and a sentence in Indonesian and English."""

    code: str
    message_id: str
    message_en: str


def wrong_state(state: str) -> Refusal:
    """Return that the ticket is in a situation in which this cannot happen."""
    in_id, in_en = STATES[state]
    return Refusal(
        "wrong_state",
        f"Tidak dapat dilakukan karena laporan {in_id} ({state}).",
        f"This is not possible because the ticket is {in_en} ({state}).",
    )


def unknown_agency(code: str) -> Refusal:
    """Return that no agency has this code."""
    return Refusal(
        "unknown_agency",
        f"Tidak ada instansi dengan kode {code!r}.",
        f"There is no agency with the code {code!r}.",
    )


NOT_PERMITTED = Refusal(
    "not_permitted",
    "Pengirim ini tidak berhak mengirim pembaruan jenis ini.",
    "This sender may not send this kind of update.",
)
NOT_YOURS = Refusal(
    "not_yours",
    "Laporan ini tidak berada pada pengirim pembaruan ini.",
    "This ticket does not belong to the sender of this update.",
)
UNKNOWN_TICKET = Refusal(
    "unknown_ticket",
    f"Laporan ini belum dikenal, dan sudah {EARLY_MAX} pembaruan menunggunya.",
    f"This ticket is not known yet, and {EARLY_MAX} updates already wait for it.",
)
WINDOW_CLOSED = Refusal(
    "window_closed",
    "Masa tanggapan pelapor untuk laporan ini sudah berakhir.",
    "The time in which the reporter could respond to the answer is over.",
)
TOO_MANY_UPDATES = Refusal(
    "too_many_updates",
    f"Laporan ini sudah menerima {UPDATES_MAX} pembaruan; kini hanya pembaruan yang mengakhirinya yang diterima.",
    f"This ticket has had {UPDATES_MAX} updates; only what ends it is taken now.",
)
ALREADY_MERGED = Refusal(
    "already_merged",
    "Laporan ini sudah digabungkan dengan laporan lain; pisahkan dahulu.",
    "This ticket is already followed together with another one; take that back first.",
)
MERGED_WITH_ITSELF = Refusal(
    "merged_with_itself",
    "Laporan tidak dapat digabungkan dengan dirinya sendiri.",
    "A ticket cannot be followed together with itself.",
)
