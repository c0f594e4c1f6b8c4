"""Sets the text of a mail as HTML: the same words in the same order, so that there is one text to keep."""

import re
from collections.abc import Iterator

from shared.values import value

URL = r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?()\[\]]"
PARAGRAPH = re.compile(r"\n\s*\n")
LAYOUT = "layout.html.j2"
LAYOUT_NAMES = frozenset({"language", "paragraphs", "subject", "tracking_id"})


@value
class Piece:
    """A stretch of a line: plain, the address of a page, or the time by which something is due."""

    text: str
    is_link: bool = False
    is_due: bool = False


Paragraph = tuple[tuple[Piece, ...], ...]
"""Its lines, each as the pieces that it is made of."""


def paragraphs_of(body: str, due_at: object) -> tuple[Paragraph, ...]:
    """Return the paragraphs of a plain text, without the empty lines between them.

    Args:
        body: Links in it that are to be followed begin with ``https://`` or ``http://``; others stay words.
        due_at: Stands out wherever *body* tells it; not a text: nothing does.
    """
    told = re.escape(due_at) if isinstance(due_at, str) and due_at else None
    marked = re.compile(f"(?P<due>{told})|(?P<link>{URL})" if told else f"(?P<link>{URL})")
    return tuple(
        tuple(tuple(_pieces(line.strip(), marked)) for line in paragraph.split("\n"))
        for paragraph in PARAGRAPH.split(body.strip())
    )


def _pieces(line: str, marked: re.Pattern[str]) -> Iterator[Piece]:
    end = 0
    for found in marked.finditer(line):
        if found.start() > end:
            yield Piece(line[end : found.start()])
        yield Piece(found[0], is_link=found.lastgroup == "link", is_due=found.lastgroup == "due")
        end = found.end()
    if end < len(line) or not end:
        yield Piece(line[end:])
