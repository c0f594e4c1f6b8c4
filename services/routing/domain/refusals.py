"""Why something that was asked for is not possible, in a code and in both languages; never decides it."""

from dataclasses import dataclass

from shared.events import PARTS_MAX

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
    "split": ("sudah dibagi; sebutkan bagiannya, misalnya .../1", "divided; name one of its parts, like .../1"),
}
UPDATES_MAX = 2000
EARLY_MAX = 20
UNCHANGED = "unchanged"


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


def unchanged(message_id: str, message_en: str) -> Refusal:
    """Return that the ticket is already as the sender wants it, so that nothing follows."""
    return Refusal(UNCHANGED, message_id, message_en)


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
AGENCY_OR_AGENCIES = Refusal(
    "agency_or_agencies",
    "Sebutkan satu instansi, atau beberapa instansi yang akan menangani bagian laporan ini; bukan keduanya.",
    "Name one agency, or several among which the ticket is divided; not both.",
)
TOO_FEW_OR_MANY_PARTS = Refusal(
    "parts_count",
    f"Laporan hanya dapat dibagi kepada 2 sampai {PARTS_MAX} instansi.",
    f"A ticket can be divided among 2 to {PARTS_MAX} agencies.",
)
AGENCY_TWICE = Refusal(
    "agency_twice",
    "Setiap instansi hanya dapat menerima satu bagian laporan.",
    "Each agency can get one part of a ticket only.",
)
PART_OF_ANOTHER = Refusal(
    "part_of_another",
    "Laporan ini sudah merupakan bagian dari laporan lain dan tidak dapat dibagi lagi.",
    "This ticket is a part of another one already and cannot be divided again.",
)

ACKNOWLEDGED_BEFORE = unchanged(
    "Tidak ada yang berubah: laporan ini sudah pernah dinyatakan diterima.",
    "Nothing changes: this ticket has been acknowledged before.",
)
HELD_FOR_THAT = unchanged(
    "Tidak ada yang berubah: laporan ini sudah ditunda dengan alasan yang sama.",
    "Nothing changes: this ticket is on hold for that very reason already.",
)
NOT_HELD = unchanged(
    "Tidak ada yang berubah: laporan ini tidak sedang ditunda.",
    "Nothing changes: this ticket is not on hold.",
)
CONFIRMED_BEFORE = unchanged(
    "Tidak ada yang berubah: pelapor sudah pernah menyatakan puas dengan jawaban ini.",
    "Nothing changes: the reporter has confirmed this answer before.",
)
WITHDRAWN_BEFORE = unchanged(
    "Tidak ada yang berubah: laporan ini sudah dicabut pelapor.",
    "Nothing changes: the reporter has withdrawn this ticket before.",
)
HAS_IT_ALREADY = unchanged(
    "Tidak ada yang berubah: laporan ini sudah berada pada instansi tersebut.",
    "Nothing changes: that agency has this ticket already.",
)
THAT_KIND_ALREADY = unchanged(
    "Tidak ada yang berubah: laporan ini sudah berklasifikasi dan berkategori demikian.",
    "Nothing changes: this ticket has that classification and category already.",
)
ARCHIVED_BEFORE = unchanged(
    "Tidak ada yang berubah: laporan ini sudah diarsipkan.",
    "Nothing changes: this ticket has been archived before.",
)
FOLLOWS_THAT_ONE = unchanged(
    "Tidak ada yang berubah: laporan ini sudah digabungkan dengan laporan tersebut.",
    "Nothing changes: this ticket is followed together with that one already.",
)
FOLLOWS_NOBODY = unchanged(
    "Tidak ada yang berubah: laporan ini tidak digabungkan dengan laporan lain.",
    "Nothing changes: this ticket is not followed together with another one.",
)
