"""``tindak sla``: which commands there are; never what they do."""

import typer

from tindak.sla_recompute import recompute

app = typer.Typer(name="sla", help="Count working time, and time clocks anew.", no_args_is_help=True)
app.command(name="recompute")(recompute)
