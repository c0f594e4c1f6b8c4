from datetime import date
from typing import Any

import pytest

from services.routing.domain.ticket.state import Closed, PartKnown, ReporterView
from services.routing.domain.ticket.status_sentences import (
    ARCHIVED_BECAUSE,
    SENTENCES,
    STATES,
    Pair,
    sentences,
    state_words,
)
from shared.events import ArchiveReason, ClosedBy
from tests.builders import TRACKING
from tests.fakes.handler_harness import NOON
from tests.unit.routing.samples import SITUATIONS, ticket

pytestmark = pytest.mark.unit

AGENCY = "Dinas Perhubungan"
PARTS = (PartKnown("1"), PartKnown("2"))
SAID: dict[str, tuple[Pair, str]] = {
    "in_triage": (
        ("sedang ditelaah petugas", "looked at by an officer"),
        f"An officer is finding out which agency is responsible for report {TRACKING}.",
    ),
    "routed": (
        ("diteruskan ke instansi", "passed on to an agency"),
        f"Report {TRACKING} has been passed on to {AGENCY}.",
    ),
    "acknowledged": (("diterima instansi", "received by the agency"), f"{AGENCY} has received report {TRACKING}."),
    "in_progress": (("sedang ditangani", "being worked on"), f"{AGENCY} is working on report {TRACKING}."),
    "reopened": (("dibuka kembali", "open again"), f"Report {TRACKING} is open again, and {AGENCY} follows it up."),
    "held": (
        ("tertunda sementara", "waiting for a while"),
        f"Work of {AGENCY} on report {TRACKING} has to wait for a while.",
    ),
    "held_for_reporter": (
        ("menunggu keterangan Anda", "waiting for your reply"),
        f"{AGENCY} needs something from you for report {TRACKING}. Nomor tiang?",
    ),
    "answered": (
        ("sudah dijawab", "answered"),
        f"{AGENCY} has answered report {TRACKING}. Please tell us whether the matter is settled.",
    ),
    "closed_by_reporter": (("selesai", "closed"), f"Report {TRACKING} is closed, as you confirmed."),
    "closed_by_system": (
        ("selesai", "closed"),
        f"Report {TRACKING} has been answered and is closed, since we did not hear from you.",
    ),
    "archived": (
        ("diarsipkan", "archived"),
        f"We cannot work on report {TRACKING} and have put it into the archive.",
    ),
    "withdrawn": (
        ("ditarik kembali", "withdrawn"),
        f"Report {TRACKING} has been withdrawn and is not followed any further.",
    ),
    "split": (
        ("dibagi kepada beberapa instansi", "divided among several agencies"),
        f"Report {TRACKING} tells of several matters, and each part is dealt with by its own agency.",
    ),
}  # fmt: skip


def said(situation: str, reason: str | None = None, due_on: date | None = None, **about: Any) -> Pair:
    return sentences(ticket(**about), SITUATIONS[situation], AGENCY, reason, due_on)


@pytest.mark.parametrize("situation", SAID)
def test_each_situation_has_its_words_and_its_sentence(situation: str) -> None:
    words, in_english = SAID[situation]

    assert (state_words(SITUATIONS[situation]), said(situation)[1]) == (words, in_english)


def test_every_situation_is_in_the_table() -> None:
    assert SITUATIONS.keys() - SAID.keys() == {"archived_from_triage"}
    assert STATES.keys() <= {*SENTENCES, "closed"}


def test_a_part_is_named_by_its_number() -> None:
    assert f"report {TRACKING}/2." in said("in_progress", part=2)[1]


def test_a_divided_report_ends_with_its_parts() -> None:
    closed = Closed(None, ClosedBy.SYSTEM, NOON)

    told = sentences(ticket(parts=PARTS), closed, None, "all_parts_closed", None)

    assert told[1] == f"All parts of report {TRACKING} have come to their end, so it is closed."


@pytest.mark.parametrize("reason", [*ArchiveReason, "completion_window_expired"])
def test_every_reason_for_archiving_has_its_sentence(reason: str) -> None:
    for told, because in zip(said("archived", reason), ARCHIVED_BECAUSE[str(reason)], strict=True):
        assert told.endswith(f". {because}")


def test_a_matter_outside_the_citys_authority_is_told_with_the_reason() -> None:
    view = ReporterView(reason_id="Listrik urusan PLN.", reason_en="Power is PLN's.")

    in_indonesian, in_english = said("routed", view=view)

    assert in_indonesian.endswith(". Listrik urusan PLN.")
    assert in_english.endswith(". Power is PLN's.")


def test_who_is_asked_something_is_not_told_of_an_answer_that_is_due() -> None:
    assert said("held_for_reporter", due_on=date(2026, 8, 3)) == said("held_for_reporter")


def test_the_date_by_which_an_answer_is_due_is_told_in_words() -> None:
    in_indonesian, in_english = said("acknowledged", due_on=date(2026, 8, 3))

    assert in_indonesian.endswith(" Jawaban paling lambat 3 Agustus 2026.")
    assert in_english.endswith(" An answer is due by 3 August 2026.")
