import shutil
from dataclasses import MISSING, fields
from datetime import timedelta
from pathlib import Path

import pytest

from services.routing.domain.agency_choice.rules import (
    AgencyRule,
    Category,
    Condition,
    EarlyUpdates,
    KindRule,
    Officer,
    OfficerRole,
    OverridePolicy,
    PriorityRule,
    RoutingPolicy,
)
from services.routing.domain.duplicates.similarity import ClusterRules
from services.routing.policy import load_routing
from shared.events import Classification, Priority
from shared.policy.loading import PolicyInvalid
from tests.unit.routing.samples import phrases

pytestmark = pytest.mark.unit

SHIPPED = Path(__file__).parents[3] / "policy"
AGENCIES = """
officers: []
agencies:
  - {code: dishub, name: Dinas Perhubungan, short: Dishub, email: a@x.example, head_email: b@x.example}
  - {code: kec_setu, name: Kecamatan Setu, short: Setu, kecamatan: Setu, email: a@x.example, head_email: b@x.example}
  - {code: national_admin, name: Admin Nasional, short: Admin, email: a@x.example, head_email: b@x.example}
"""
ROUTING = """
version: 1
requested: {accept: true, overruled_at: 3, overruled_by: 2}
category: {accept: false, overruled_at: 5, overruled_by: 4}
keywords: {threshold: 2, margin: 1, suggestions_max: 4}
returns: {try_suggested: false, hops_max: 3}
disputes: {reopen_within_days: 7}
spellings:
  lampu: [lmpu]
  jalan: [jln, jl]
  kartu keluarga: [kk]
outside:
  - {id: out-pln, weight: 4, any: [PLN], reason_id: Urusan PLN., reason_en: It is PLN's.}
rules:
  - {id: kw-lamp, agency: dishub, weight: 3, any: ["lmpu jln"], all: [[mati, padam]], at: [jl raya], none: [pln]}
  - {id: kw-rt, agency: kecamatan, weight: 2, any: [ketua rt, kk]}
kinds:
  - {id: kind-ask, classification: information_request, any: [mau tanya]}
priority:
  - {id: pri-fire, level: emergency, any: [kebakaran]}
early_updates: {wait_hours: 36, remember_days: 3}
"""
CATEGORIES = """
outside_reasons:
  power: {id: Urusan PLN., en: It is PLN's.}
categories:
  - code: perhubungan
    name: PERHUBUNGAN
    aliases: ["940"]
    agency: dishub
    entries:
      - {code: listrik, name: LISTRIK, outside: power}
      - {code: pju, name: LAMPU JALAN, agency: dishub, classification: complaint}
      - {code: pju_lain, name: LAMPU JALAN, agency: kecamatan, classification: complaint}
      - {code: ktp, name: KTP, agency: dishub, personal: true}
"""
OFFICERS = """
version: 1
officers:
  - {code: triage, role: triage}
  - {code: desk, role: agency_officer, agencies: [dishub, kec_setu]}
"""

UNKNOWN_AGENCY = "is not in agencies.yaml; did you mean `dishub`?"
UNKNOWN_REASON = "is not in outside_reasons; did you mean `power`?"
NEEDS_PHRASES = "needs phrases in `any`, `at` or every group of `all`"
FOR_NOBODY = "the officer `desk` acts for no agency; name some in `agencies`"
TWO_WAYS = "has an agency and lies outside, too"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sensitive.yaml").write_text("kinds: [{code: violence, agency: dishub}]\n", encoding="utf-8")
    (tmp_path / "agencies.yaml").write_text(AGENCIES, encoding="utf-8")
    (tmp_path / "routing.yaml").write_text(ROUTING, encoding="utf-8")
    (tmp_path / "categories.yaml").write_text(CATEGORIES, encoding="utf-8")
    (tmp_path / "officers.yaml").write_text(OFFICERS, encoding="utf-8")
    for name in ("identities.yaml", "everyday_words.txt"):
        shutil.copy(SHIPPED / name, tmp_path)
    return tmp_path


def faults(folder: Path, file: str, old: str, new: str) -> list[str]:
    """Return what is wrong once *old* is replaced by *new*, each with its line."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PolicyInvalid) as caught:
        load_routing(folder)
    return [str(fault).removeprefix(f"{folder}/") for fault in caught.value.faults]


def test_rules_are_loaded_with_their_phrases_in_the_usual_form(folder: Path) -> None:
    policy = load_routing(folder)

    lamp = Condition(
        any=phrases("lampu jalan"), all=(phrases("mati", "padam"),), at=phrases("jalan raya"), none=phrases("pln")
    )
    assert policy.rulebook.rules == (
        AgencyRule("out-pln", Condition(any=phrases("pln")), "national_admin", 4, "Urusan PLN.", "It is PLN's."),
        AgencyRule("kw-lamp", lamp, "dishub", 3),
        AgencyRule("kw-rt", Condition(any=phrases("ketua rt", "kartu keluarga")), "kecamatan", 2),
        KindRule("kind-ask", Condition(any=phrases("mau tanya")), Classification.INFORMATION_REQUEST),
        PriorityRule("pri-fire", Condition(any=phrases("kebakaran")), Priority.EMERGENCY),
    )


def test_figures_and_names_are_taken_from_the_files(folder: Path) -> None:
    policy = load_routing(folder)

    assert policy.requested == OverridePolicy(True, 3, 2)
    assert policy.category == OverridePolicy(False, 5, 4)
    assert (policy.threshold, policy.margin, policy.suggestions_max) == (2, 1, 4)
    assert (policy.try_suggested, policy.hops_max) == (False, 3)
    assert policy.reopen_within == timedelta(days=7)
    assert policy.early_updates == EarlyUpdates(wait_for=timedelta(hours=36), remember_for=timedelta(days=3))
    assert policy.districts == {"Setu": "kec_setu"}
    assert policy.officers == {
        "triage": Officer(OfficerRole.TRIAGE),
        "desk": Officer(OfficerRole.AGENCY_OFFICER, frozenset({"dishub", "kec_setu"})),
    }
    assert list(policy.agencies) == ["dishub", "kec_setu", "national_admin"]
    assert len(policy.version) == 12


def test_categories_are_known_by_code_name_and_alias(folder: Path) -> None:
    categories = load_routing(folder).categories

    assert categories["perhubungan"] == categories["940"] == Category("perhubungan", "dishub")
    assert categories["listrik"] == Category("listrik", "national_admin", None, "Urusan PLN.", "It is PLN's.")


def test_a_name_of_two_categories_says_only_what_they_have_in_common(folder: Path) -> None:
    categories = load_routing(folder).categories

    assert categories["lampu jalan"] == Category("pju", None, Classification.COMPLAINT)
    assert categories["pju_lain"] == Category("pju_lain", "kecamatan", Classification.COMPLAINT)


def test_a_file_without_the_optional_sections_gets_their_defaults(folder: Path) -> None:
    (folder / "routing.yaml").write_text(
        "version: 1\n"
        "requested: {overruled_at: 3, overruled_by: 2}\n"
        "category: {overruled_at: 5, overruled_by: 4}\n"
        "keywords: {threshold: 2, margin: 1}\n"
        "rules:\n  - {id: kw-lamp, agency: dishub, weight: 3, any: [lampu]}\n",
        encoding="utf-8",
    )

    policy = load_routing(folder)

    assert (policy.requested.accept, policy.category.accept, policy.suggestions_max) == (True, True, 3)
    assert (policy.model_accept, policy.model_precision_min) == (True, 0.95)
    assert (policy.try_suggested, policy.hops_max, policy.reopen_within) == (True, 2, timedelta(days=14))
    assert policy.early_updates == EarlyUpdates(wait_for=timedelta(hours=24), remember_for=timedelta(days=7))
    assert policy.clusters == ClusterRules(
        accept=True,
        within=timedelta(days=21),
        near_metres=300,
        apart_metres_max=1000,
        members_max=500,
        alike_min=0.3,
        alike_elsewhere_min=0.75,
    )


@pytest.mark.parametrize("settings", [RoutingPolicy, OverridePolicy, EarlyUpdates, ClusterRules])
def test_a_setting_has_no_second_default_in_the_domain(settings: type) -> None:
    given = {one.name: one.default for one in fields(settings) if one.default is not MISSING}

    assert {name for name, value in given.items() if value != frozenset()} == set()


def test_a_changed_file_is_another_version(folder: Path) -> None:
    before = load_routing(folder).version
    (folder / "routing.yaml").write_text(ROUTING.replace("padam", "gelap"), encoding="utf-8")

    assert load_routing(folder).version != before


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("agency: dishub, w", "agency: dishu, w", f"routing.yaml:15: agency `dishu` {UNKNOWN_AGENCY}"),
        ("id: kw-rt", "id: out-pln", "routing.yaml:16: the rule `out-pln` is given twice, first on line 13"),
        ("any: [mau tanya]", "none: [x]", f"routing.yaml:18: the rule `kind-ask` {NEEDS_PHRASES}"),
        ("[[mati, padam]]", "[[]]", f"routing.yaml:15: the rule `kw-lamp` {NEEDS_PHRASES}"),
        ("[kebakaran]", "['--']", "routing.yaml:20: `--` must be 1 to 6 words"),
        ("[ketua rt, kk]", "[a b c d e f g]", "routing.yaml:16: `a b c d e f g` must be 1 to 6 words"),
        ("[[mati, padam]]", "[[mati], ['!']]", "routing.yaml:15: `!` must be 1 to 6 words"),
        ("lampu: [lmpu]", "lampu: ['?']", "routing.yaml:9: `lampu: ?` holds no word"),
        ("lampu: [lmpu]", "lampu: [jln]", "routing.yaml:10: `jln` is written for `lampu` and for `jalan`"),
        ("threshold: 2", "threshold: 0", "routing.yaml:5: `threshold` must be greater than or equal to 1, not `0`"),
        ("id: kw-rt", "name: kw-rt", "routing.yaml:16: `id` is missing"),
    ],
)
def test_every_fault_of_the_rules_has_its_line_and_sentence(folder: Path, old: str, new: str, fault: str) -> None:
    assert fault in faults(folder, "routing.yaml", old, new)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("outside: power", "outside: powr", f"categories.yaml:10: reason `powr` {UNKNOWN_REASON}"),
        ("code: ktp", "code: pju", "categories.yaml:13: the category `pju` is given twice, first on line 11"),
        ("dishub, personal", "dishup, personal", f"categories.yaml:13: agency `dishup` {UNKNOWN_AGENCY}"),
        ("outside: power", "outside: power, agency: dishub", f"categories.yaml:10: `listrik` {TWO_WAYS}"),
    ],
)
def test_every_fault_of_the_categories_has_its_line_and_sentence(folder: Path, old: str, new: str, fault: str) -> None:
    assert faults(folder, "categories.yaml", old, new) == [fault]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("dishub, kec_setu", "dishup, kec_setu", f"officers.yaml:5: agency `dishup` {UNKNOWN_AGENCY}"),
        ("code: desk", "code: triage", "officers.yaml:5: the officer `triage` is given twice, first on line 4"),
        ("role: triage", "role: mayor", "officers.yaml:4: `role` must be 'triage' or 'agency_officer', not `mayor`"),
        (", agencies: [dishub, kec_setu]", "", f"officers.yaml:5: {FOR_NOBODY}"),
        (
            "role: triage",
            "role: triage, privacy: perhaps",
            "officers.yaml:4: `privacy` must be a valid boolean, not `perhaps`",
        ),
        (
            "role: triage",
            "role: triage, privat: true",
            "officers.yaml:4: `privat` is not a known field; did you mean `privacy`?",
        ),
        (
            "dishub, kec_setu",
            "dishub, dishub",
            "officers.yaml:5: agency `dishub` of the officer `desk` is given twice, first on line 5",
        ),
        (
            "code: desk",
            "code: Siti Rahma",
            "officers.yaml:5: `code` does not have the form ^[a-z0-9][a-z0-9_]*$: `Siti Rahma`",
        ),
        ("code: desk", "name: desk", "officers.yaml:5: `code` is missing"),
    ],
)
def test_every_fault_of_the_officers_has_its_line_and_sentence(folder: Path, old: str, new: str, fault: str) -> None:
    assert fault in faults(folder, "officers.yaml", old, new)


def test_an_officer_who_answers_for_privacy_alone_needs_no_agency(folder: Path) -> None:
    path = folder / "officers.yaml"
    path.write_text(path.read_text().replace("agencies: [dishub, kec_setu]", "privacy: true"))

    assert load_routing(folder).officers["desk"] == Officer(OfficerRole.AGENCY_OFFICER, privacy=True)


def test_a_city_without_a_register_of_officers_is_refused(folder: Path) -> None:
    (folder / "officers.yaml").unlink()

    with pytest.raises(PolicyInvalid, match=r"officers\.yaml:1: the file cannot be read"):
        load_routing(folder)


def test_what_lies_outside_needs_somebody_to_go_to(folder: Path) -> None:
    found = faults(folder, "agencies.yaml", "code: national_admin", "code: pusat")

    assert found == ["routing.yaml:12: agency `national_admin` is not in agencies.yaml"]


def test_faults_of_both_files_are_reported_together(folder: Path) -> None:
    (folder / "categories.yaml").write_text(CATEGORIES.replace("code: ktp", "code: pju"), encoding="utf-8")

    found = faults(folder, "routing.yaml", "id: kw-rt", "id: out-pln")

    assert [fault.partition(":")[0] for fault in found] == ["categories.yaml", "routing.yaml"]


def test_the_shipped_policy_is_whole() -> None:
    policy = load_routing(SHIPPED)

    assert policy.category_of("JALAN BERLUBANG") is not None
    assert {rule.agency for rule in policy.rulebook.rules if isinstance(rule, AgencyRule)} - {"kecamatan"} <= set(
        policy.agencies
    )
