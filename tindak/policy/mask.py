"""``tindak policy mask``: what of a text the services would cover, and why."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.identities.spans import Span
from shared.policy.identities import load_identities
from tindak.console import say, say_json
from tindak.options import AsJson
from tindak.policy.options import PolicyDir, policy_of

STANDARD_INPUT = "-"


def mask_command(
    text: Annotated[str, typer.Argument(help="What somebody writes; - to read it from standard input.")],
    policy: PolicyDir = Path("policy"),
    as_json: AsJson = False,
) -> None:
    """Show a text as the services would publish it, and what finds each identity in it; publishes nothing."""
    masker = load_identities(policy_of(policy))
    written = sys.stdin.read().removesuffix("\n") if text == STANDARD_INPUT else text
    covered, found = masker.mask(written), masker.explain(written)
    if as_json:
        say_json({"text": covered, "found": [_as_object(span) for span in found]})
    else:
        say("\n".join([covered, *map(_line, found)]))


def _as_object(span: Span) -> dict[str, Any]:
    """Return it for scripts; it does not repeat what is covered, so that it may be kept."""
    return {
        "entity": _entity(span),
        "start": span.start,
        "end": span.end,
        "score": round(span.score, 3),
        "recogniser": span.by,
        "reason": span.reason,
    }


def _line(span: Span) -> str:
    place = f"{span.start}-{span.end}"
    return f"  {place:<11} {_entity(span):<10} {span.score:>5.3g}  {span.by:<20} {span.reason}"


def _entity(span: Span) -> str:
    return span.label.strip("[]")
