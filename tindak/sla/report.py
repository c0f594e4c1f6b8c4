"""``tindak sla report``: a month of clocks as a table, CSV or chart; `month` counts, `chart` draws."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated

import typer

from services.sla.tooling import load_sla
from shared import topics
from shared.output import write_csv
from tindak.client.kafka import Client
from tindak.client.records import events_in
from tindak.console import read_settings, say, say_json, wait_for
from tindak.options import TIMEOUT_SECONDS, AsJson, Timeout
from tindak.sla.chart import draw
from tindak.sla.input import HERE, PolicyDir, refusal
from tindak.sla.month import Month, Row

READ = (topics.TICKETS, topics.SLA, topics.BREACHES)
NAMES = [field.name for field in fields(Row)]
HEADS = [name.replace("closed_", "").replace("hours", "h").replace("_", " ") for name in NAMES]


def report_command(
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="Which month, local time.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, for spreadsheets.")] = False,
    png: Annotated[Path | None, typer.Option("--png", metavar="FILE", help="Also draw a chart.")] = None,
    policy: PolicyDir = HERE,
    timeout: Timeout = TIMEOUT_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Show by agency and clock what was met, late and breached in a month, and how long it took in working time."""
    rules = load_sla(policy)
    try:
        counted = Month(month, rules)
    except (ValueError, OverflowError):
        raise refusal(f"`{month}` bukan bulan seperti 2026-03", f"`{month}` is no month such as 2026-03") from None
    rows = wait_for(_rows(counted, timeout))
    if as_json:
        say_json({"month": month, "rows": [asdict(row) for row in rows]})
    elif as_csv:
        write_csv(sys.stdout, [NAMES, *([getattr(row, name) for name in NAMES] for row in rows)])
    else:
        say("\n".join(table(rows)))
    if png is not None:
        draw(rows, month, png)
        say(f"Grafik ditulis ke {png}. / The chart was written to {png}.", err=True)


async def _rows(month: Month, timeout_seconds: float) -> list[Row]:
    async with Client(read_settings(timeout_seconds).kafka) as client:
        records = await client.read(READ)
    return month.rows(events_in(records))


def table(rows: Sequence[Row]) -> list[str]:
    """Return the rows for people."""
    if not rows:
        return ["Tidak ada jam yang berakhir atau terlambat. / No clock ended or was late."]
    cells = [HEADS, *(tuple(_cell(name, getattr(row, name)) for name in NAMES) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    return [
        "  ".join(text.ljust(width) if column < 2 else text.rjust(width)
                  for column, (text, width) in enumerate(zip(line, widths, strict=True))).rstrip()
        for line in cells
    ]  # fmt: skip


def _cell(name: str, value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.0%}" if name.startswith("closed") else f"{value:.1f}"
    return str(value)
