"""What becomes of a mail, as an exit code of sysexits.h and in words."""

import os
from collections.abc import Mapping

from shared.values import value

TAKEN, BAD_DATA, NO_USER, TRY_AGAIN = os.EX_OK, os.EX_DATAERR, os.EX_NOUSER, os.EX_TEMPFAIL


@value
class Outcome:
    """What has become of a mail.

    Args:
        code: In one word.
        status: Of the process, for a mail server: 0 the mail is done with; 65 and 67 it is refused; 75 it may be
            taken later.
        ticket_id: Of the ticket that it changes; None if none.
    """

    code: str
    status: int = TAKEN
    ticket_id: str | None = None

    @property
    def is_refused(self) -> bool:
        """Return whether its sender has to be told that it was not taken."""
        return self.status in (BAD_DATA, NO_USER)

    @property
    def sentences(self) -> tuple[str, str]:
        """Return why it was not taken, in Indonesian and in English; two empty texts for what was."""
        return SENTENCES.get(self.code, ("", ""))


def refused(code: str) -> Outcome:
    """Return that a mail is refused for one of the reasons in `SENTENCES`."""
    return Outcome(code, NO_USER if code in ABOUT_ADDRESS else BAD_DATA)


ABOUT_ADDRESS = frozenset({"no_token", "bad_token", "expired", "not_a_reply_address", "not_found", "gone"})
SENTENCES: Mapping[str, tuple[str, str]] = {
    "too_big": (
        "Surat lebih besar dari 25 MiB dan tidak kami terima. Balaslah dengan teks saja.",
        "The mail is larger than 25 MiB and was not taken. Please reply with text alone.",
    ),
    "unreadable": (
        "Surat ini tidak dapat kami baca. Balaslah dengan surat baru berisi teks biasa.",
        "We cannot read this mail. Please reply with a new one of plain text.",
    ),
    "text_too_long": (
        "Balasan lebih dari 2.000 karakter. Persingkatlah, lalu kirim lagi.",
        "The reply has more than 2,000 characters. Please make it shorter and send it again.",
    ),
    "empty": (
        "Balasan tidak berisi teks; lampiran tidak kami terima lewat surel. Tulislah balasan Anda sebagai teks.",
        "The reply holds no text, and attachments are not taken by mail. Please write your reply as text.",
    ),
    "not_by_mail": (
        "Laporan ini tidak dapat dijawab lewat surel. Gunakan saluran tempat Anda melapor.",
        "This report cannot be answered by mail. Please use the channel by which you reported.",
    ),
    "no_token": (
        "Surat ini tidak menyebut laporan mana pun. Balaslah langsung surat dari kami, tanpa mengubah alamatnya.",
        "This mail names no report. Please reply to our message itself, without changing the address.",
    ),
    "bad_token": (
        "Alamat ini bukan alamat balasan dari kami. Balaslah langsung surat dari kami, tanpa mengubah alamatnya.",
        "This is no reply address of ours. Please reply to our message itself, without changing the address.",
    ),
    "not_a_reply_address": (
        "Alamat ini hanya untuk laporan kegagalan pengiriman. Gunakan tombol balas pada surat dari kami.",
        "This address takes reports of failed deliveries only. Please use the reply button on our message.",
    ),
    "expired": (
        "Masa untuk membalas surat ini sudah lewat. Buatlah laporan baru yang menyebut nomor laporan lama.",
        "The time for a reply to this message is over. Please send a new report that names the number of the old one.",
    ),
    "not_found": (
        "Laporan yang dimaksud tidak ada lagi. Buatlah laporan baru.",
        "There is no such report any more. Please send a new one.",
    ),
    "gone": (
        "Data pelapor laporan ini sudah dihapus, sehingga balasan tidak dapat diterima.",
        "What we held of this report's reporter was erased, so no reply can be taken.",
    ),
}
