"""Reads reports and the agency that had each in the end, from a CSV file or from the topics."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from shared import topics
from shared.delivery.ports import Record
from shared.events import ComplaintAccepted, ComplaintSubmitted, Event
from shared.policy.agencies import AgencyDirectory
from tindak.client.kafka import Client
from tindak.client.records import event_of
from tindak.console import Failure
from tindak.tickets.projection import project

# What columns are called, ours and in exports of LAPOR!; the first that is there counts.
NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "body", "isi laporan", "isi laporan awal", "isi aduan", "isi", "laporan", "aduan", "uraian"),
    "agency": ("agency", "instansi", "instansi terdisposisi", "disposisi", "instansi tujuan", "opd", "skpd"),
    "title": ("title", "judul laporan", "judul"),
    "category": ("category", "kategori", "topik"),
    "kelurahan": ("kelurahan", "kelurahan/desa", "desa"),
    "kecamatan": ("kecamatan",),
    "place": ("place", "address", "alamat", "lokasi", "lokasi kejadian"),
}
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


def read_csv(path: Path, columns: Mapping[str, str | None], directory: AgencyDirectory) -> list[LabelledReport]:
    """Return the reports of a CSV file with a header.

    Args:
        path: UTF-8.
        columns: By field of `NAMES`, the column to take in place of the usual ones.
        directory: Agencies may be named by code, short name or official name.

    Raises:
        Failure: It cannot be read, lacks text or agency, or a line is no report.
    """
    codes = codes_of(directory)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file)
            found = _columns_of(path, lines.fieldnames or (), columns)
            return [_report_of(number, line, found, codes, path) for number, line in enumerate(lines, 1)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Failure(f"{path} cannot be read as CSV: {error}.") from error


def _columns_of(path: Path, header: Sequence[str], chosen: Mapping[str, str | None]) -> dict[str, str]:
    """Return the column of each field that the file has; raise Failure where text or agency has none."""
    there = {" ".join(name.lower().split()): name for name in header if name}
    found: dict[str, str] = {}
    for field, usual in NAMES.items():
        wanted = chosen.get(field)
        column = next((there[name] for name in ((wanted.lower(),) if wanted else usual) if name in there), None)
        if column is not None:
            found[field] = column
        elif wanted or field in ("text", "agency"):
            known = ", ".join(f"`{name}`" for name in header)
            raise Failure(
                f"{path} has no column `{wanted or field}`; it has {known or 'none'}. Name it: --{field} COL."
            )
    return found


def _report_of(
    number: int, line: Mapping[str, str | None], columns: Mapping[str, str], codes: Mapping[str, str], path: Path
) -> LabelledReport:
    """Return the report of a line; raise Failure if it is none."""
    given = {field: text for field, column in columns.items() if (text := (line[column] or "").strip())}
    place = {"text": given.get("place"), "kelurahan": given.get("kelurahan"), "kecamatan": given.get("kecamatan")}
    label = given.get("agency")
    try:
        report = ComplaintSubmitted(
            channel="web", source_id=f"{path.name[:100]}#{number}"[-SOURCE_ID_MAX:], submitted_at=CLOCK,
            title=given.get("title", "")[:200] or None, body=given.get("text", "")[:8000],
            category=given.get("category", "")[:200] or None,
            location={name: text[:100] for name, text in place.items() if text} or None,
        )  # fmt: skip
    except ValidationError as error:
        raise Failure(f"{path}, line {number + 1}: {error.errors(include_url=False)[0]['msg']}.") from error
    return LabelledReport(report, None if label is None else codes.get(key(label), label))


def codes_of(directory: AgencyDirectory) -> dict[str, str]:
    """Return the code of each agency by everything that it may be called."""
    return {key(name): one.code for one in directory.agencies for name in (one.name, one.short, one.code)}


def key(name: str) -> str:
    """Return a name as it is compared."""
    return " ".join(name.lower().replace("_", " ").split())


async def read_topics(client: Client) -> list[LabelledReport]:
    """Return the accepted complaints of the topics and who has or had them, in the order of their acceptance."""
    return reports_on(await client.read([topics.ACCEPTED, topics.TICKETS]))


def reports_on(records: Iterable[Record]) -> list[LabelledReport]:
    """Return the accepted complaints among *records*, in their order, and who has or had them."""
    ended = map(project, tickets_on(records))
    return [LabelledReport(one.accepted, one.agency) for one in ended if one.accepted is not None]


def tickets_on(records: Iterable[Record]) -> list[list[Event]]:
    """Return the events of *records* that can be read, ticket by ticket."""
    told: dict[str, list[Event]] = defaultdict(list)
    for record in records:
        event = event_of(record)
        if event is not None:
            told[getattr(event.data, "ticket_id", "")].append(event)
    return list(told.values())
