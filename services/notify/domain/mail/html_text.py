"""Reads the text of a mail's HTML, without what it quotes; in one pass, however broken it is.

`html.parser` is not used: Python 3.11 takes more than a minute for 64 KiB of tags that do not end.
"""

import html
import re

TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]*)(.*)", re.DOTALL)
SPACES = re.compile(r"[ \t\r\n\f]+")
BLANK_LINES = re.compile(r"\n{3,}")
ENDS_LINE = frozenset({"p", "div", "tr", "li", "table", "ul", "ol", "blockquote", "h1", "h2", "h3", "hr", "pre"})
UNREAD = frozenset({"script", "style", "head", "title", "template"})
NEVER_CLOSED = frozenset({"br", "hr", "img", "input", "meta", "link", "wbr"})
# As Gmail, Yahoo, Thunderbird, Proton and Zoho mark what they quote.
QUOTES = re.compile(
    r"""(?:class|id)\s*=\s*["']?[^"'>]{0,200}?"""
    r"\b(?:gmail_quote|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra|gmail_signature)",
    re.IGNORECASE,
)
# Outlook has no element around what it quotes: all below this mark is.
QUOTES_ALL_BELOW = re.compile(r"""id\s*=\s*["']?(?:x_)*(?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY)""", re.IGNORECASE)
ATTRIBUTES_MAX = 2000


def html_text(source: str) -> str:
    """Return the text of *source* in lines, without quotes, styles, scripts and comments."""
    found: list[str] = []
    skipping, depth = "", 0
    at = 0
    while at < len(source):
        begins = source.find("<", at)
        text = SPACES.sub(" ", html.unescape(source[at : begins if begins >= 0 else len(source)]))
        if not skipping and (text.strip() or found[-1:] != ["\n"]):
            found.append(text)
        if begins < 0:
            break
        closes = "-->" if source.startswith("<!--", begins) else ">"
        ends = source.find(closes, begins)
        if ends < 0:
            break
        at = ends + len(closes)
        tag = TAG.match(source[begins + 1 : min(ends, begins + ATTRIBUTES_MAX)])
        if tag is None:
            continue
        is_end, name, attributes = bool(tag[1]), tag[2].lower(), tag[3]
        if skipping:
            depth += 0 if name != skipping else -1 if is_end else 1
            skipping = skipping if depth else ""
            continue
        if not is_end and QUOTES_ALL_BELOW.search(attributes):
            break
        if not is_end and _is_skipped(name, attributes):
            skipping, depth = name, 1
        if name == "br" or (name in ENDS_LINE and found[-1:] != ["\n"]):
            found.append("\n")
    lines = (line.strip() for line in "".join(found).split("\n"))
    return BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _is_skipped(name: str, attributes: str) -> bool:
    if name in NEVER_CLOSED or attributes.endswith("/"):
        return False
    return name in UNREAD or name == "blockquote" or QUOTES.search(attributes) is not None
