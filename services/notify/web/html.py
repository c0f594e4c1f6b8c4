"""Renders the pages, with every value escaped, and the headers that keep a browser from doing anything else."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from services.notify.policy.notices import Language
from services.notify.policy.pages import PageWords

FOLDER = Path(__file__).with_name("html")
STYLE = (FOLDER / "page.css").read_text(encoding="utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",  # the address of a page opens it
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}
OTHER: Mapping[str, Language] = {"id": "en", "en": "id"}
LANGUAGES: Mapping[str, Language] = {"id": "id", "en": "en"}

ENVIRONMENT = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
ENVIRONMENT.globals["style"] = Markup(STYLE)  # noqa: S704  # our own file


def page(name: str, status: int, language: str, words: PageWords, city: str, **values: Any) -> HTMLResponse:
    """Return the page that the template *name* makes of *values*."""
    template = ENVIRONMENT.get_template(f"{name}.html.j2")
    body = template.render(language=language, other=OTHER[language], words=words, city=city, **values)
    return HTMLResponse(body, status)


def language_of(asked: str | None, accepted: str) -> Language:
    """Return ``id`` or ``en``: what was *asked* for, else what the browser puts first, else Indonesian.

    Args:
        asked: By the link to the other language.
        accepted: The header Accept-Language.
    """
    if asked is not None and asked in LANGUAGES:
        return LANGUAGES[asked]
    weighted = sorted(_weighted(accepted[:200]), key=lambda one: -one[1])
    return next((LANGUAGES[language] for language, _ in weighted if language in LANGUAGES), "id")


def _weighted(accepted: str) -> list[tuple[str, float]]:
    found = []
    for entry in accepted.split(","):
        tag, _, weight = entry.partition(";q=")
        try:
            found.append((tag.strip().lower().partition("-")[0], float(weight or 1)))
        except ValueError:
            continue
    return found
