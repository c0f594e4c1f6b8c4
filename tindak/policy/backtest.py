"""Runs a policy over labelled reports and counts which agencies would gain and lose."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.events import ComplaintAccepted, TicketRouted
from tindak.policy.dry_run import DryRun, Routed
from tindak.policy.labelled_reports import CLOCK, LabelledReport

TRIAGE = "triage"
REFUSED = "refused"


class Verdict(StrEnum):
    """How a decision compares with who had the report in the end."""

    RIGHT = "right"
    OFFERED = "offered"  # an officer decides, and the right agency is among the suggestions
    UNSURE = "unsure"  # an officer decides without it
    WRONG = "wrong"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # nobody had it in the end


@dataclass(frozen=True, slots=True)
class Decided:
    """What a policy would decide about a labelled report; ``routed`` is None where intake would refuse it."""

    labelled: LabelledReport
    routed: Routed | None

    @property
    def agency(self) -> str:
        """Return who would get it: a code, ``triage`` or ``refused``."""
        if self.routed is None:
            return REFUSED
        return self.routed.agency if isinstance(self.routed, TicketRouted) else TRIAGE

    @property
    def verdict(self) -> Verdict:
        """Return how that compares with who had it."""
        if self.labelled.agency is None:
            return Verdict.UNKNOWN
        if self.routed is None:
            return Verdict.REFUSED
        if isinstance(self.routed, TicketRouted):
            return Verdict.RIGHT if self.routed.agency == self.labelled.agency else Verdict.WRONG
        offered = {suggestion.agency for suggestion in self.routed.suggestions}
        return Verdict.OFFERED if self.labelled.agency in offered else Verdict.UNSURE


@dataclass(frozen=True, slots=True)
class Tally:
    """One agency's share.

    Args:
        had: Reports that it had in the end.
        gets: Reports that it would get without a person.
        right: Those of them that it had.
        gains: Those of them that another agency had.
        loses: Reports that it had and that would go to another agency.
        asks: Reports that it had and about which an officer would be asked.
    """

    agency: str
    had: int
    gets: int
    right: int
    gains: int
    loses: int
    asks: int


async def decide(dry_run: DryRun, reports: Sequence[LabelledReport]) -> list[Decided]:
    """Return what the policy would decide about each report, in order."""
    answers = [
        one.report if isinstance(one.report, ComplaintAccepted) else dry_run.answer(one.report, CLOCK)
        for one in reports
    ]
    routed = iter(await dry_run.route([answer for answer in answers if isinstance(answer, ComplaintAccepted)]))
    return [
        Decided(one, next(routed) if isinstance(answer, ComplaintAccepted) else None)
        for one, answer in zip(reports, answers, strict=True)
    ]


def tallies(decided: Sequence[Decided]) -> list[Tally]:
    """Return each agency's share, those with the most reports first; of reports that somebody had in the end."""
    known = [(one.labelled.agency, one.agency, one.verdict) for one in decided if one.labelled.agency is not None]
    had, gets = Counter(had for had, _, _ in known), Counter(got for _, got, _ in known)
    right = Counter(had for had, _, verdict in known if verdict is Verdict.RIGHT)
    loses = Counter(had for had, _, verdict in known if verdict is Verdict.WRONG)
    asks = Counter(had for had, _, verdict in known if verdict in (Verdict.OFFERED, Verdict.UNSURE))
    agencies = sorted({*had, *gets} - {TRIAGE, REFUSED}, key=lambda agency: (-had[agency], agency))
    return [
        Tally(
            agency=agency, had=had[agency], gets=gets[agency], right=right[agency],
            gains=gets[agency] - right[agency], loses=loses[agency], asks=asks[agency],
        )
        for agency in agencies
    ]  # fmt: skip


def verdicts(decided: Sequence[Decided]) -> dict[str, int]:
    """Return how many reports there are of each verdict."""
    counted = Counter(one.verdict for one in decided)
    return {verdict.value: counted[verdict] for verdict in Verdict}


def deciders(decided: Sequence[Decided]) -> dict[str, int]:
    """Return how many reports would be routed by whom or what."""
    return dict(Counter(one.routed.decided_by.value for one in decided if isinstance(one.routed, TicketRouted)))
