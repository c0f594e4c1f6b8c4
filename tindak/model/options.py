"""The options that the commands of the text model share, and how these fail."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer

from tindak.console import Failure
from tindak.model.labelled_files import ColumnMissing
from tindak.model.tables import TableUnreadable

P = ParamSpec("P")
R = TypeVar("R")

Source = Annotated[Path, typer.Argument(metavar="FILE", help="Labelled reports, CSV or XLSX.", show_default=False)]
Text = Annotated[str | None, typer.Option("--text", metavar="COL", help="Column of the text.")]
Agency = Annotated[str | None, typer.Option("--agency", metavar="COL", help="Column of the agency that was right.")]
PlaceColumns = Annotated[
    list[str] | None, typer.Option("--place", metavar="COL", help="Column of the place; may be repeated.")
]
Time = Annotated[
    str | None, typer.Option("--time", metavar="COL", help="Column of the time; without it rows are in order of time.")
]
Precision = Annotated[float, typer.Option(help="Share of what is routed without a person that must be right.")]
Seed = Annotated[int, typer.Option(help="The same file and seed give the same model.")]


def failing_in_a_sentence(command: Callable[P, R]) -> Callable[P, R]:
    """Return *command* with the errors of reading and training as failures; the libraries are loaded when it runs."""

    @wraps(command)
    def failing(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            from services.routing.training.tooling import ModelRefused, TooLittle
        except ModuleNotFoundError as error:
            raise Failure(f"{error.name} is not installed; run `pip install 'tindak[model]'`.") from error
        try:
            return command(*args, **kwargs)
        except (ColumnMissing, ModelRefused, TableUnreadable, TooLittle) as error:
            raise Failure(str(error)) from error

    return failing
