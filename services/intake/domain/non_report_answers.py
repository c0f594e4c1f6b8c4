"""Answers what is no report: what it was taken for, what to do now, and how to make a report of it."""

from typing import assert_never

from services.intake.domain.non_reports import NonReport, Recognised
from shared.events import Reason

Pair = tuple[str, str]
"""In Indonesian and in English."""

IF_MEANT_AS_REPORT: Pair = (
    "Bila dimaksudkan sebagai laporan, tulis apa yang terjadi dan di mana.",
    "If it was meant as a report, write what happened and where.",
)
STATUS: Pair = (
    "Ini kami pahami sebagai pertanyaan tentang laporan {ids}, bukan laporan baru. Keadaan laporan disampaikan hanya"
    " di kanal tempat laporan itu dibuat; bila dibuat di kanal lain, tanyakan di sana dengan nomor tersebut.",
    "This was taken for a question about report {ids}, not for a new report. Where a report stands is told only on the"
    " channel on which it was made; if that is another one, ask there with that number.",
)
STATUS_WITHOUT_ID: Pair = (
    "Ini kami pahami sebagai pertanyaan tentang laporan yang sudah ada, tetapi tanpa nomor laporan yang sah. Kirim"
    " lagi beserta nomornya, seperti K7QF-9D2MX-4Q; nomor itu ada dalam pesan bahwa laporan diterima.",
    "This was taken for a question about an earlier report, but it gives no valid report number. Send it again with"
    " the number, such as K7QF-9D2MX-4Q; it stands in the message that the report was received.",
)
DISPUTE: Pair = (
    "Ini kami pahami sebagai keberatan atas penutupan laporan {ids}, bukan laporan baru. Agar dibuka kembali, balas"
    " BELUM {ids} beserta alasannya di kanal tempat laporan itu dibuat. Bila masa tanggapan sudah lewat, buat laporan"
    " baru yang menyebut nomor itu, apa yang belum beres, dan di mana.",
    "This was taken for an objection to the closing of report {ids}, not for a new report. To have it opened again,"
    " answer BELUM {ids} with your reason on the channel on which it was made. If the time to respond is over, make a"
    " new report that gives that number, what is not settled, and where.",
)
DISPUTE_WITHOUT_ID: Pair = (
    "Ini kami pahami sebagai keberatan atas suatu laporan yang ditutup, tetapi tanpa nomor laporan yang sah. Balas"
    " BELUM beserta nomornya, seperti K7QF-9D2MX-4Q, dan alasannya di kanal tempat laporan itu dibuat.",
    "This was taken for an objection to the closing of a report, but it gives no valid report number. Answer BELUM"
    " with the number, such as K7QF-9D2MX-4Q, and your reason on the channel on which it was made.",
)
OPT_OUT: Pair = (
    "Ini kami pahami sebagai permintaan berhenti menerima pesan tentang laporan {ids}, bukan laporan baru. Begitu"
    " kanal tempat laporan itu dibuat memastikan bahwa Anda pelapornya, hanya pesan mendesak yang masih dikirim. Anda"
    " juga dapat menghentikannya sendiri lewat tautan dalam pesan kami; di sana pesan tentang semua laporan pun dapat"
    " dihentikan.",
    "This was taken for a wish to get no more messages about report {ids}, not for a new report. Once the channel on"
    " which it was made has made sure that it is yours, only urgent messages are still sent. You can also stop them"
    " yourself by the link in our messages, and those about all reports there, too.",
)
OPT_OUT_WITHOUT_ID: Pair = (
    "Ini kami pahami sebagai permintaan berhenti menerima pesan, tetapi tanpa nomor laporan yang sah. Kirim STOP"
    " beserta nomor dalam pesan yang Anda terima, seperti STOP K7QF-9D2MX-4Q, atau hentikan lewat tautan di pesan itu.",
    "This was taken for a wish to get no more messages, but it gives no valid report number. Send STOP with the"
    " number in the message that you got, such as STOP K7QF-9D2MX-4Q, or stop them by the link in it.",
)
OPT_IN: Pair = (
    "Ini kami pahami sebagai permintaan menerima lagi pesan tentang laporan {ids}, bukan laporan baru. Begitu kanal"
    " tempat laporan itu dibuat memastikan bahwa Anda pelapornya, pesan dikirim lagi. Anda juga dapat melanjutkannya"
    " sendiri lewat tautan dalam pesan kami.",
    "This was taken for a wish to get messages about report {ids} again, not for a new report. Once the channel on"
    " which it was made has made sure that it is yours, messages are sent again. You can also resume them yourself by"
    " the link in our messages.",
)
OPT_IN_WITHOUT_ID: Pair = (
    "Ini kami pahami sebagai permintaan menerima pesan lagi, tetapi tanpa nomor laporan yang sah. Kirim LANJUTKAN"
    " beserta nomor dalam pesan yang Anda terima, seperti LANJUTKAN K7QF-9D2MX-4Q, atau lanjutkan lewat tautan di pesan"
    " itu.",
    "This was taken for a wish to get messages again, but it gives no valid report number. Send LANJUTKAN with the"
    " number in a message that you got, such as LANJUTKAN K7QF-9D2MX-4Q, or resume them by the link in it.",
)
THANKS: Pair = (
    "Terima kasih kembali. Ini kami pahami sebagai ucapan terima kasih, sehingga tidak dijadikan laporan.",
    "You are welcome. This was taken for thanks, so no report was made of it.",
)
THANKS_WITH_ID: Pair = (
    "Terima kasih kembali. Ini kami pahami sebagai ucapan terima kasih untuk laporan {ids}, sehingga tidak dijadikan"
    " laporan. Bila masalahnya sudah selesai, balas SELESAI {ids} beserta nilai 1 sampai 5 di kanal tempat laporan"
    " dibuat.",
    "You are welcome. This was taken for thanks for report {ids}, so no report was made of it. If the matter is"
    " settled, answer SELESAI {ids} with a mark from 1 to 5 on the channel on which it was made.",
)
ADVERTISEMENT: Pair = (
    "Ini kami pahami sebagai iklan, sehingga tidak dijadikan laporan.",
    "This was taken for advertising, so no report was made of it.",
)


def reason_for(found: Recognised) -> Reason:
    """Return why a text that is no report is refused: what it was taken for, and what to do, in both languages."""
    said = _said(found.kind, named=bool(found.tracking_ids))
    in_id, in_en = (f"{sentence} {ending}" for sentence, ending in zip(said, IF_MEANT_AS_REPORT, strict=True))
    ids = ", ".join(found.tracking_ids)
    return Reason(
        code=found.kind.value, field="body", message_id=in_id.format(ids=ids), message_en=in_en.format(ids=ids)
    )


def _said(kind: NonReport, *, named: bool) -> Pair:
    match kind:
        case NonReport.STATUS_QUESTION:
            return STATUS if named else STATUS_WITHOUT_ID
        case NonReport.DISPUTE_OF_CLOSED:
            return DISPUTE if named else DISPUTE_WITHOUT_ID
        case NonReport.OPT_OUT:
            return OPT_OUT if named else OPT_OUT_WITHOUT_ID
        case NonReport.OPT_IN:
            return OPT_IN if named else OPT_IN_WITHOUT_ID
        case NonReport.THANKS:
            return THANKS_WITH_ID if named else THANKS
        case NonReport.SPAM:
            return ADVERTISEMENT
        case _:
            assert_never(kind)
