"""Why something that was asked for is not possible, in a code and in both languages; never decides it."""

from collections.abc import Sequence
from datetime import timedelta

from shared.events import PARTS_MAX, ArchiveReason, Reason, UpdateRefused
from shared.values import value

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
# A sender's clock may be slow: what is over by no more than this was not over to the sender.
CLOCK_SKEW_MAX = timedelta(minutes=5)
EARLY_MAX = 40
EARLY_PER_SENDER_MAX = 5  # so that nobody takes the places of others at a ticket that is not known yet


@value
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


def unknown_actor_role(known: Sequence[str]) -> Refusal:
    """Return that the role of an actor is none of those that are known."""
    return Refusal(
        "schema_violation",
        f"actor.role harus salah satu dari {', '.join(known)}.",
        f"actor.role must be one of {', '.join(known)}.",
    )


def schema_violation(reasons: Sequence[Reason]) -> Refusal:
    """Return everything that is wrong with the content of an update."""
    return Refusal(
        "schema_violation",
        " ".join(reason.message_id for reason in reasons),
        " ".join(reason.message_en for reason in reasons),
    )


def _unchanged(message_id: str, message_en: str) -> Refusal:
    """Return that the ticket is already as the sender wants it, so that nothing follows."""
    return Refusal(UpdateRefused.UNCHANGED, message_id, message_en)


NOT_PERMITTED = Refusal(
    "not_permitted",
    "Pengirim ini tidak berhak mengirim pembaruan jenis ini.",
    "This sender may not send this kind of update.",
)
UNKNOWN_OFFICER = Refusal(
    "unknown_officer",
    "Petugas pengirim pembaruan ini tidak terdaftar.",
    "The officer who sent this update is not registered.",
)
# One refusal for a ticket of others and for one that nobody has: which of the two it is, is not the sender's to know.
NOT_FOUND = Refusal(
    "not_found",
    "Tidak ada laporan dengan id ini pada pengirim pembaruan ini.",
    "The sender of this update has no ticket with this id.",
)
FORGED_ACTOR = Refusal(
    "forged_actor",
    "Pelaku (actor) bukan bagian dari pengirim pembaruan ini.",
    "The actor is another than the sender of this update may name.",
)
ACTOR_IS_NO_CODE = Refusal(
    "schema_violation",
    "actor.id harus berupa kode dari huruf, angka, titik dan garis; bukan nama, alamat atau nomor seseorang.",
    "actor.id must be a code of letters, digits, dots and dashes; no name, address or number of a person.",
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
FOLLOWED_ALONE = Refusal(
    "followed_alone",
    "Laporan ini harus ditangani tersendiri dan tidak dapat digabungkan dengan laporan lain.",
    "This ticket must be followed by itself and cannot be followed together with another one.",
)
NOT_AS_SENSITIVE = _unchanged(
    "Laporan ini tidak diperlakukan sebagai laporan peka; tidak ada yang berubah.",
    "This ticket is not treated as a sensitive one; nothing changes.",
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
UNTIL_PASSED = Refusal(
    "until_passed",
    "Batas waktu penundaan (until) sudah lewat; sebutkan waktu yang akan datang.",
    "The moment until which the ticket is to be on hold (until) is over; name one to come.",
)
ERASED = Refusal(
    "erased",
    "Data pelapor laporan ini sudah dihapus untuk selamanya; tidak ada lagi pelapor yang dapat disapa atau diwakili.",
    "The reporter of this ticket has been erased for good; there is nobody left to speak to or for.",
)
KEY_ID_IS_NO_CODE = Refusal(
    "schema_violation",
    "key_id harus berupa kode kunci, bukan nomor atau alamat seseorang.",
    "key_id must be the code of a key, no number or address of a person.",
)
UNKNOWN_KEY = Refusal(
    "unknown_key",
    "Isi tersegel (private) bukan untuk kunci instansi yang menangani laporan; segel ulang dengan kunci itu.",
    "What is sealed (private) is not for a key of the agency that has the ticket; seal it anew for that agency.",
)
UNKNOWN_REASON = Refusal(
    "unknown_reason",
    f"Alasan pengarsipan (reason) tidak dikenal; pilih salah satu: {', '.join(ArchiveReason)}.",
    f"The reason for archiving (reason) is not known; choose one of: {', '.join(ArchiveReason)}.",
)

ACKNOWLEDGED_BEFORE = _unchanged(
    "Laporan ini sudah pernah dinyatakan diterima; tidak ada yang berubah.",
    "This ticket has been acknowledged before; nothing changes.",
)
HELD_FOR_THAT = _unchanged(
    "Laporan ini sudah ditunda dengan alasan yang sama; tidak ada yang berubah.",
    "This ticket is on hold for that very reason already; nothing changes.",
)
NOT_HELD = _unchanged(
    "Laporan ini tidak sedang ditunda; tidak ada yang berubah.",
    "This ticket is not on hold; nothing changes.",
)
CONFIRMED_BEFORE = _unchanged(
    "Pelapor sudah pernah menyatakan puas dengan jawaban ini; tidak ada yang berubah.",
    "The reporter has confirmed this answer before; nothing changes.",
)
WITHDRAWN_BEFORE = _unchanged(
    "Laporan ini sudah dicabut pelapor; tidak ada yang berubah.",
    "The reporter has withdrawn this ticket before; nothing changes.",
)
STOPPED_BEFORE = _unchanged(
    "Pelapor sudah menghentikan pesan tentang laporan ini; tidak ada yang berubah.",
    "The reporter has stopped messages about this ticket before; nothing changes.",
)
NOT_STOPPED = _unchanged(
    "Pelapor tidak menghentikan pesan tentang laporan ini; tidak ada yang berubah.",
    "The reporter has not stopped messages about this ticket; nothing changes.",
)
HAS_IT_ALREADY = _unchanged(
    "Laporan ini sudah berada pada instansi tersebut; tidak ada yang berubah.",
    "That agency has this ticket already; nothing changes.",
)
THAT_KIND_ALREADY = _unchanged(
    "Laporan ini sudah berklasifikasi dan berkategori demikian; tidak ada yang berubah.",
    "This ticket has that classification and category already; nothing changes.",
)
ARCHIVED_BEFORE = _unchanged(
    "Laporan ini sudah diarsipkan; tidak ada yang berubah.",
    "This ticket has been archived before; nothing changes.",
)
ERASED_BEFORE = _unchanged(
    "Data pelapor laporan ini sudah pernah dihapus; tidak ada yang berubah.",
    "The reporter of this ticket has been erased before; nothing changes.",
)
FOLLOWS_THAT_ONE = _unchanged(
    "Laporan ini sudah digabungkan dengan laporan tersebut; tidak ada yang berubah.",
    "This ticket is followed together with that one already; nothing changes.",
)
FOLLOWS_NOBODY = _unchanged(
    "Laporan ini tidak digabungkan dengan laporan lain; tidak ada yang berubah.",
    "This ticket is not followed together with another one; nothing changes.",
)
