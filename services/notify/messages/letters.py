"""Sets the text of a mail as HTML: the same words in the same order, so that there is one text to keep."""

import re
from collections.abc import Iterator
from typing import Literal

LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?()\[\]]")
EMPTY_LINES = re.compile(r"\n\s*\n")
LAYOUT = "layout.html.j2"
LAYOUT_NAMES = frozenset({"language", "paragraphs", "subject", "tracking_id"})

CELLS = " | "

Piece = tuple[Literal["text", "link", "due", "break", "row", "cell"], str]
"""A stretch of a line, the address of a page, the time by which something is due, or where the next line begins; of a
table where the next row begins, or what stands in a cell."""

Paragraph = tuple[Piece, ...]


def paragraphs_of(body: str, due_at: object, *, has_tables: bool = False) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a plain text, without the empty lines between them.

    Args:
        body: Links in it that are to be followed begin with ``https://`` or ``http://``; others stay words.
        due_at: Stands out wherever *body* tells it; not a text: nothing does.
        has_tables: Whether a paragraph is a table whose every line holds `CELLS`.
    """
    told = due_at if isinstance(due_at, str) else ""
    return tuple(
        tuple(_cells(paragraph) if has_tables and _is_table(paragraph) else _pieces(paragraph, told))
        for paragraph in EMPTY_LINES.split(body.strip())
    )


def _is_table(paragraph: str) -> bool:
    return all(CELLS in line for line in paragraph.split("\n"))


def _cells(paragraph: str) -> Iterator[Piece]:
    for line in paragraph.split("\n"):
        yield "row", ""
        for cell in line.split(CELLS):
            yield "cell", cell.strip()


def _pieces(paragraph: str, due_at: str) -> Iterator[Piece]:
    for number, line in enumerate(paragraph.split("\n")):
        if number:
            yield "break", ""
        rest = line.strip()
        while due_at and due_at in rest:
            before, _, rest = rest.partition(due_at)
            yield from _with_links(before)
            yield "due", due_at
        yield from _with_links(rest)


def _with_links(text: str) -> Iterator[Piece]:
    end = 0
    for found in LINK.finditer(text):
        if found.start() > end:
            yield "text", text[end : found.start()]
        yield "link", found[0]
        end = found.end()
    if end < len(text):
        yield "text", text[end:]
