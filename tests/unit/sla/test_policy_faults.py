"""Every way in which a policy of the clocks can be wrong is named by file, line and sentence."""

import shutil
from pathlib import Path

import pytest

from services.sla.policy import load_sla
from shared.policy.loading import PolicyInvalid

pytestmark = pytest.mark.unit

SHIPPED = Path(__file__).parents[3] / "policy"
FILES = ("agencies.yaml", "calendars.yaml", "sla.yaml")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped policy."""
    for name in FILES:
        shutil.copy(SHIPPED / name, tmp_path / name)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(policy_dir: Path) -> list[tuple[str, str, str]]:
    """Return file, line as it stands there, and sentence of every fault for which the policy is refused."""
    with pytest.raises(PolicyInvalid) as refusal:
        load_sla(policy_dir)
    lines = {str(policy_dir / name): (policy_dir / name).read_text(encoding="utf-8").splitlines() for name in FILES}
    return [
        (Path(fault.file).name, lines[fault.file][fault.line - 1], fault.sentence) for fault in refusal.value.faults
    ]


@pytest.mark.parametrize(
    ("old", "new", "line_of", "sentence"),
    [
        ("allowance: 3 working_days", "allowance: 3 wd", "3 wd", "`allowance`: `3 wd` is no amount such as"),
        ("    allowance: 3 working_days\n", "", "verify:", "needs either `allowance` or `allowance_by_class"),
        ("allowance: 5 working_days", "alowance: 5 working_days", "alowance", "did you mean `allowance`?"),
        ("[50, 80]", "[80, 50]", "verify:", "`warn_at_percent` must rise"),
        ("[50, 80]", "[50, 100]", "[50, 100]", "less than or equal to 99"),
        ("calendar: default", "calendar: defualt", "defualt", "calendar `defualt` is not in calendars.yaml; did"),
        ("ladder: coordinator", "ladder: coordinater", "coordinater", "ladder `coordinater` is not in `ladders` of"),
        ("    ladder: coordinator\n", "", "verify:", "`verify` needs a ladder"),
        ("warn_at_percent: [80]", "ladder: agency", "ladder: agency", "`feedback` needs no ladder"),
        ("responsible: mayor}", "responsible: major}", "major", "the role `major` is not in `officers` of agen"),
        ("copies: [agency_head]", "copies: [agency_hed]", "agency_hed", "the role `agency_hed` is not in"),
        ("{level: 2,", "{level: 4,", "{level: 4", "level 4 stands where level 2 belongs"),
        ("level: 1, resp", "level: 1, clocks: [resolve], resp", "level: 1", "level 1 is the breach itself"),
        ("after_breach: 1 working_days, ", "", "level: 2", "needs either `after_breach` or `after_start`"),
        ("after_breach: 3 w", "after_breach: 1 w", "level: 3", "level 3 must come later than level 2"),
        ("{hold: field_work", "{hold: needs_reporter", "5 working", "what `needs_reporter` pauses is said twice"),
        ("clocks: [respond, resolve]}", "clocks: [verify]}", "[verify]", "a hold cannot pause the clock `verify`"),
    ],
)
def test_a_fault_of_the_clocks_is_named(copy: Path, old: str, new: str, line_of: str, sentence: str) -> None:
    change(copy / "sla.yaml", old, new)

    found = faults(copy)

    assert {file for file, _, _ in found} == {"sla.yaml"}
    assert any(line_of in line and sentence in said for _, line, said in found), found


@pytest.mark.parametrize(
    ("old", "new", "line_of", "sentence"),
    [
        ('"07:30-12:00"', '"07:30-7:00"', "07:30-7:00", "`07:30-7:00` is no span of hours such as 07:30-12:00"),
        ('"07:30-12:00"', '"12:00-07:30"', "12:00-07:30", "12:00-07:30 ends before it begins"),
        ('"07:30-12:00"', '"07:30-07:30"', "07:30-07:30", "07:30-07:30 ends when it begins"),
        ('"07:30-12:00"', '"22:00-30:00"', "22:00-30:00", "22:00-30:00 ends after 24:00"),
        ('"07:30-12:00"', '"07:30-13:01"', "monday", "13:00-16:00 begins before 07:30-13:01 ends"),
        ('"07:30-12:00"', "730", "monday", "`730` is no span of hours"),
        ("zone: Asia/Jakarta", "zone: Asia/Jakata", "Jakata", "`Asia/Jakata` is no time zone such as Asia/Jakarta"),
        ("zone: Asia/Jakarta", "zone: Asia", "zone: Asia", "`Asia` is no time zone"),
        ("code: default", "code: ordinary", "calendars:", "there is no calendar `default`"),
        ('last: "2026-03-20"', 'last: "2026-02-01"', "2026-02-01", "2026-02-19 to 2026-02-01 ends before it begins"),
        ('last: "2025-03-30"', 'last: "2026-02-19"', "2026-03-20", "2026-02-19 begins before another ends on"),
        ("country: ID", "country: XX", "country: XX", "the package `holidays` says: Country XX not available"),
        ("[public, government]", "[publik]", "publik", "Category is not supported: publik"),
        ("added: []", 'added: [{date: "2026-13-01", name: X}]', "2026-13-01", "`date` must be a valid date"),
    ],
)
def test_a_fault_of_a_calendar_is_named(copy: Path, old: str, new: str, line_of: str, sentence: str) -> None:
    change(copy / "calendars.yaml", old, new)

    found = faults(copy)

    assert {file for file, _, _ in found} == {"calendars.yaml"}
    assert any(line_of in line and sentence in said for _, line, said in found), found


def test_a_calendar_that_is_given_twice_is_named(copy: Path) -> None:
    change(copy / "calendars.yaml", "code: around_the_clock", "code: default")

    assert ("calendars.yaml", "  - code: default", "calendar `default` is given twice") in faults(copy)


def test_a_date_with_two_meanings_is_named(copy: Path) -> None:
    change(copy / "calendars.yaml", "added: []", 'added: [{date: "2026-12-24", name: Pilkada}]')
    change(copy / "calendars.yaml", "removed: []", 'removed: [{date: "2026-12-24", name: SKB}]')

    assert [said for _, _, said in faults(copy)] == ["2026-12-24 stands under `removed` and before under `added`"]


EMPTY_WEEK = """
version: 1
calendars:
  - {code: default, name: Kantor, zone: Asia/Jakarta, hours: {}}
"""
ONE_YEAR_OFF = """
version: 1
calendars:
  - code: default
    name: Kantor
    zone: Asia/Jakarta
    hours: {monday: ["08:00-16:00"]}
    seasons:
      - {name: Renovasi, periods: [{first: "2027-01-01", last: "2028-06-30"}], hours: {}}
"""


@pytest.mark.parametrize(
    ("calendars", "sentence"),
    [
        (EMPTY_WEEK, "calendar `default` has no hours at all, so that its clocks would never run out"),
        (ONE_YEAR_OFF, "calendar `default` has no working day in 2027, so that its clocks would never run out"),
    ],
)
def test_a_calendar_on_which_nobody_works_is_impossible(copy: Path, calendars: str, sentence: str) -> None:
    (copy / "calendars.yaml").write_text(calendars, encoding="utf-8")
    (copy / "agencies.yaml").write_text(
        (copy / "agencies.yaml").read_text(encoding="utf-8").replace("around_the_clock", "default"), encoding="utf-8"
    )

    assert [(line.strip()[:6], said) for _, line, said in faults(copy)] == [
        ("- {cod" if calendars is EMPTY_WEEK else "hours:", sentence)
    ]


def test_an_agency_whose_calendar_there_is_not_is_named_in_its_own_file(copy: Path) -> None:
    change(copy / "agencies.yaml", "calendar: around_the_clock", "calendar: around_the_clok")

    assert faults(copy) == [
        (
            "agencies.yaml",
            "    calendar: around_the_clok",
            "calendar `around_the_clok` is not in calendars.yaml; did you mean `around_the_clock`?",
        )
    ]
