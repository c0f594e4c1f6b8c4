"""Where a ticket stands, in words for its reporter: a state in a few of them, and one sentence to show."""

from datetime import date
from functools import lru_cache

from services.routing.domain.ticket.state import Closed, Held, Situation, Ticket, WithAgency, name_of
from shared.events import ClosedBy, HoldReason

Pair = tuple[str, str]
"""In Indonesian and in English."""

STATES: dict[str, Pair] = {
    "in_triage": ("sedang ditelaah petugas", "looked at by an officer"),
    "routed": ("diteruskan ke instansi", "passed on to an agency"),
    "acknowledged": ("diterima instansi", "received by the agency"),
    "in_progress": ("sedang ditangani", "being worked on"),
    "reopened": ("dibuka kembali", "open again"),
    "held": ("tertunda sementara", "waiting for a while"),
    "held_for_reporter": ("menunggu keterangan Anda", "waiting for your reply"),
    "answered": ("sudah dijawab", "answered"),
    "closed": ("selesai", "closed"),
    "archived": ("diarsipkan", "archived"),
    "withdrawn": ("ditarik kembali", "withdrawn"),
    "split": ("dibagi kepada beberapa instansi", "divided among several agencies"),
}
SENTENCES: dict[str, Pair] = {
    "in_triage": (
        "Laporan {id} sedang ditelaah petugas untuk menentukan instansi yang berwenang.",
        "An officer is finding out which agency is responsible for report {id}.",
    ),
    "routed": ("Laporan {id} sudah diteruskan ke {agency}.", "Report {id} has been passed on to {agency}."),
    "acknowledged": ("Laporan {id} sudah diterima {agency}.", "{agency} has received report {id}."),
    "in_progress": ("Laporan {id} sedang ditangani {agency}.", "{agency} is working on report {id}."),
    "reopened": (
        "Laporan {id} dibuka kembali dan ditindaklanjuti {agency}.",
        "Report {id} is open again, and {agency} follows it up.",
    ),
    "held": (
        "Penanganan laporan {id} oleh {agency} tertunda sementara.",
        "Work of {agency} on report {id} has to wait for a while.",
    ),
    "held_for_reporter": (
        "{agency} memerlukan keterangan Anda untuk laporan {id}.",
        "{agency} needs something from you for report {id}.",
    ),
    "answered": (
        "{agency} sudah menjawab laporan {id}. Mohon beri tahu kami apakah masalahnya sudah selesai.",
        "{agency} has answered report {id}. Please tell us whether the matter is settled.",
    ),
    "closed": ("Laporan {id} sudah ditutup.", "Report {id} is closed."),
    "closed_by_reporter": (
        "Laporan {id} sudah ditutup sesuai konfirmasi Anda.",
        "Report {id} is closed, as you confirmed.",
    ),
    "closed_by_system": (
        "Laporan {id} sudah dijawab dan ditutup karena tidak ada tanggapan dari Anda.",
        "Report {id} has been answered and is closed, since we did not hear from you.",
    ),
    "closed_all_parts": (
        "Semua bagian laporan {id} sudah berakhir, sehingga laporan ini ditutup.",
        "All parts of report {id} have come to their end, so it is closed.",
    ),
    "archived": (
        "Laporan {id} tidak dapat kami proses dan kami arsipkan.",
        "We cannot work on report {id} and have put it into the archive.",
    ),
    "withdrawn": (
        "Laporan {id} sudah ditarik kembali dan tidak diproses lagi.",
        "Report {id} has been withdrawn and is not followed any further.",
    ),
    "split": (
        "Laporan {id} memuat beberapa masalah, dan setiap bagian ditangani instansinya sendiri.",
        "Report {id} tells of several matters, and each part is dealt with by its own agency.",
    ),
}
ARCHIVED_BECAUSE: dict[str, Pair] = {
    "hateful_content": ("Laporan memuat ujaran kebencian (SARA).", "It contains hateful speech."),
    "no_evidence": ("Laporan tidak disertai bukti pendukung yang diperlukan.", "It lacks the evidence that is needed."),
    "unclear": ("Kami tidak dapat memahami apa yang dilaporkan.", "We could not make out what it is about."),
    "not_government": (
        "Laporan tidak berkaitan dengan kinerja pemerintah.",
        "It does not concern the work of the government.",
    ),
    "duplicate": ("Hal yang sama ditangani dalam laporan lain.", "The same matter is being handled in another report."),
    "expired": ("Kejadiannya sudah melewati batas waktu pelaporan.", "What it is about happened too long ago."),
    "completion_window_expired": ("Kami belum menerima keterangan yang diminta.", "We did not get what we asked for."),
}
DAYS_REMEMBERED_MAX = 1_024
DUE: Pair = ("Jawaban paling lambat {date}.", "An answer is due by {date}.")
MONTHS: tuple[Pair, ...] = (
    ("Januari", "January"), ("Februari", "February"), ("Maret", "March"), ("April", "April"), ("Mei", "May"),
    ("Juni", "June"), ("Juli", "July"), ("Agustus", "August"), ("September", "September"), ("Oktober", "October"),
    ("November", "November"), ("Desember", "December"),
)  # fmt: skip


def state_words(situation: Situation) -> Pair:
    """Return the state in a few words."""
    return STATES["held_for_reporter" if asks_reporter(situation) else name_of(situation)]


def sentences(
    ticket: Ticket, situation: Situation, agency_name: str | None, reason: str | None, due_on: date | None
) -> Pair:
    """Return what a channel may show as it is.

    Args:
        agency_name: Of the agency that has the ticket.
        reason: Code of why it was archived; None if it was not.
        due_on: Last local date on which an answer is in time.
    """
    number = ticket.tracking_id if ticket.part is None else f"{ticket.tracking_id}/{ticket.part}"
    in_id, in_en = SENTENCES[_sentence_for(ticket, situation)]
    said = [(in_id.format(id=number, agency=agency_name), in_en.format(id=number, agency=agency_name))]
    if isinstance(situation, WithAgency) and ticket.view.reason_id and ticket.view.reason_en:
        said.append((ticket.view.reason_id, ticket.view.reason_en))
    if isinstance(situation, WithAgency) and ticket.view.advice_id and ticket.view.advice_en:
        said.append((ticket.view.advice_id, ticket.view.advice_en))
    if reason in ARCHIVED_BECAUSE:
        said.append(ARCHIVED_BECAUSE[reason])
    if isinstance(situation, Held) and asks_reporter(situation):
        # Of an answer that is due the reporter would think that it is his.
        said += [(situation.question, situation.question)] if situation.question else []
    elif due_on is not None:
        said.append(_due(due_on))
    return " ".join([in_id for in_id, _ in said]), " ".join([in_en for _, in_en in said])


def asks_reporter(situation: Situation) -> bool:
    """Return whether the ticket waits for something from its reporter."""
    return isinstance(situation, Held) and situation.reason is HoldReason.NEEDS_REPORTER


def _sentence_for(ticket: Ticket, situation: Situation) -> str:
    match situation:
        case Held() if asks_reporter(situation):
            return "held_for_reporter"
        case Closed() if ticket.parts:
            return "closed_all_parts"
        case Closed(by=ClosedBy.REPORTER | ClosedBy.SYSTEM as by):
            return f"closed_by_{by.value}"
        case _:
            return name_of(situation)


# Many tickets are due on the same few days.
@lru_cache(DAYS_REMEMBERED_MAX)
def _due(day: date) -> Pair:
    in_id, in_en = DUE
    return in_id.format(date=_date_text(day, 0)), in_en.format(date=_date_text(day, 1))


def _date_text(day: date, language: int) -> str:
    """Return *day* as ``3 Maret 2026`` or ``3 March 2026``."""
    return f"{day.day} {MONTHS[day.month - 1][language]} {day.year}"
