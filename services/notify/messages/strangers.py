"""Makes harmless for a message what somebody wrote whom nobody knows: names and links."""

import re
import unicodedata

from shared.output import HIDDEN

NAME_SYMBOLS_MAX = 60
NAME_MARKS = frozenset(" .,'’`-")
# A domain: a dot between letters. It costs `M.Si` and `H.Ahmad` their salutation, and nobody a message.
DOMAIN_IN_NAME = re.compile(r"\w\.\w{2,}")
ENDINGS = "com|net|org|info|biz|id|co|io|me|ly|app|dev|xyz|top|site|online|shop|store|click|link|live|club|icu|vip|win"
LINK = re.compile(
    rf"\b[a-z][a-z0-9+.-]*://\S+|\bwww\.\S+|(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:{ENDINGS})(?![\w-])(?:[/?#:]\S*)?",
    re.IGNORECASE,
)
COVERED = {"id": "[tautan]", "en": "[link]", "jv": "[tautan]", "su": "[tutumbu]"}


def salutation_name(name: str | None) -> str | None:
    """Return *name* as it may stand in a salutation; None for none, and for what no name is written with.

    A stranger may give anybody's address, and as a name whatever that person is to read: a link, a line, a number.
    """
    given = (name or "").strip(" ")
    is_name = (
        0 < len(given) <= NAME_SYMBOLS_MAX
        and not HIDDEN.search(given)
        and not DOMAIN_IN_NAME.search(given)
        and all(symbol in NAME_MARKS or unicodedata.category(symbol)[0] in "LM" for symbol in given)
    )
    return given if is_name else None


def linkless(text: str | None, language: str) -> str | None:
    """Return *text* with each link covered, also one that only a mail program would make of it; None for None."""
    return None if text is None else LINK.sub(COVERED[language], text)
