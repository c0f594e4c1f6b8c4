"""``tindak policy explain``: what would become of a report and why, by the code that runs live; publishes nothing."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from services.intake.tooling import Recognised
from shared.events import ComplaintAccepted, ComplaintRejected, ComplaintSubmitted, Step, TicketRouted
from tindak.console import Misuse, say, say_json, wait_for
from tindak.options import AsJson
from tindak.policy.dry_run import DryRun, Routed
from tindak.policy.options import ModelDir, PolicyDir, model_of, policy_of

OF_THE_TICKET = frozenset({"ticket_id", "tracking_id", "state", "version", "at", "accepted_at", "submitted_at", "hop"})
OF_THE_REPORT = frozenset(
    {"anonymous", "confidential", "title", "body", "location", "category", "target_agency", "missing", "flags"}
)


@dataclass(frozen=True, slots=True)
class Explained:
    """What intake and routing decide on a report; ``routed`` is None where intake refuses it.

    ``recognised`` says why it is sensitive, which no event does; None for any other.
    """

    answer: ComplaintAccepted | ComplaintRejected
    routed: Routed | None
    policy_version: str
    recognised: Recognised | None = None

    @property
    def outcome(self) -> str:
        """Return ``refused``, ``routed`` or ``triage``."""
        if self.routed is None:
            return "refused"
        return "routed" if isinstance(self.routed, TicketRouted) else "triage"


def explain_command(
    text: Annotated[str, typer.Option("--text", help="What the reporter wrote.")],
    title: Annotated[str | None, typer.Option(help="Its title, if it has one.")] = None,
    category: Annotated[str | None, typer.Option(help="Code or LAPOR! name.")] = None,
    kelurahan: Annotated[str | None, typer.Option(help="As the reporter gave it.")] = None,
    kecamatan: Annotated[str | None, typer.Option(help="As the reporter gave it.")] = None,
    place: Annotated[str | None, typer.Option(help="Address or place in the reporter's words.")] = None,
    agency: Annotated[str | None, typer.Option(help="Code of the agency that the reporter chose.")] = None,
    classification: Annotated[str | None, typer.Option(help="As the reporter chose it.")] = None,
    channel: Annotated[str, typer.Option(help="Through which the report comes.")] = "web",
    policy: PolicyDir = Path("policy"),
    model: ModelDir = None,
    as_json: AsJson = False,
) -> None:
    """Show which agency a report would go to, and why; as the services would decide. Exit 1 if it is refused."""
    report = _submission(
        body=text, title=title, category=category, target_agency=agency, classification=classification, channel=channel,
        location={"kelurahan": kelurahan, "kecamatan": kecamatan, "text": place},
    )  # fmt: skip
    found = wait_for(explain(DryRun.of(policy_of(policy), model_of(model)), report))
    if as_json:
        say_json(as_object(found))
    else:
        say("\n".join(_lines(found)))
    raise typer.Exit(1 if found.routed is None else 0)


def _submission(**given: Any) -> ComplaintSubmitted:
    """Return the report as a channel would submit it now; raise Misuse for what no channel could submit."""
    given["location"] = {name: text for name, text in given["location"].items() if text is not None} or None
    try:
        return ComplaintSubmitted.model_validate(given | {"source_id": "explain", "submitted_at": datetime.now(UTC)})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Misuse(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from error


async def explain(dry_run: DryRun, report: ComplaintSubmitted) -> Explained:
    """Return what intake and routing decide on *report*."""
    answer = dry_run.answer(report, report.submitted_at)
    if isinstance(answer, ComplaintRejected):
        return Explained(answer, None, dry_run.version)
    (routed,) = await dry_run.route([answer])
    return Explained(answer, routed, dry_run.version, dry_run.recognise(report))


def as_object(found: Explained) -> dict[str, Any]:
    """Return it for scripts: the fields of the events that the services would publish, without those of the ticket."""
    shown: dict[str, Any] = {"outcome": found.outcome, "policy_version": found.policy_version}
    if found.routed is None:
        return shown | found.answer.model_dump(mode="json", include={"reasons"})
    shown["report"] = found.answer.model_dump(mode="json", include=set(OF_THE_REPORT))
    if found.recognised is not None:
        shown["sensitive"] = asdict(found.recognised)
    return shown | found.routed.model_dump(mode="json", exclude=set(OF_THE_TICKET) | {"report"}, exclude_none=True)


def _lines(found: Explained) -> Iterator[str]:
    if isinstance(found.answer, ComplaintRejected) or found.routed is None:
        reasons = found.answer.reasons if isinstance(found.answer, ComplaintRejected) else ()
        yield from (f"Refused: {reason.message_en} ({reason.code})" for reason in reasons)
        return
    routed, report = found.routed, found.answer
    if isinstance(routed, TicketRouted):
        sure = "" if routed.confidence is None else f", confidence {routed.confidence:.2f}"
        yield f"Routed to {routed.agency_name} ({routed.agency}), decided by {routed.decided_by.value}{sure}."
        if routed.advice_en:
            yield f"The reporter is told: {routed.advice_en}"
        if routed.reason_en:
            yield f"The reporter is told: {routed.reason_en}"
    else:
        yield f"An officer decides: {routed.reason}."
        yield from (f"  part     {one.agency:<14}  {'; '.join(one.words)}" for one in routed.parts)
        yield from (f"  offered  {one.agency:<14}  {one.why}" for one in routed.suggestions)
    yield f"Priority {routed.priority.value}; {routed.classification.value}; {'; '.join(_particulars(report))}."
    if found.recognised is not None:
        why = found.recognised
        yield f"Sensitive, {why.kind}: rule {why.rule} holds for `{why.words}`; so confidential, and followed alone."
    yield from map(_step_line, routed.explanation)
    yield f"Policy {found.policy_version}."


def _particulars(report: ComplaintAccepted) -> Iterator[str]:
    place = report.location
    known = ", ".join(name for name in (place.kelurahan, place.kecamatan) if name) if place else ""
    yield f"place {known or 'not known'}"
    yield f"category {report.category or 'none'}"
    if report.flags:
        yield f"flags {', '.join(report.flags)}"
    if report.missing:
        yield f"missing {', '.join(report.missing)}"


def _step_line(step: Step) -> str:
    score = "" if step.score is None else f"{step.score:g}"
    return f"  {step.step:<9} {step.rule or '':<24} {score:>7}  {step.outcome}"
