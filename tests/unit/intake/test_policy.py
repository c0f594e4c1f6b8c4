"""The shipped policy is read as it stands, and each slip of the pen is named with its line."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from services.intake.domain.non_reports import NonReportRules
from services.intake.domain.places import Place
from services.intake.domain.rules import Category, Limits
from services.intake.policy import load_intake
from shared.policy.loading import PolicyInvalid
from shared.policy.places import load_places
from shared.text import words_in

pytestmark = pytest.mark.unit

SHIPPED = Path(__file__).parents[3] / "policy"
RULES = load_intake(SHIPPED)
PLACES = load_places(SHIPPED)
KELURAHAN = [(place.kecamatan, place.kelurahan or "", place.aliases) for place in PLACES.kelurahan]


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A copy of the shipped policy."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "policy"))


def test_shipped_policy_names_its_channels_and_limits() -> None:
    assert RULES.channels == frozenset(
        {"web", "android", "ios", "sms_1708", "whatsapp", "x", "instagram", "email", "call_center", "walk_in", "letter"}
        | {"open311", "partner_kemensos", "partner_"}
    )
    assert RULES.limits == Limits(
        retention=timedelta(days=30), ahead=timedelta(hours=24), skew=timedelta(minutes=5), letters_min=3,
        description_words_min=5, title_length_max=80,
    )  # fmt: skip
    assert "dishub" in RULES.agencies


def test_city_has_54_kelurahan() -> None:
    assert len(KELURAHAN) == 54


@pytest.mark.parametrize(("kecamatan", "kelurahan", "aliases"), KELURAHAN)
def test_every_kelurahan_is_recognised_by_every_name(kecamatan: str, kelurahan: str, aliases: tuple[str, ...]) -> None:
    place = Place(kecamatan, kelurahan)

    for name in (kelurahan, *aliases):
        assert RULES.places.mentioned(f"lampu mati di kel. {name.upper()}, tolong") == place
        named = RULES.places.named(name)
        assert named is not None
        assert named.kelurahan == place


@pytest.mark.parametrize("kecamatan", [place.kecamatan for place in PLACES.kecamatan])
def test_every_kecamatan_is_recognised(kecamatan: str) -> None:
    assert RULES.places.mentioned(f"lampu mati di kec. {kecamatan}") == Place(kecamatan)


@pytest.mark.parametrize(
    "text",
    ["air muncul dari got", "sawah kering", "perigi tua", "malam setu", "babakan baru", "pohon rengas", "sarua wae"],
)
def test_everyday_words_of_the_city_are_no_places(text: str) -> None:
    assert RULES.places.mentioned(text) is None


@pytest.mark.parametrize(
    ("given", "category"),
    [
        ("jalan_berlubang", Category("jalan_berlubang")),
        ("Jalan  Berlubang", Category("jalan_berlubang")),
        ("1397", Category("jalan_berlubang")),
        ("SERTIFIKAT TANAH", Category("sertifikat_tanah", personal=True)),
        ("perhubungan", Category("perhubungan")),
        ("BST", Category("corona_virus_bantuan_sosial_tunai_bst", personal=True)),
        ("Status Kepesertaan", None),
        ("ilmu hitam", None),
        ("", None),
        (None, None),
    ],
)
def test_category_is_known_by_code_and_lapor_name(given: str | None, category: Category | None) -> None:
    """`Status kepesertaan` stands in two branches that lead to different agencies, so it settles nothing."""
    assert RULES.category(given) == category


@pytest.mark.parametrize("text", ["anjing liar menggigit anak", "sampah dan bangkai babi", "jalan bodong"])
def test_words_that_a_report_may_need_are_no_insults(text: str) -> None:
    assert not RULES.insults.occur_in(text, words_in(text))


@pytest.mark.parametrize("text", ["dasar anjing", "pejabat g0blooook", "bangsat kalian"])
def test_insults_are_found(text: str) -> None:
    assert RULES.insults.occur_in(text, words_in(text))


def test_cut_cable_may_be_an_emergency() -> None:
    text = "kabel listrik putus menjuntai di depan sd"

    assert RULES.emergencies.occur_in(text, words_in(text))


def faults(policy: Path, file: str, old: str, new: str) -> list[str]:
    """Return what is found wrong, without the directory, after *old* was replaced in a file."""
    path = policy / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(PolicyInvalid) as invalid:
        load_intake(policy)
    return [str(fault).removeprefix(f"{policy}/") for fault in invalid.value.faults]


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("intake.yaml", "retention_days: 30", "retention_days: 0", "`retention_days` must be greater than 0, not `0`"),
        ("intake.yaml", "letters_min", "letter_min", "`letter_min` is not a known field; did you mean `letters_min`?"),
        ("intake.yaml", "[Muncul,", "[Munculan,",
         "place `Munculan` is not in places.yaml; did you mean `Muncul`?"),
        ("intake.yaml", "needs: [stops],", "needs: [stop],",
         "word list `stop` is not in `words` of `non_reports`; did you mean `stops`?"),
        ("intake.yaml", "kind: opt_out, needs: [stops]", "kind: optout, needs: [stops]",
         "`kind` must be 'status_question', 'dispute_of_closed', 'opt_out', 'opt_in', 'thanks' or 'spam',"
         " not `optout`"),
        ("intake.yaml", 'report_id: ["#id"]', 'report_id: ["#ids"]',
         "mark `#ids` is not in the comment at the head of `non_reports`; did you mean `#id`?"),
        ("intake.yaml", 'report_id: ["#id"]', 'report_id: ["#id", "!"]', "`!` holds no word"),
        ("intake.yaml", "    report_id: [", "    others: [a]\n    report_id: [",
         "the word list `others` is used by no rule"),
        ("channels.yaml", "code: ios", "code: android", "channel `android` is given twice, first on line 13"),
    ],
)  # fmt: skip
def test_slip_in_a_file_is_named_with_its_line(policy: Path, file: str, old: str, new: str, fault: str) -> None:
    line = next(n for n, text in enumerate((policy / file).read_text().splitlines(), start=1) if old in text)

    assert f"{file}:{line}: {fault}" in faults(policy, file, old, new)


def test_two_rules_of_one_name_are_named(policy: Path) -> None:
    (fault,) = faults(policy, "intake.yaml", "{id: offer,", "{id: stop,")

    assert "the rule `stop` is given twice, first on line " in fault


def test_policy_that_says_nothing_of_non_reports_takes_everything(policy: Path) -> None:
    path = policy / "intake.yaml"
    path.write_text(path.read_text().partition("non_reports:")[0])

    assert load_intake(policy).non_reports == NonReportRules()


def test_missing_file_is_named(policy: Path) -> None:
    (policy / "intake.yaml").unlink()

    with pytest.raises(PolicyInvalid, match=r"intake\.yaml:1: the file cannot be read"):
        load_intake(policy)
