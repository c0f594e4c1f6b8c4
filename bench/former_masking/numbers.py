"""Finds national ids (NIK) and telephone numbers in a folded text."""

import re
from collections.abc import Iterator, Sequence

from bench.former_masking.spans import Span

NIK, TELEPHONE = "[NIK]", "[telepon]"

NIK_DIGITS = 16
# Nothing that is looked for has fewer digits so close together, so most texts are done after this one look.
SEVEN_DIGITS = re.compile(r"\d(?:[\W_]{0,3}\d){6}")
GAP = r"[ \t.\-_()·]{0,3}"

ANY_DIGIT = re.compile(r"\d")
LONG_RUN = re.compile(r"\d{16,}")
COMPOUND = re.compile(r"\d+(?:[.\-_·]\d+)*")
BETWEEN_COMPOUNDS = re.compile(r"\s{1,3}|\s?[.\-_/·]\s?")
FOUR_BY_FOUR = re.compile(r"\d{4}(\D{1,3})\d{4}\1\d{4}\1\d{4}")
DATE = re.compile(r"(?<!\d)(?:\d{1,2}([-/.])\d{1,2}\1(?:19|20)\d{2}|(?:19|20)\d{2}([-/.])\d{1,2}\2\d{1,2})(?!\d)")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
MONEY = re.compile(
    r"(?:rp|idr)\.?\s{0,2}[1-9]\d{0,2}(?:[.,]\d{3})+(?!\d)|[1-9]\d{0,2}(?:\.\d{3})+(?:,\d{1,2})?\s?(?:rupiah|perak)"
)
LABELLED_NIK = re.compile(
    r"(?<!\w)(?:nik|ktp|e-?ktp|kk|kependudukan|kartu keluarga)(?:nya)?"
    r"(?:\W{1,3}(?:saya|kami|no|nomor|nomer|nya|adalah|ini)){0,2}[\s:.=#(-]{0,4}"
    r"(\d(?:[\s.\-_/·]{0,2}\d){9,19})(?!\d)"
)
LABELLED_TELEPHONE = re.compile(
    r"(?<!\w)(?:hp|wa|whats?app|telp?|tlp|te?le?po?n|phone|ponsel|hub|hubungi|kontak|contact|nope)(?:nya)?"
    r"(?:\W{1,3}(?:saya|kami|no|nomor|nomer|di|ke|nya|aktif|ini)){0,2}[\s:.=+(-]{0,4}"
    rf"([02-9](?:{GAP}\d){{6,12}})(?!\d)"
)
TELEPHONES = (
    # +62 812-3456-7890, +62 (21) 745 1234, and any other country's
    re.compile(rf"(?<![\w+])\+{GAP}\d(?:{GAP}\d){{7,14}}(?!\d)"),
    # 0062 812 3456 7890; 62 812 3456 7890
    re.compile(rf"(?<!\d)(?<!\d[.\-])(?:00)?62{GAP}8(?:{GAP}\d){{7,12}}(?!\d)"),
    # 081234567890, 0217451234, whatever stands before it
    re.compile(r"(?<!\d)(?:0|(?<!\w)o)[2-9]\d{7,13}(?!\d)"),
    # 0812-3456-7890, (021) 745.1234; a clock's 08.15-16.00 starts with two digits, a telephone code with three
    re.compile(rf"(?<!\d)(?<!\d[.\-])\(?(?:0|(?<!\w)o)[2-9]\d(?:{GAP}\d){{6,12}}(?!\d)"),
    # 08 1234 5678 90, but not the month 08-2026
    re.compile(rf"(?<!\d)(?<!\d[.\-])0 ?8[ .\-](?!(?:19|20)\d\d(?!\d))\d{{3,}}(?:{GAP}\d){{4,9}}(?!\d)"),
    # 08 12 34 56 78 90
    re.compile(r"(?<!\d)(?<!\d[ .\-])08([ .\-])\d\d(?:\1\d\d){3,5}(?!\d)"),
    # 0 8 1 2 3 4 5 6 7 8 9 0
    re.compile(r"(?<!\d)(?<!\d[ .\-])0[ .\-]8(?:[ .\-]\d){7,12}(?![ .\-]?\d)"),
)


def number_spans(text: str) -> list[Span]:
    """Return where a folded text holds a NIK or another number as long, and where a telephone number; surest first.

    House numbers, dates, times and amounts of money are left alone, and so are numbers of electricity meters and
    customers, which begin neither with 0 nor with a country code.
    """
    if not SEVEN_DIGITS.search(text):
        return []
    spans = [Span(*found.span(), NIK) for found in LONG_RUN.finditer(text)]
    spans += _spaced_niks(text)
    spans += [Span(*found.span(1), NIK) for found in LABELLED_NIK.finditer(text) if not DATE.search(found.group(1))]
    money = [found.span() for found in MONEY.finditer(text)]
    for pattern in TELEPHONES:
        spans += [Span(*found.span(), TELEPHONE) for found in pattern.finditer(text) if not within(found.span(), money)]
    for found in LABELLED_TELEPHONE.finditer(text):
        written = found.group(1)
        if not DATE.search(written) and not THOUSANDS.fullmatch(written):
            spans.append(Span(*found.span(1), TELEPHONE))
    return spans


def within(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    """Return whether *span* lies inside one of *others*."""
    return any(start <= span[0] and span[1] <= end for start, end in others)


def _spaced_niks(text: str) -> Iterator[Span]:
    compounds = [found.span() for found in COMPOUND.finditer(text)]
    first = 0
    while first < len(compounds):
        last = _last_of_sixteen(text, compounds[first:])
        start, end = compounds[first][0], compounds[first + last][1]
        if last >= 0 and _is_nik(text[start:end]):
            yield Span(start, end, NIK)
            first += last
        first += 1


def _last_of_sixteen(text: str, compounds: Sequence[tuple[int, int]]) -> int:
    """Return which compound makes it 16 digits, the first one counted as 0; -1 if none does or words stand between."""
    digits = 0
    for index, (start, end) in enumerate(compounds[: NIK_DIGITS + 1]):
        if index and not BETWEEN_COMPOUNDS.fullmatch(text, compounds[index - 1][1], start):
            return -1
        digits += len(ANY_DIGIT.findall(text, start, end))
        if digits >= NIK_DIGITS:
            return index if digits == NIK_DIGITS else -1
    return -1


def _is_nik(written: str) -> bool:
    """Return whether 16 digits written in pieces are a national id rather than dates, times and numbers in a row.

    Source:
        A NIK is a province (11 to 96), a regency, a district, a birth date DDMMYY and a serial number; the day of a
        woman's birth counts from 41 (PP 37/2007, article 37). Four groups of four are taken for one anyway, for that
        is how people copy long numbers, unless one of them could be a year.
    """
    if DATE.search(written):
        return False
    digits = "".join(ANY_DIGIT.findall(written))
    province, day, month = int(digits[:2]), int(digits[6:8]) % 40, int(digits[8:10])
    born = 11 <= province <= 96 and 1 <= day <= 31 and 1 <= month <= 12
    return born or (FOUR_BY_FOUR.fullmatch(written) is not None and YEAR.search(written) is None)
