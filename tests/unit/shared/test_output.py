import csv
import io
import json
import sys
import unicodedata

import pytest

from shared.output import HIDDEN, csv_cell, header_text, json_text, log_line, plain_lines, terminal_text, write_csv

HARMFUL = "\x00\x07\x1b\x7f\x85\x9b\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff"
# Format characters that people see: signs of Arabic, Syriac, Kaithi and of Egyptian hieroglyphs.
SEEN = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}


def test_every_invisible_character_of_unicode_counts_as_hidden() -> None:
    invisible = {
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Zl", "Zp", "Cs"} and code not in SEEN
    }
    hidden = {code for code in range(sys.maxunicode + 1) if HIDDEN.match(chr(code))}

    assert invisible <= hidden
    # Places that are not assigned lie between some of them.
    assert {code for code in hidden - invisible if unicodedata.category(chr(code)) != "Cn"} == set()


@pytest.mark.parametrize("symbol", HARMFUL)
def test_no_hidden_character_comes_out_anywhere(symbol: str) -> None:
    text = f"Jalan{symbol}rusak"
    table = io.StringIO()
    write_csv(table, [[text]])

    outputs = [
        terminal_text(text), plain_lines(text), json_text({"a": text}), log_line({"a": text}), header_text(text),
        table.getvalue(),
    ]  # fmt: skip
    assert [made for made in outputs if symbol in made] == []


def test_a_terminal_is_shown_what_it_does_not_obey() -> None:
    assert terminal_text("a\x1b[2Jb\u202ec\U000e0041\n\td\r") == "a\\x1b[2Jb\\u202ec\\U000e0041\n\td\\x0d"


def test_the_body_of_a_message_keeps_its_lines_and_nothing_else_that_is_hidden() -> None:
    assert plain_lines("a\r\nb\rc\n\td\x1b[2J\u202e") == "a\r\nbc\n\td[2J"


def test_half_a_character_can_be_printed() -> None:
    assert terminal_text("\ud83d").encode() == b"\\ud83d"


def test_json_reads_back_as_it_was() -> None:
    value = {"text": HARMFUL + "é\n\t", "list": [1, None]}

    assert json.loads(json_text(value)) == value
    assert json.loads(json_text(value, indent=1)) == value
    assert json_text({"a": 1}, indent=1) == '{\n "a": 1\n}'


def test_a_log_line_is_one_line_of_ascii() -> None:
    made = log_line({"a": HARMFUL + "é\n"})

    assert made.isascii()
    assert made.isprintable()
    assert json.loads(made) == {"a": HARMFUL + "é\n"}


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("Jalan\r\nBcc: x@example.org", "Jalan Bcc: x@example.org"),
        ("a\x85b\u2028c\u2029d\x0be", "a b c d e"),
        ("=?utf-8?q?a=0D=0ABcc:_b?=", "= ?utf-8?q?a=0D=0ABcc:_b?="),
        ("=\u200b?utf-8?q?b?=", "= ?utf-8?q?b?="),
        ("=\u200b?\u200butf-8", "= ? utf-8"),
        ("panjang " * 100, ("panjang " * 25).strip()),
    ],
)
def test_nothing_in_a_header_ends_it(text: str, header: str) -> None:
    assert header_text(text) == header


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+62 812", "'+62 812"),
        ("-jalan rusak", "'-jalan rusak"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1+1", "'  =1+1"),
        ("\u200b=1+1", "'=1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\t=1", "' =1"),
        ("\rx", "'x"),
        ("Jalan = rusak\nbaris dua", "Jalan = rusak\nbaris dua"),
        ("-12.5", "-12.5"),
        ("+7", "+7"),
        ("-", "-"),
        (-12.5, -12.5),
        (None, None),
    ],
)
def test_no_cell_is_a_formula(value: object, cell: object) -> None:
    assert csv_cell(value) == cell


def test_a_table_keeps_its_cells_apart() -> None:
    out = io.StringIO()

    write_csv(out, [["a", "b"], ['baris\ndua, "kutip"', -1]])

    assert list(csv.reader(io.StringIO(out.getvalue()))) == [["a", "b"], ['baris\ndua, "kutip"', "-1"]]
