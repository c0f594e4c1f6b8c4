"""Prints the demo: one line per event; colours only on a terminal."""

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from shared import events as e
from shared.output import terminal_text
from tindak.demo_story.summary import Notices
from tindak.formatting import sentence, suggested, why_routed

NEXT = (
    "track {tracking_id}",
    "submit --channel web --title 'Lampu mati' --body 'PJU mati di Jalan Merpati, Sawah Baru' --wait",
    "agency dishub ack TRACKING_ID --wait",
    "watch breaches",
    "dlq list intake",
)
MASK_CONTEXT = 30
CHANNEL, TRACKING, AGENCY, TITLE, SUBJECT = 17, 13, 19, 38, 100
SET_IN = 2 + CHANNEL


class DemoOutput:
    """Prints what happens in the demo.

    Args:
        console: Where it is printed.
        short_names: Of the agencies, by code.
    """

    def __init__(self, console: Console, short_names: Mapping[str, str]) -> None:
        self.console = console
        self.short_names = short_names

    def line(self, *parts: tuple[str, str] | str, last: tuple[str, str] = ("", "")) -> None:
        """Print one line; if a terminal is too narrow for it, *last* stands below the rest, set in."""
        rest = Text.assemble(*(_shown(part) for part in parts))
        end = Text(terminal_text(last[0]), last[1])
        if not self.console.is_terminal:
            self.console.print(rest + end, no_wrap=True, overflow="ignore", crop=False)
        elif rest.cell_len + end.cell_len <= self.console.width:
            self.console.print(rest + end)
        else:
            self.console.print(rest)
            self.console.print(Padding(end, (0, 0, 0, SET_IN)))

    def heading(self, title: str) -> None:
        """Begin a part."""
        self.line("")
        self.line((title, "bold"))

    def step(self, sentence: str) -> None:
        """Print a step of the preparations."""
        self.line(("  " + sentence, "dim"))

    def decided(self, complaint: Mapping[str, Any], decision: e.TicketRouted | e.TriageRequested) -> None:
        """Print an accepted complaint: tracking id, agency and reason."""
        if isinstance(decision, e.TicketRouted):
            where, style, why = self.short_names.get(decision.agency, decision.agency), "green", why_routed(decision)
        else:
            where, style, why = "triage", "yellow", decision.reason + suggested(decision)
        self._answered(complaint, (decision.tracking_id, "bold"), (where, style), why)

    def masked(self, body: str) -> None:
        """Print that intake covered identities that were typed into the text."""
        around = body[max(0, body.find("[") - MASK_CONTEXT) :]
        self.line(" " * SET_IN, ("covered by intake: ", "cyan"), last=(f"…{around}", "dim"))

    def repeated(self, complaint: Mapping[str, Any], accepted: e.ComplaintAccepted) -> None:
        """Print a complaint that was submitted before."""
        self._answered(complaint, (accepted.tracking_id, "bold"), ("as before", "cyan"), "the same report again")

    def refused(self, complaint: Mapping[str, Any], rejected: e.ComplaintRejected) -> None:
        """Print a refusal and its reason."""
        reason = rejected.reasons[0]
        self._answered(complaint, ("refused", "red"), (reason.code, "red"), reason.message_id)

    def _answered(
        self, complaint: Mapping[str, Any], answer: tuple[str, str], where: tuple[str, str], why: str
    ) -> None:
        title = " ".join(str(complaint.get("title") or complaint["body"]).split()) or "(no text)"
        self.line(
            "  ", (f"{complaint['channel']:<{CHANNEL}}", "dim"), (f"{answer[0]:<{TRACKING}}  ", answer[1]),
            (f"{where[0]:<{AGENCY}}", where[1]), f"{cut(title, TITLE):<{TITLE}}  ", last=(why, "dim"),
        )  # fmt: skip

    def happened(self, seconds: float, tracking_id: str, title: str, data: e.EventData) -> None:
        """Print one event of a ticket."""
        style = "red" if isinstance(data, e.ClockBreached | e.BreachEscalated | e.UpdateRefused) else ""
        self._event(seconds, tracking_id, title, (sentence(data), style))

    def ordinary(self, seconds: float, tracking_id: str, title: str, data: e.TicketAnswered) -> None:
        """Print a ticket that is acknowledged and answered, and nothing else."""
        self._event(seconds, tracking_id, title, (f"{data.agency} acknowledged and answered", "dim"))

    def _event(self, seconds: float, tracking_id: str, title: str, last: tuple[str, str]) -> None:
        self.line(
            (f"  {seconds:5.1f} s  ", "dim"),
            (f"{tracking_id}  ", "bold"),
            (f"{cut(title, 24):<24}  ", "dim"),
            last=last,
        )

    def notices(self, sent: Iterable[Notices]) -> None:
        """Print which notices went out: to which role, by which channel, under which subject; never to whom."""
        for each in sent:
            self.line(
                f"  {each.count:>4} x  {each.role:<19}{each.channel:<10}{each.notice:<26}",
                last=(cut(each.subject or "(written to the log channel)", SUBJECT), "dim"),
            )

    def figures(self, figures: Mapping[str, object]) -> None:
        """Print the figures of the summary."""
        for name, figure in figures.items():
            self.line(f"  {name:<13} ", last=(str(figure), "bold"))

    def verdict(self, sentences: Iterable[str], *, is_good: bool) -> None:
        """Print how it ended."""
        for each in sentences:
            self.line("  ", last=(each, "bold green" if is_good else "bold red"))

    def next_steps(self, environment: Mapping[str, str], program: str, tracking_id: str) -> None:
        """Print what somebody may try in another terminal, in commands that can be copied."""
        self.heading("Everything stays up until Ctrl-C. In another terminal:")
        for name, value in environment.items():
            self.whole(f"export {name}={shlex.quote(value)}")
        for command in NEXT:
            self.whole(f"{program} {command.format(tracking_id=tracking_id)}")

    def whole(self, command: str) -> None:
        """Print a command so that it can be copied, however long it is."""
        self.console.print(Text(terminal_text("  " + command)), soft_wrap=True)


def _shown(part: tuple[str, str] | str) -> tuple[str, str] | str:
    return terminal_text(part) if isinstance(part, str) else (terminal_text(part[0]), part[1])


def cut(text: str, symbols: int) -> str:
    """Return *text* in at most so many symbols."""
    return text if len(text) <= symbols else text[: symbols - 1].rstrip() + "…"
