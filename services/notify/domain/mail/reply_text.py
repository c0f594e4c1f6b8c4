"""Takes out of a reply what its writer did not write: quotes, signatures, and what mail programs add."""

import re
from collections.abc import Sequence

WINDOW_LINES = 3  # mail programs break the line above a quote
LINE_SYMBOLS_MAX = 500
WROTE = re.compile(
    r"(?:On|Pada|Pd|Am|Op|Le|El)\b.{0,400}\b(?:wrote|writes|menulis|menuliskan|schrieb|schreef|écrit|escribió)\s*:",
    re.IGNORECASE,
)
TIME_OR_ADDRESS = re.compile(r"\d{1,2}[.:]\d{2}|@")  # without either, people may tell what somebody else wrote
ORIGINAL = re.compile(
    r"[-_*\s]{2,}(?:original (?:message|appointment)|forwarded message|pesan asli|pesan terusan|pesan yang diteruskan"
    r"|pesan asal|surat asli|teks asli)[-_*\s:]*|begin forwarded message:|awal pesan (?:yang )?diteruskan:",
    re.IGNORECASE,
)
FROM = re.compile(r"\*?(?:From|Dari|Daripada|Pengirim)\s*:\*?\s*\S", re.IGNORECASE)
FIELD = re.compile(
    r"\*?(?:Sent|Date|To|Cc|Subject|Reply-To|Dikirim|Terkirim|Tanggal|Tarikh|Hari|Kepada|Ke|Untuk|Tembusan|Perihal"
    r"|Subjek|Subyek|Judul)\s*:\*?",
    re.IGNORECASE,
)
FIELDS_WITHIN_LINES, FIELDS_MIN = 6, 2
SIGNATURE = re.compile(r"--\s?")
RULE = re.compile(r"[_\-*=]{5,}")
SENT_BY = re.compile(
    r"(?:Sent (?:from|via|with)|Get Outlook for|Dikirim (?:dari|dengan|lewat|melalui|menggunakan)|Terkirim dari"
    r"|Dapatkan Outlook|Unduh Outlook|Yahoo Mail:)\b.{0,100}",
    re.IGNORECASE,
)


def reply_text(text: str, sender: str = "") -> str:
    """Return what the writer of a reply wrote, answers between quoted lines included; empty for nothing.

    Args:
        text: In lines of any ending.
        sender: The address that our mails come from: a line that holds it and ends with a colon heads a quote in
            whatever language the mail program speaks.
    """
    lines = [line.rstrip() for line in text.splitlines()]
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at].strip()[:LINE_SYMBOLS_MAX]
        if SIGNATURE.fullmatch(line) or ORIGINAL.fullmatch(line) or _begins_header(lines, at):
            break
        if heading := _heading_lines(lines, at, sender):
            at += heading
            if not _goes_on_quoted(lines, at):
                break
        else:
            if not line.startswith(">"):
                kept.append(lines[at])
            at += 1
    while kept and _is_added(kept[-1].strip()):
        kept.pop()
    return "\n".join(kept).strip()


def _heading_lines(lines: Sequence[str], at: int, sender: str) -> int:
    """Return how many lines from *at* on head a quote, such as "Pada ... menulis:"; 0 for none."""
    joined = ""
    for count, line in enumerate(lines[at : at + WINDOW_LINES], 1):
        stripped = line.strip()
        if not stripped or stripped.startswith(">"):
            return 0
        joined = f"{joined} {stripped}".strip()
        if len(joined) > LINE_SYMBOLS_MAX:
            return 0
        if WROTE.fullmatch(joined) and TIME_OR_ADDRESS.search(joined):
            return count
        is_ours = bool(sender) and sender.lower() in joined.lower() and joined.endswith((":", ">"))
        if is_ours and _goes_on_quoted(lines, at + count):
            return count
    return 0


def _goes_on_quoted(lines: Sequence[str], at: int) -> bool:
    """Return whether the next line that holds anything is marked as quoted."""
    return next((line for line in lines[at : at + WINDOW_LINES] if line.strip()), "").lstrip().startswith(">")


def _begins_header(lines: Sequence[str], at: int) -> bool:
    """Return whether the head of a quoted mail stands here as Outlook writes it: sender, date, recipient, subject."""
    if not FROM.match(lines[at].strip()):
        return False
    below = lines[at + 1 : at + 1 + FIELDS_WITHIN_LINES]
    return sum(FIELD.match(line.strip()) is not None for line in below) >= FIELDS_MIN


def _is_added(line: str) -> bool:
    return not line or RULE.fullmatch(line) is not None or SENT_BY.fullmatch(line) is not None
