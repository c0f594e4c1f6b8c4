"""Text on its way out of the system: one function for each place where a hidden character could do harm.

What people and channels wrote is stored and published as it came, apart from masking; a JSON reader gets it unharmed.
A terminal, a log, a mail header or a spreadsheet would act on some of its characters.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

HEADER_SYMBOLS_MAX = 200
# Unicode's controls (Cc), invisible format characters (Cf), line and paragraph separators (Zl, Zp), halves of
# surrogate pairs (Cs): terminals obey them, and people read another text than was written (CVE-2021-42574).
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001-\U000e007f]"
)
LINE_FEED_AND_TAB = "\n\t"
# What makes a spreadsheet take a cell for a formula (OWASP, CSV injection), full-width forms included.
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
NUMBER_OR_DASH = re.compile(r"-|[+-]?\d+(?:[.,]\d+)?")


def terminal_text(text: str) -> str:
    """Return *text* for a terminal: hidden characters but line feed and tab are spelled out, such as ``\\x1b``."""
    return HIDDEN.sub(_spelled_out_in_lines, text)


def plain_lines(text: str) -> str:
    """Return *text* for the body of a message: without hidden characters but tabs and ends of lines."""
    return HIDDEN.sub(_kept_in_lines, text)


def json_text(value: object, indent: int | None = None) -> str:
    """Return *value* as JSON in which every hidden character is escaped; what JSON does not know is given as text."""
    separators = (",", ":") if indent is None else None
    made = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, default=str)
    return HIDDEN.sub(lambda found: found[0] if found[0] == "\n" else _as_json(found[0]), made)


def log_line(event: Any, default: Callable[[Any], Any] = str, **_: Any) -> str:
    """Return an event of the log as one line of ASCII JSON."""
    return json.dumps(event, ensure_ascii=True, default=default)


def header_text(text: str) -> str:
    """Return *text* as one line for a mail header, cut to 200 characters; nothing in it opens or ends a header."""
    # A title `=?utf-8?q?a=0D=0ABcc:_b?=` is an encoded word to the parser of headers; before Python 3.11.10 and 3.12.5
    # the line feeds that it decodes to are written as they are, and add headers (CVE-2024-6923).
    return " ".join(HIDDEN.sub(" ", text).replace("=?", "= ?").split())[:HEADER_SYMBOLS_MAX].rstrip()


def csv_cell(value: object) -> object:
    """Return *value* for a cell: a text that a spreadsheet would take for a formula gets an apostrophe before it.

    Numbers stay as they are, also those that stand in a text, and so does a dash alone; hidden characters but the line
    feed are left out.
    """
    if not isinstance(value, str):
        return value
    shown = HIDDEN.sub(lambda found: {"\n": "\n", "\t": " "}.get(found[0], ""), value)
    is_formula = shown.lstrip().startswith(FORMULA) or value.startswith(("\t", "\r", "\n"))
    return f"'{shown}" if is_formula and not NUMBER_OR_DASH.fullmatch(shown) else shown


def write_csv(out: TextIO, rows: Iterable[Sequence[object]]) -> None:
    """Write *rows* to *out* as CSV, each cell as `csv_cell` gives it."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([csv_cell(value) for value in row] for row in rows)


def _spelled_out_in_lines(found: re.Match[str]) -> str:
    symbol = found[0]
    if symbol in LINE_FEED_AND_TAB:
        return symbol
    code = ord(symbol)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _kept_in_lines(found: re.Match[str]) -> str:
    is_end_of_line = found[0] == "\r" and found.string.startswith("\n", found.end())
    return found[0] if is_end_of_line or found[0] in LINE_FEED_AND_TAB else ""


def _as_json(symbol: str) -> str:
    return json.dumps(symbol)[1:-1] if ord(symbol) > 0x7F else f"\\u{ord(symbol):04x}"
