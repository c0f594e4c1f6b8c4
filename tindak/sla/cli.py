"""``tindak sla``: counts, explains, reports and recomputes clocks; only `recompute` changes anything."""

import typer

from tindak.sla.count import add_command, between_command, subtract_command
from tindak.sla.explain import explain_command
from tindak.sla.recompute import recompute
from tindak.sla.report import report_command

app = typer.Typer(name="sla", help="Working time and clocks.", no_args_is_help=True)

app.command("add")(add_command)
app.command("subtract")(subtract_command)
app.command("between")(between_command)
app.command("explain")(explain_command)
app.command("report")(report_command)
app.command("recompute")(recompute)
