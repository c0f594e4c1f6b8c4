"""Reads reports and the agency that had each in the end, from a file or from the topics."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from shared import topics
from shared.delivery.ports import Record
from shared.events import ComplaintAccepted, ComplaintSubmitted, Event
from shared.policy.agencies import AgencyDirectory
from shared.text import name_key
from tindak.client.kafka import Client
from tindak.client.records import events_in
from tindak.console import Failure
from tindak.model.labelled_files import Asked, ColumnMissing, LabelledRow, read_labelled
from tindak.model.tables import TableUnreadable
from tindak.tickets.projection import project

SOURCE_ID_MAX = 128
CLOCK = datetime(2000, 1, 1, tzinfo=UTC)  # a labelled report is judged by its text, never by its age


@dataclass(frozen=True, slots=True)
class LabelledReport:
    """A report and who had it.

    Args:
        report: As a channel submitted it, or as intake accepted it.
        agency: Code of the agency that had it in the end, or what the file calls it; None if nobody had it.
    """

    report: ComplaintSubmitted | ComplaintAccepted
    agency: str | None


def read_file(path: Path, asked: Asked, directory: AgencyDirectory) -> list[LabelledReport]:
    """Return the reports of a CSV or XLSX file with a header.

    Args:
        path: Of the file.
        asked: Which columns to use.
        directory: Agencies may be named by code, short name or official name.

    Raises:
        Failure: It cannot be read, lacks text or agency, or a row is no report.
    """
    codes = codes_of(directory)
    try:
        rows = read_labelled(path, asked).rows
    except (TableUnreadable, ColumnMissing) as error:
        raise Failure(str(error)) from error
    return [_report_of(number, row, codes, path) for number, row in enumerate(rows, 1)]


def _report_of(number: int, row: LabelledRow, codes: Mapping[str, str], path: Path) -> LabelledReport:
    """Return the report of a row; raise Failure if it is none."""
    place = {"text": row.place.get("address"), **{name: row.place.get(name) for name in ("kelurahan", "kecamatan")}}
    try:
        report = ComplaintSubmitted(
            channel="web", source_id=f"{path.name[:100]}#{number}"[-SOURCE_ID_MAX:], submitted_at=CLOCK,
            title=row.title[:200] or None, body=row.text[:8000],
            category=row.place.get("category", "")[:200] or None,
            location={name: text[:100] for name, text in place.items() if text} or None,
        )  # fmt: skip
    except ValidationError as error:
        raise Failure(f"{path}, row {number}: {error.errors(include_url=False)[0]['msg']}.") from error
    return LabelledReport(report, codes.get(key(row.agency), row.agency) or None)


def codes_of(directory: AgencyDirectory) -> dict[str, str]:
    """Return the code of each agency by everything that it may be called."""
    return {key(name): one.code for one in directory.agencies for name in (one.name, one.short, one.code)}


def key(name: str) -> str:
    """Return a name as it is compared."""
    return name_key(name.replace("_", " "))


async def read_topics(client: Client) -> list[LabelledReport]:
    """Return the accepted complaints of the topics and who has or had them, in the order of their acceptance."""
    return reports_on(await client.read([topics.ACCEPTED, topics.TICKETS]))


def reports_on(records: Iterable[Record]) -> list[LabelledReport]:
    """Return the accepted complaints among *records*, in their order, and who has or had them."""
    ended = map(project, tickets_on(records))
    return [LabelledReport(one.accepted, one.agency) for one in ended if one.accepted is not None]


def tickets_on(records: Iterable[Record]) -> list[list[Event]]:
    """Return the events of *records* that can be read, ticket by ticket."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events_in(records):
        found[getattr(event.data, "ticket_id", "")].append(event)
    return list(found.values())
