"""``tindak policy backtest`` and ``diff``: what a policy would have decided, and what another decides differently."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.policy.agencies import load_agencies
from shared.policy.loading import PolicyInvalid
from tindak.client.kafka import Client
from tindak.console import Misuse, read_settings, say, say_json, wait_for
from tindak.model.labelled_files import Asked
from tindak.options import TIMEOUT_SECONDS, AsJson, Timeout
from tindak.policy.backtest import Decided, Verdict, decide, deciders, tallies, verdicts
from tindak.policy.check import check
from tindak.policy.diff import differences
from tindak.policy.dry_run import DryRun
from tindak.policy.labelled_reports import LabelledReport, read_file, read_topics
from tindak.policy.options import ModelDir, PolicyDir, model_of, policy_of

EXAMPLES_MAX = 10
RANK = (Verdict.WRONG, Verdict.REFUSED, Verdict.UNSURE, Verdict.OFFERED, Verdict.RIGHT)  # ever better for the reporter

File = Annotated[
    Path | None, typer.Argument(help="CSV or XLSX with the columns text and agency, and more if there is more.")
]
FromTopics = Annotated[bool, typer.Option("--from-topics", help="Take the tickets of the topics.")]
Text = Annotated[str | None, typer.Option(metavar="COL", help="Column of the text.")]
Agency = Annotated[str | None, typer.Option(metavar="COL", help="Column of the agency that had it in the end.")]


@dataclass(frozen=True, slots=True)
class Source:
    """Where labelled reports are read from: a file with columns, or the topics."""

    file: Path | None
    from_topics: bool
    columns: Asked
    timeout_seconds: float


def backtest_command(
    file: File = None, from_topics: FromTopics = False, policy: PolicyDir = Path("policy"),
    model: ModelDir = None,
    text: Text = None, agency: Agency = None, timeout: Timeout = TIMEOUT_SECONDS, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Run a policy over labelled reports and show, agency by agency, who would gain and lose."""
    dry_run = DryRun.of(policy_of(policy), model_of(model))
    source = Source(file, from_topics, Asked(text, agency), timeout)
    decided = wait_for(_backtest(dry_run, policy, source))
    if as_json:
        say_json(_as_object(dry_run, decided))
    else:
        say("\n".join(_lines(dry_run, decided)))


async def _backtest(dry_run: DryRun, policy: Path, source: Source) -> list[Decided]:
    return await decide(dry_run, await _reports(policy, source))


def diff_command(
    before: Annotated[Path, typer.Argument(help="Directory of the one policy.")],
    after: Annotated[Path, typer.Argument(help="Directory of the other.")],
    file: Annotated[Path | None, typer.Option("--file", help="Labelled reports to run both over, CSV or XLSX.")] = None,
    from_topics: FromTopics = False, model: ModelDir = None, text: Text = None, agency: Agency = None,
    timeout: Timeout = TIMEOUT_SECONDS, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show what differs between two policies and, with labelled reports, what the second would decide differently."""
    if faults := [*check(policy_of(before)).faults, *check(policy_of(after)).faults]:
        raise PolicyInvalid(faults)
    changes = differences(before, after)
    found: dict[str, Any] = {"changes": [asdict(change) for change in changes]}
    lines = list(map(str, changes)) or ["The two policies are the same."]
    if file is not None or from_topics:
        source, learned = Source(file, from_topics, Asked(text, agency), timeout), model_of(model)
        pairs = wait_for(_both(DryRun.of(before, learned), DryRun.of(after, learned), before, source))
        found |= _compared(pairs)
        lines += _differently(pairs)
    if as_json:
        say_json(found)
    else:
        say("\n".join(lines))


async def _both(before: DryRun, after: DryRun, policy: Path, source: Source) -> list[tuple[Decided, Decided]]:
    labelled = await _reports(policy, source)
    return list(zip(await decide(before, labelled), await decide(after, labelled), strict=True))


async def _reports(policy: Path, source: Source) -> Sequence[LabelledReport]:
    if (source.file is None) != source.from_topics:
        raise Misuse("Give either a file or --from-topics.")
    if source.file is not None:
        return read_file(source.file, source.columns, load_agencies(policy))
    async with Client(read_settings(source.timeout_seconds).kafka) as client:
        return await read_topics(client)


def _as_object(dry_run: DryRun, decided: Sequence[Decided]) -> dict[str, Any]:
    return {
        "policy_version": dry_run.version,
        "rows": len(decided),
        **verdicts(decided),
        "decided_by": deciders(decided),
        "agencies": [asdict(tally) for tally in tallies(decided)],
    }


def _lines(dry_run: DryRun, decided: Sequence[Decided]) -> Iterator[str]:
    rows = max(len(decided), 1)
    counts = ", ".join(f"{name} {count} ({count / rows:.1%})" for name, count in verdicts(decided).items() if count)
    yield f"Policy {dry_run.version} over {len(decided)} reports: {counts or 'nothing'}."
    by = ", ".join(f"{name} {count}" for name, count in sorted(deciders(decided).items()))
    yield f"Decided by: {by or 'nobody'}."
    yield f"{'agency':<24} {'had':>6} {'gets':>6} {'right':>6} {'gains':>6} {'loses':>6} {'asks':>6}"
    for one in tallies(decided):
        figures = (one.had, one.gets, one.right, one.gains, one.loses, one.asks)
        yield f"{one.agency[:24]:<24} " + " ".join(f"{figure:>6}" for figure in figures)


def _compared(pairs: Sequence[tuple[Decided, Decided]]) -> dict[str, Any]:
    """Return what two policies decide differently, for scripts."""
    moved = [(one, other) for one, other in pairs if one.agency != other.agency]
    better = sum(_rank(other) > _rank(one) for one, other in moved)
    worse = sum(_rank(other) < _rank(one) for one, other in moved)
    return {
        "rows": len(pairs),
        "different": len(moved),
        "better": better,
        "worse": worse,
        "moves": [
            {"from": before, "to": after, "reports": count}
            for (before, after), count in Counter((one.agency, other.agency) for one, other in moved).most_common()
        ],
        "examples": [
            {"from": one.agency, "to": other.agency, "had": one.labelled.agency, "text": one.labelled.report.body[:120]}
            for one, other in moved[:EXAMPLES_MAX]
        ],
    }


def _rank(decided: Decided) -> int:
    """Return how well a decision serves the reporter, as far as it is known who had the report; -1 if it is not."""
    return RANK.index(decided.verdict) if decided.verdict in RANK else -1


def _differently(pairs: Sequence[tuple[Decided, Decided]]) -> Iterator[str]:
    """Yield what two policies decide differently, for people."""
    found = _compared(pairs)
    yield (
        f"{found['different']} of {found['rows']} reports would be decided differently:"
        f" {found['better']} better, {found['worse']} worse than now for those whose agency is known."
    )
    yield from (f"  {move['reports']:>6}  {move['from']} -> {move['to']}" for move in found["moves"])
    yield from (f"  {one['from']} -> {one['to']} (had it: {one['had']}): {one['text']}" for one in found["examples"])
