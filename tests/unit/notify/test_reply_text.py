"""The replies are set as these mail programs set them; addresses are none of anybody's."""

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.mail.html_text import html_text
from services.notify.domain.mail.reply_text import reply_text

pytestmark = pytest.mark.unit

SENDER = "lapor@kota.example"
WRITTEN = "Di depan toko kue,\nlampunya masih mati."

GMAIL = """\
    Di depan toko kue,
    lampunya masih mati.

    Pada Sen, 2 Mar 2026 pukul 12.00 SP4N-LAPOR! Kota Contoh <lapor@kota.example>
    menulis:

    > Laporan Anda sudah kami terima.
    >
    > Balas surat ini untuk menambah keterangan.
    """
GMAIL_ENGLISH = """\
    Di depan toko kue,
    lampunya masih mati.

    On Mon, 2 Mar 2026 at 12:00, SP4N-LAPOR! Kota Contoh <lapor@kota.example>
    wrote:
    > Laporan Anda sudah kami terima.
    """
YAHOO = """\
    Di depan toko kue,
    lampunya masih mati.

    Dikirim dari Yahoo Mail di Android

      Pada Sen, 2 Mar 2026 pada 12:00, SP4N-LAPOR! Kota Contoh<lapor@kota.example> menulis:   Laporan Anda
    """.replace("menulis:   Laporan Anda", "menulis:\n\n    Laporan Anda sudah kami terima.")
APPLE = """\
    Di depan toko kue,
    lampunya masih mati.

    Dikirim dari iPhone saya

    > Pada 2 Mar 2026, pukul 12.00, SP4N-LAPOR! Kota Contoh <lapor@kota.example> menulis:
    >
    > Laporan Anda sudah kami terima.
    """
OUTLOOK = """\
    Di depan toko kue,
    lampunya masih mati.

    Dapatkan Outlook untuk Android
    ________________________________
    Dari: SP4N-LAPOR! Kota Contoh <lapor@kota.example>
    Dikirim: Senin, 02 Maret 2026 12:00
    Kepada: Siti <siti@warga.example>
    Perihal: Laporan Anda

    Laporan Anda sudah kami terima.
    """
OUTLOOK_ENGLISH = """\
    Di depan toko kue,
    lampunya masih mati.

    -----Original Message-----
    From: SP4N-LAPOR! Kota Contoh <lapor@kota.example>
    Sent: Monday, March 2, 2026 12:00 PM
    To: Siti <siti@warga.example>
    Subject: Laporan Anda

    Laporan Anda sudah kami terima.
    """
BOLD_OUTLOOK = OUTLOOK.replace("Dari:", "*Dari:*").replace("Dikirim:", "*Dikirim:*").replace("Kepada:", "*Kepada:*")
THUNDERBIRD = """\
    On 02/03/2026 12.00, SP4N-LAPOR! Kota Contoh wrote:
    > Laporan Anda sudah kami terima.
    > Di mana lampunya?

    Di depan toko kue,
    lampunya masih mati.

    --
    Siti Rahmawati
    0812-0000-0000
    """
BETWEEN = """\
    Pada Sen, 2 Mar 2026 12.00, SP4N-LAPOR! Kota Contoh <lapor@kota.example> menulis:
    > Di mana lampunya?
    Di depan toko kue,
    > Apakah sudah menyala?
    lampunya masih mati.
    """
OTHER_LANGUAGE = """\
    Di depan toko kue,
    lampunya masih mati.

    2026年3月2日(月) 12:00 SP4N-LAPOR! Kota Contoh <lapor@kota.example>:

    > Laporan Anda sudah kami terima.
    """
BARE = "Di depan toko kue,\nlampunya masih mati.\n"


@pytest.mark.parametrize(
    "mail",
    [
        GMAIL,
        GMAIL_ENGLISH,
        YAHOO,
        APPLE,
        OUTLOOK,
        OUTLOOK_ENGLISH,
        BOLD_OUTLOOK,
        THUNDERBIRD,
        BETWEEN,
        OTHER_LANGUAGE,
        BARE,
    ],
    ids=[
        "gmail",
        "gmail en",
        "yahoo",
        "apple",
        "outlook",
        "outlook en",
        "outlook bold",
        "thunderbird",
        "between",
        "other",
        "bare",
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_only_what_its_writer_wrote_is_left_of_a_reply(mail: str, ending: str) -> None:
    assert reply_text(dedent(mail).replace("\n", ending), SENDER) == WRITTEN


@pytest.mark.parametrize(
    "text",
    [
        "Pada hari itu Pak RT menulis:\nlampu sudah dilaporkan.",
        "Dari: Jalan Merpati sampai pasar.\nMati semua.",
        "Dikirim dari kelurahan ada tiga orang petugas, tetapi lampunya masih mati.\nMohon dicek.",
        "- lampu pertama\n- lampu kedua",
        "Tolong balas ke lapor@kota.example:\nsaya tunggu.",
    ],
)
def test_what_only_looks_like_a_quote_is_kept(text: str) -> None:
    assert reply_text(text, SENDER) == text


@pytest.mark.parametrize("text", ["", "\n\n", "> semua dikutip", "-- \nSiti", "Dikirim dari iPhone saya\n"])
def test_a_reply_without_a_word_of_its_own_is_empty(text: str) -> None:
    assert reply_text(text, SENDER) == ""


@given(st.text(st.sampled_from("Pada On:>-_ \n<@m1:0wrote menulis")))
def test_whatever_is_left_stood_in_the_mail(text: str) -> None:
    left = reply_text(text, SENDER).splitlines()

    assert all(line.strip() in text for line in left)
    assert not [line for line in left if line.strip().startswith(">")]


GMAIL_HTML = (
    '<div dir="ltr">Di depan toko kue,<br>lampunya &quot;masih&quot; mati.</div><br>'
    '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">Pada Sen, 2 Mar 2026 pukul 12.00 '
    '&lt;<a href="mailto:lapor@kota.example">lapor@kota.example</a>&gt; menulis:<br></div>'
    '<blockquote class="gmail_quote"><div>Laporan Anda</div></blockquote></div>'
)
OUTLOOK_HTML = (
    "<html><head><style>p {color: red}</style><!-- <p>lain --></head><body><div>Di depan toko kue,</div>"
    '<div>lampunya "masih" mati.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Dari:</b> Kota</div>'
    "<div>Laporan Anda</div></body></html>"
)
APPLE_HTML = (
    '<html><body>Di depan toko kue,<div>lampunya "masih" mati.</div><div><blockquote type="cite">Laporan '
    "<blockquote>Anda</blockquote> sudah</blockquote></div></body></html>"
)


@pytest.mark.parametrize("source", [GMAIL_HTML, OUTLOOK_HTML, APPLE_HTML], ids=["gmail", "outlook", "apple"])
def test_html_is_read_without_what_it_quotes(source: str) -> None:
    assert html_text(source) == 'Di depan toko kue,\nlampunya "masih" mati.'


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "junk", ["<a ", '<a b="', "<!--", "</", "<!", "&", "<script>", "<blockquote>", "<a id=x_", "< "]
)
def test_html_without_end_is_read_in_one_pass(junk: str) -> None:
    assert len(html_text(junk * (2**20 // len(junk)))) <= 2**20


@given(st.text(st.sampled_from("<>/=\"'! -abp&;#x10\n")))
def test_no_html_is_too_broken_to_be_read(source: str) -> None:
    assert len(html_text(source)) <= 2 * len(source)
