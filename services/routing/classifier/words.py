"""Texts as the classifier reads them: words in lower case and their usual spelling."""

import hashlib
import re

from shared.text import LETTERS_OR_DIGITS, runs_of

DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
DIGITS_MAX = 4  # a number says how long it is, not which one it is: years and house numbers do not come back
WORD_LETTERS_MAX = 40

# Usual form: how it is written in a hurry. Only ways of writing the same word: what is merely near in meaning is for
# the model to learn.
SPELLINGS = """
ada: ad | agar: agr | air: aer | alamat: almt alamt | anak: ank anx | atau: ato atw | bagaimana: bgmn gmn gmna gimana
bagus: bgus | bangunan: bgunan | banjir: bnjir | bantuan: bntuan | banyak: bnyk byk bnyak | bapak: bpk | baru: bru
beberapa: bbrp bbrapa | belum: blm blom belom blum | berapa: brp brapa | berlubang: berlobang brlubang | bisa: bs bsa
bulan: bln | cepat: cpt cepet cpet | dalam: dlm dlam | dan: dn | dari: dri | dengan: dgn dg dngan | depan: dpn dpan
dinas: dns | gang: gg | hari: hr hri | hanya: hny | izin: ijin | jalan: jl jln jlan | jangan: jgn jangn
jembatan: jmbtan jmbatan | kabupaten: kab | kalau: klo kalo klu klau | kami: kmi | kantor: kntor | karena: krn karna
kecamatan: kec | kelurahan: kel | kemarin: kmrn kmaren kemaren | kenapa: knp knapa | kepada: kpd | komplek: kompleks
lagi: lg lgi | lampu: lmpu | lebih: lbh | lubang: lobang | malam: mlm malem | masih: msh masi msih | mati: mti
mohon: mhn mohn | nomor: no nomer nmr | orang: org orng | padahal: pdhl | pagi: pgi | pasar: psr | perlu: prlu
pernah: prnah | perumahan: perum prumahan | pohon: phon | rumah: rmh | rusak: rsk rusk rsak | sama: sm | sampah: smph
sampai: smpe sampe smpai | sangat: sgt sngt | saya: sy sya saia | sebelah: sblh | sebelum: sblm | sekali: skali
sekarang: skrg skrng skg | sekitar: sktr | sekolah: skolah sklh | selalu: sll slalu | semua: smua | sering: srg sring
setiap: stiap | sudah: sdh udh udah dah sdah | surat: srt | supaya: spy | tahun: thn th taun | tanggal: tgl
tempat: tmpt tmpat | terima: trima | terus: trs trus | tetapi: tapi tp tpi | tolong: tlg tlong tlng
tidak: tdk gak ga gk ngga nggak enggak kagak ndak tak | untuk: utk untk | waktu: wkt | warga: wrga | wilayah: wil
yang: yg yng
"""
USUAL = {
    other: usual
    for entry in SPELLINGS.replace("\n", "|").split("|")
    if entry.strip()
    for usual, others in [entry.strip().split(": ")]
    for other in others.split()
}


def usual(token: str) -> str:
    """Return a run of letters or digits as the model reads it: a number by its length, a word in its usual spelling."""
    if token[0].isdigit():
        return "0" * min(len(token), DIGITS_MAX)
    short = DRAWN_OUT.sub(r"\1", token) if len(token) > 3 else token
    return USUAL.get(short, short)[:WORD_LETTERS_MAX]


def words(text: str) -> list[str]:
    """Return the words of *text* as the model reads them."""
    return [usual(token) for token in runs_of(text)]


def edition() -> str:
    """Return what changes when this module reads texts in another way: a model fits only the edition it learned in."""
    parts = (LETTERS_OR_DIGITS.pattern, DRAWN_OUT.pattern, DIGITS_MAX, WORD_LETTERS_MAX, sorted(USUAL.items()))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
