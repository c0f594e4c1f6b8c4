"""Says of a number whether it can be what it looks like; pure arithmetic, no word around it counts."""

import re
from collections.abc import Callable

Check = Callable[[str], bool]
"""Takes what was written, folded; returns whether it can be such a number."""

DIGIT = re.compile(r"\d")
DATE = re.compile(r"(?<!\d)(?:\d{1,2}([-/.])\d{1,2}\1(?:19|20)\d{2}|(?:19|20)\d{2}([-/.])\d{1,2}\2\d{1,2})(?!\d)")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
LETTER = re.compile(r"[^\W\d_]")
SPACED_DATE = re.compile(r"\d{1,2} \d{1,2} (?:19|20)\d{2}(?!\d)")
ROUND = re.compile(r"[1-9]\d{0,6}0{4,9}")
THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
FOUR_BY_FOUR = re.compile(r"\d{4}(\D{1,3})\d{4}\1\d{4}\1\d{4}")
DIGITS_FOR_LETTERS = str.maketrans("oil", "011")
DAYS_FOR_WOMEN = 40
MONTHS = range(1, 13)
DAYS = range(1, 32)
PROVINCES = range(11, 97)
BIRTH_YEARS = range(1930, 2020)
OFFICE_YEARS = range(1960, 2060)


def digits_of(written: str) -> str:
    """Return the digits alone."""
    return "".join(DIGIT.findall(written))


def is_national_id(written: str) -> bool:
    """Return whether this can be a NIK or a family card's number, which has a date of issue for that of birth.

    Source:
        A province (11 to 96), a regency, a district, a date DDMMYY and a serial number from 0001 on; the day of a
        woman's birth counts from 41 (PP 37/2007, article 37).
    """
    digits = digits_of(written)
    if len(digits) != 16 or DATE.search(written):
        return False
    day, month = int(digits[6:8]), int(digits[8:10])
    is_day = day in DAYS or day - DAYS_FOR_WOMEN in DAYS
    return int(digits[:2]) in PROVINCES and is_day and month in MONTHS


def is_card_in_fours(written: str) -> bool:
    """Return whether somebody copied a long number in four groups of four, none of which could be a year."""
    return FOUR_BY_FOUR.fullmatch(written) is not None and YEAR.search(written) is None


def is_civil_servant_id(written: str) -> bool:
    """Return whether this can be a NIP: birth YYYYMMDD, appointment YYYYMM, sex 1 or 2, serial number.

    Source:
        Regulation of the head of BKN 22/2007, article 4.
    """
    digits = digits_of(written)
    if len(digits) != 18:
        return False
    year, month, day, since, since_month, sex = (
        int(digits[start:end]) for start, end in ((0, 4), (4, 6), (6, 8), (8, 12), (12, 14), (14, 15))
    )
    was_born = year in BIRTH_YEARS and month in MONTHS and day in DAYS
    # An honorary employee's has 21 where others have the month.
    return was_born and since in OFFICE_YEARS and (since_month in MONTHS or since_month == 21) and sex in {1, 2}


def is_taxpayer_id(written: str) -> bool:
    """Return whether this can be a NPWP of 15 digits, whose ninth is a Luhn digit over the first eight."""
    digits = digits_of(written)
    return len(digits) == 15 and _luhn(digits[:9]) == 0


def is_no_date(written: str) -> bool:
    """Return whether no date is written in it."""
    return DATE.search(written) is None


def is_no_amount(written: str) -> bool:
    """Return whether this is neither a date nor an amount of money, in thousands or in round figures."""
    amounts = THOUSANDS.fullmatch(written) or ROUND.fullmatch(written)
    return is_no_date(written) and amounts is None and SPACED_DATE.match(written) is None


def is_number_in_disguise(written: str) -> bool:
    """Return whether letters stand for some of its digits, at least six of which are digits."""
    return len(DIGIT.findall(written)) >= 6 and LETTER.search(written) is not None


def is_national_id_in_disguise(written: str) -> bool:
    """Return whether letters stand for some of the digits of a NIK."""
    return is_number_in_disguise(written) and is_national_id(written.translate(DIGITS_FOR_LETTERS))


def _luhn(digits: str) -> int:
    doubled = (int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10


CHECKS: dict[str, Check] = {
    "national_id": is_national_id,
    "card_in_fours": is_card_in_fours,
    "national_id_in_disguise": is_national_id_in_disguise,
    "civil_servant_id": is_civil_servant_id,
    "taxpayer_id": is_taxpayer_id,
    "no_date": is_no_date,
    "number_in_disguise": is_number_in_disguise,
    "no_amount": is_no_amount,
}
