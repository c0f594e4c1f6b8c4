"""All notices on one static page, by language and channel; ``python -m tindak.notices.gallery`` writes it."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from services.notify.tooling import DIGEST, EMAIL, SMS, NoticePolicy, load_notices
from tindak.notices.specimens import BESIDES, LANGUAGES, Specimen, of_template, readers, rules_by_code, specimen

ROOT = Path(__file__).parents[2]
PAGE = "notices.html"
SHOWN_WHOLE = "answered"
STYLE = """\
:root{color-scheme:light dark}
body{margin:0 auto;max-width:1400px;padding:16px;font:16px/1.5 'DejaVu Sans',Verdana,sans-serif;overflow-wrap:anywhere}
h1{font-size:24px;margin:0 0 8px}
h2{font:bold 18px 'DejaVu Sans Mono',monospace;margin:40px 0 0;padding-top:12px;border-top:3px solid #c8102e}
h2+p{margin:0 0 12px;opacity:.75;font-size:14px}h3{font-size:14px;margin:0 0 8px;opacity:.75}
nav{columns:14em;font-size:14px}nav a{display:block}
.all{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,17em),1fr));gap:12px}
article{border:1px solid #8888;border-radius:8px;padding:12px;font-size:14px;min-width:0}
.s{margin:0 0 8px}.b{white-space:pre-wrap;margin:0}
.m{white-space:pre-wrap;margin:12px 0 4px;padding:8px 12px;border-radius:12px 12px 12px 0;background:#8882}
small{opacity:.75}
iframe{box-sizing:border-box;width:100%;max-width:600px;height:620px;border:1px solid #8888;border-radius:8px}
"""


def page() -> str:
    """Return the page: no script, nothing from elsewhere."""
    policy = load_notices(ROOT / "policy")
    codes = (*rules_by_code(policy), *BESIDES)
    links = "".join(f'<a href="#{code}">{code}</a>\n' for code in codes)
    whole = specimen(policy, SHOWN_WHOLE, policy.default_language, EMAIL).html or ""
    digest = specimen(policy, DIGEST, policy.default_language, EMAIL).html or ""
    sections = "".join(_section(policy, code) for code in codes)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<title>Tindak: all notices</title>\n'
        f"<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>All notices, as their readers get them</h1>\n"
        "<p>Made from policy/notices with sample values by <code>make docs</code>. Each card shows one language: the"
        " text for e-mail and WhatsApp, and below it the text message with its length. What citizens and agencies write"
        " stays in their own words.</p>\n"
        f"<nav>\n{links}</nav>\n<h2>layout</h2>\n<p>An e-mail as a mail program shows it.</p>\n"
        f'<iframe title="{SHOWN_WHOLE}" sandbox srcdoc="{escape(whole)}"></iframe>\n'
        f'<p>A digest.</p>\n<iframe title="{DIGEST}" sandbox srcdoc="{escape(digest)}"></iframe>\n'
        f"{sections}</body>\n</html>\n"
    )


def _section(policy: NoticePolicy, code: str) -> str:
    cards = "".join(_cards(policy, code))
    to = ", ".join(readers(policy, code))
    return f'<h2 id="{code}">{code}</h2>\n<p>To {to}</p>\n<div class="all">\n{cards}</div>\n'


def _cards(policy: NoticePolicy, code: str) -> Iterator[str]:
    for language in of_template(policy, code):
        long = specimen(policy, code, language, EMAIL)
        yield (
            f'<article lang="{language}">\n<h3>{LANGUAGES[language]}</h3>\n'
            f'<p class="s"><strong>{escape(long.subject, quote=False)}</strong></p>\n'
            f'<p class="b">{escape(long.body.strip(), quote=False)}</p>\n'
            f"{'' if code == DIGEST else _short_card(policy, code, language)}</article>\n"
        )


def _short_card(policy: NoticePolicy, code: str, language: str) -> str:
    short = specimen(policy, code, language, SMS)
    return f'<p class="m">{escape(short.body, quote=False)}</p>\n<small>{_size(short)}</small>\n'


def _size(short: Specimen) -> str:
    segments = "1 segment" if short.size.segments == 1 else f"{short.size.segments} segments"
    return f"SMS: {short.size.units} septets, {segments}"


if __name__ == "__main__":
    (ROOT / "docs" / PAGE).write_text(page(), encoding="utf-8")
