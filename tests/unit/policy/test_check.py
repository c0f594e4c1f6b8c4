import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tindak.cli import app_for, main
from tindak.console import Failure
from tindak.policy.check import check

pytestmark = pytest.mark.policy

UNREACHED = """  - code: uptd_new
    name: UPTD Baru
    short: UPTD
    email: uptd@tangsel.example
    head_email: kepala.uptd@tangsel.example
"""
SHIPPED = Path(__file__).parents[3] / "policy"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """Return a copy of the shipped policy that a test may spoil."""
    return shutil.copytree(SHIPPED, tmp_path / "policy")


def spoil(file: Path, old: str, new: str) -> str:
    """Replace the first *old* in *file* by *new* and return the place as a fault names it."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    return f"{file}:{text.partition(old)[0].count(chr(10)) + 1}"


def faults(policy: Path) -> list[str]:
    return [str(fault) for fault in check(policy).faults]


def warnings(policy: Path) -> list[str]:
    found = check(policy)
    assert found.faults == ()
    return list(map(str, found.warnings))


def run(*arguments: str) -> Result:
    typed = ["policy", "check", *arguments]
    return CliRunner().invoke(app_for(typed), typed)


def test_each_unknown_reference_is_reported_with_file_line_and_nearest_name(policy: Path) -> None:
    rule = spoil(policy / "routing.yaml", "agency: dsdabmbk", "agency: dsdabmk")
    category = spoil(policy / "categories.yaml", "outside: electricity", "outside: electric")
    calendar = spoil(policy / "sla.yaml", "calendar: default", "calendar: defualt")
    event = spoil(policy / "notices.yaml", "on: tindak.ticket.routed.v1", "on: tindak.ticket.rooted.v1")
    role = spoil(policy / "notices.yaml", "to: [mayor]", "to: [major]")
    officer = spoil(policy / "officers.yaml", "agencies: [dishub,", "agencies: [dishup,")
    name = spoil(policy / "notices" / "closed.id.j2", "{{ tracking_id }}", "{{ tracking_i }}")
    district = spoil(policy / "agencies.yaml", "kecamatan: Setu", "kecamatan: Seti")
    office = spoil(policy / "places.yaml", "  - name: Setu", "  - name: Setu")

    told = run(str(policy))

    assert told.exit_code == 1
    assert sorted(told.stdout.splitlines()) == sorted(
        [
            f"{rule}: agency `dsdabmk` is not in agencies.yaml; did you mean `dsdabmbk`?",
            f"{category}: reason `electric` is not in outside_reasons; did you mean `electricity`?",
            f"{calendar}: calendar `defualt` is not in calendars.yaml; did you mean `default`?",
            f"{event}: event `tindak.ticket.rooted.v1` is not in the events that notify hears;"
            " did you mean `tindak.ticket.routed.v1`?",
            f"{role}: role `major` is not in agencies.yaml; did you mean `mayor`?",
            f"{officer}: agency `dishup` is not in agencies.yaml; did you mean `dishub`?",
            f"{name}: `tracking_i` is nothing that a template is given; did you mean `tracking_id`?",
            f"{district}: kecamatan `Seti` is not in places.yaml; did you mean `Setu`?",
            f"{office}: kecamatan `Setu` has no office in agencies.yaml",
        ]
    )


def test_unread_files_and_broken_texts_are_reported(policy: Path) -> None:
    texts = policy / "notices"
    (policy / "rooting.yaml").write_text("version: 1\n")
    (texts / "clsoed.id.j2").write_text("Halo\n\nHalo\n")
    (texts / "closed.id.j2").write_text("Laporan selesai\nTerima kasih.\n")
    (texts / "merged.id.j2").write_text("Laporan selesai\n\nNilai {{ rating + 1 }}.\n")
    (texts / "archived.id.j2").write_text("Laporan {{ tracking_id }}\n\nNilai: {{ rating }}, alasan: {{ reason }}.\n")
    (texts / "withdrawn.id.j2").write_text("{% if rating %}Selesai{% endif %}\n\nTerima kasih.\n")

    told = faults(policy)

    failing = next(fault for fault in told if "merged" in fault)
    assert failing.startswith(f"{texts / 'merged.id.j2'}:1: this text cannot be rendered: ")
    assert sorted(told) == sorted(
        [
            f"{policy / 'rooting.yaml'}:1: file `rooting.yaml` is not in what the services read;"
            " did you mean `routing.yaml`?",
            f"{texts / 'clsoed.id.j2'}:1: no notice of notices.yaml uses this text",
            f"{texts / 'closed.id.j2'}:2: the line below the subject must be empty",
            failing,
            f"{texts / 'archived.id.j2'}:1: this text says `None` where something is not told;"
            " that may be so for `rating`",
            f"{texts / 'withdrawn.id.j2'}:1: subject or text is empty",
        ]
    )


def test_an_escalation_without_a_notice_is_a_fault_of_its_ladder(policy: Path) -> None:
    spoil(policy / "notices.yaml", "to: [mayor]", "to: [regional_secretary]")
    lines = (policy / "sla.yaml").read_text().splitlines()

    told = faults(policy)

    rungs = [number for number, line in enumerate(lines, 1) if "responsible: mayor" in line]
    assert told == [
        f"{policy / 'sla.yaml'}:{line}: no notice of notices.yaml tells `mayor` of level 4" for line in rungs
    ]
    assert len(told) == 2


def test_a_file_that_cannot_be_used_does_not_hide_the_faults_of_the_others(policy: Path) -> None:
    margin = spoil(policy / "routing.yaml", "margin: 1", "margin: one")
    (policy / "places.yaml").write_text("city: [\n")

    told = faults(policy)

    assert told == [
        f"{policy / 'places.yaml'}:2: this is not YAML: did not find expected node content",
        f"{margin}: `margin` must be a valid integer, not `one`",
    ]


def test_a_sound_policy_is_one_line_with_counts_and_version(policy: Path) -> None:
    told = run(str(policy))

    assert told.exit_code == 0
    assert told.stdout.count("\n") == 1
    assert told.stdout.startswith(f"Policy {check(policy).version} is sound: 39 agencies, 7 kecamatan, 54 kelurahan, ")


def test_json_holds_version_counts_and_faults(policy: Path) -> None:
    spoil(policy / "places.yaml", "city:", "town:")

    told = json.loads(run(str(policy), "--json").stdout)

    file = str(policy / "places.yaml")
    assert told == {
        "version": check(policy).version,
        "counts": {},
        "faults": [
            {"file": file, "line": 1, "sentence": "`city` is missing"},
            {"file": file, "line": 4, "sentence": "`town` is not a known field"},
        ],
        "warnings": [],
    }


REMOVED = (
    'removed: []  # - {date: "2026-12-24", name: cuti bersama dibatalkan (SKB ...)}',
    'removed: [{date: "2026-12-25", name: Natal}, {date: "2026-12-23", name: cuti bersama dibatalkan}]',
)


def test_a_removed_date_that_is_no_holiday_is_a_warning(policy: Path) -> None:
    line = spoil(policy / "calendars.yaml", *REMOVED)

    assert warnings(policy) == [f"{line}: 2026-12-23 is no holiday of `default` that could be removed"]


def test_an_agency_that_nothing_routes_to_is_a_warning(policy: Path) -> None:
    code = spoil(policy / "agencies.yaml", "  - code: dishub\n", UNREACHED + "  - code: dishub\n")

    assert warnings(policy) == [
        f"{code}: no rule of routing.yaml and no category of categories.yaml routes to `uptd_new`"
    ]


def test_a_district_office_is_reached_only_where_a_rule_or_a_category_names_the_district(policy: Path) -> None:
    for file in ("routing.yaml", "categories.yaml"):
        text = (policy / file).read_text("utf-8")
        (policy / file).write_text(text.replace("agency: kecamatan", "agency: dlh"), "utf-8")

    unreached = {warning.rpartition(" ")[2] for warning in warnings(policy)}

    assert unreached == {
        f"`kec_{name}`"
        for name in ("ciputat", "ciputat_timur", "pamulang", "pondok_aren", "serpong", "serpong_utara", "setu")
    }


def test_a_phrase_that_its_own_exception_cancels_is_a_warning(policy: Path) -> None:
    rules = (
        ("kw-same", "[lampu merah, pju]", "[lampu merah]"),
        ("kw-part", "[tiang lampu merah, pju]", "[lampu merah]"),
        ("kw-spelled", "[bangjo, pju]", "[lampu merah]"),
        ("kw-shorter", "[lampu, pju]", "[lampu merah]"),
        ("kw-reversed", "[merah lampu, pju]", "[lampu merah]"),
    )
    text = "".join(
        f"  - {{id: {name}, agency: dishub, weight: 3, any: {phrases}, none: {exceptions}}}\n"
        for name, phrases, exceptions in rules
    )
    file, _, line = spoil(policy / "routing.yaml", "\nrules:\n", f"\nrules:\n{text}").rpartition(":")

    assert warnings(policy) == [
        f"{file}:{int(line) + number}: `{phrase}` never counts for `{rule}`: its exception `lampu merah` occurs"
        " wherever it does"
        for number, rule, phrase in (
            (2, "kw-same", "lampu merah"), (3, "kw-part", "tiang lampu merah"), (4, "kw-spelled", "bangjo")
        )
    ]  # fmt: skip


def test_warnings_leave_a_policy_sound_and_only_strict_refuses_it(policy: Path) -> None:
    line = spoil(policy / "calendars.yaml", *REMOVED)
    sentence = "2026-12-23 is no holiday of `default` that could be removed"
    file, _, number = line.rpartition(":")

    plain, strict, as_json = run(str(policy)), run(str(policy), "--strict"), run(str(policy), "--json")

    assert (plain.exit_code, strict.exit_code, as_json.exit_code) == (0, 1, 0)
    (warning, sound), (same, refused) = plain.stdout.splitlines(), strict.stdout.splitlines()
    assert warning == same == f"{line}: warning: {sentence}"
    assert " is sound, with 1 warning: " in sound
    assert " is refused by --strict for 1 warning: " in refused
    assert json.loads(as_json.stdout)["warnings"] == [{"file": file, "line": int(number), "sentence": sentence}]


def test_the_shipped_policy_raises_no_warning() -> None:
    assert run(str(SHIPPED), "--strict").exit_code == 0


@pytest.mark.parametrize("broken_one", ["before", "after"])
def test_a_broken_policy_is_not_compared_and_its_faults_are_reported(
    policy: Path, broken_one: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = spoil(policy / "categories.yaml", "outside: electricity", "outside: electric")
    district = spoil(policy / "places.yaml", "- name: Setu", "- name: Seti")
    pair = (policy, SHIPPED) if broken_one == "before" else (SHIPPED, policy)

    code = main(["policy", "diff", *map(str, pair)])

    out, err = capsys.readouterr()
    assert (code, out) == (1, "")
    assert f"{reason}: reason `electric` is not in outside_reasons; did you mean `electricity`?" in err
    assert f"{district}: kecamatan `Seti` has no office in agencies.yaml" in err


def test_a_missing_directory_is_reported_in_one_sentence(tmp_path: Path) -> None:
    told = run(str(tmp_path / "nowhere"))

    assert isinstance(told.exception, Failure)
    assert "is no directory" in str(told.exception)


def test_a_short_text_that_takes_three_segments_is_a_fault_of_its_line(policy: Path) -> None:
    spoil(policy / "notices" / "merged.su.j2", "Ieu nomer tetep", "Ieu nomer " + "tetep " * 40)

    [told] = faults(policy)

    assert told.startswith(f"{policy / 'notices' / 'merged.su.j2'}:9: the short text takes 3 segments (")


def test_a_short_text_is_written_in_letters_that_a_text_message_has(policy: Path) -> None:
    spoil(policy / "notices" / "merged.jv.j2", "Nomer punika tetep", "ꦲ – “tetep”")

    assert faults(policy) == [f"{policy / 'notices' / 'merged.jv.j2'}:9: a text message has no `ꦲ`; GSM 03.38 lacks it"]


def test_what_reporters_read_in_another_language_than_their_own_is_a_warning(policy: Path) -> None:
    (policy / "notices" / "merged.su.j2").unlink()
    short = policy / "notices" / "merged.jv.j2"
    short.write_text(short.read_text().partition("{# sms #}")[0])

    found = check(policy)

    assert found.faults == ()
    assert [str(one) for one in found.warnings] == [
        f"{short}:1: there is no short text; a text message says the subject alone",
        f"{policy / 'notices' / 'merged.su.j2'}:1: there is no such text; reporters read the one in `id` instead",
    ]
