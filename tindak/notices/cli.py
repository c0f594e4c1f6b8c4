"""``tindak notices preview``: shows a notice as its reader gets it, with its length."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.notify.tooling import SMS, load_notices
from tindak.console import Failure, say, say_json
from tindak.notices.specimens import BESIDES, Specimen, of_template, readers, rules_by_code, specimen
from tindak.options import AsJson
from tindak.policy.options import PolicyDir, policy_of


class OnChannel(StrEnum):
    """A channel that shows a text."""

    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"


class InLanguage(StrEnum):
    """A language of the texts."""

    INDONESIAN = "id"
    ENGLISH = "en"
    JAVANESE = "jv"
    SUNDANESE = "su"


def preview_command(
    notice: Annotated[str | None, typer.Argument(help="Its code; without one all are listed.")] = None,
    channel: Annotated[OnChannel, typer.Option("--channel", help="Where it is read.")] = OnChannel.EMAIL,
    language: Annotated[InLanguage, typer.Option("--lang", help="In which language.")] = InLanguage.INDONESIAN,
    html: Annotated[Path | None, typer.Option("--html", help="Write the mail's HTML into this file.")] = None,
    policy_dir: PolicyDir = Path("policy"),
    as_json: AsJson = False,
) -> None:
    """Show a notice with sample values, and how long it is."""
    policy = load_notices(policy_of(policy_dir))
    if notice is None:
        for code in (*rules_by_code(policy), *BESIDES):
            languages, roles = [*of_template(policy, code)], readers(policy, code)
            if as_json:
                say_json({"notice": code, "to": list(roles), "languages": languages})
            else:
                say(f"{code:<26} {' '.join(languages):<12} {', '.join(roles)}")
        return
    shown = specimen(policy, notice, language.value, channel.value)
    if html is not None:
        if shown.html is None:
            raise Failure("Only an e-mail has HTML, and only where the policy has a layout for it.")
        html.write_text(shown.html, encoding="utf-8")
    if as_json:
        say_json(shown.as_json)
    else:
        say(f"{shown.subject}\n\n{shown.body.rstrip()}\n\n{size_of(shown, asked=language.value)}")


def size_of(shown: Specimen, asked: str) -> str:
    """Return the line about a text below it."""
    size = f"{len(shown.body)} characters"
    if shown.channel == SMS:
        segments = "1 segment" if shown.size.segments == 1 else f"{shown.size.segments} segments"
        size = f"{shown.size.units} {'septets' if shown.size.encoding == 'gsm7' else 'units of UCS-2'}, {segments}"
    instead = "" if shown.language == asked else f", for there is no text in {asked}"
    return f"({shown.channel}, {shown.language}{instead}: {size})"
