"""Sensitive reports are recognised by words that stand near each other, whatever the policy's words are."""

import shutil
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.report import accepted
from services.intake.domain.sensitive.recognition import (
    TOKEN,
    Kind,
    Pattern,
    Recognised,
    SensitiveRules,
    Wish,
    Wishes,
    tokens_of,
)
from services.intake.domain.sensitive.verb_forms import deed, done, suffered
from services.intake.sensitive_policy import load_sensitive
from shared.policy.loading import PolicyInvalid
from shared.text import Folded, fold, words_in
from tests.builders import TICKET, submitted
from tests.conftest import POLICY as SHIPPED
from tests.unit.intake.city import arrival, rules

pytestmark = pytest.mark.unit

HIT = Pattern("child-hit", ("hit", "child"), within=4, unless=("game",), aside=2)
KEEP = Pattern("keep", ("secret",), within=1)
CITY = SensitiveRules(
    classes={
        ("dipukul",): frozenset({"hit"}), ("anak",): frozenset({"child"}), ("main", "bola"): frozenset({"game"}),
        ("rahasiakan",): frozenset({"secret"}), ("#", "kali"): frozenset({"hit"}),
    },
    idioms=frozenset({("dipukul", "rata"), ("anak", "tangga")}),
    kinds=(Kind("abuse", (HIT,)),),
    wishes=(Wish(KEEP, anonymous=True), Wish(KEEP, confidential=True)),
    spellings={("ank",): ("anak",)},
)  # fmt: skip


def kind(*texts: str) -> str | None:
    found, _ = CITY.read(*map(fold, texts))
    return found.kind if found else None


@pytest.mark.parametrize(
    "text",
    [
        "Anak dipukul", "dipukul anak itu", "anak itu sering dipukul", "ANAKNYA DIPUKULNYA", "ank dipukuuul",
        "an\u200bak d1pukul", "anak 2 kali", "anak 1.000 kali",
    ],
)  # fmt: skip
def test_words_of_every_class_near_each_other_are_recognised(text: str) -> None:
    assert kind(text) == "abuse"


@pytest.mark.parametrize(
    "text",
    [
        "anak", "dipukul", "anak satu dua tiga empat dipukul", "anak tangga dipukul", "dipukul rata buat anak",
        "anak main bola dipukul", "dipukul anak saat main bola", "Anak pulang. Dipukul",
    ],
)  # fmt: skip
def test_what_stands_apart_or_means_something_else_is_not(text: str) -> None:
    assert kind(text) is None


def test_what_rules_it_out_must_stand_near_as_well() -> None:
    assert kind("main bola satu dua anak dipukul") == "abuse"
    assert kind("main bola satu anak dipukul") is None


class Careful(SensitiveRules):
    """Looks at every text closely."""

    def _may_hold(self, placed: object) -> bool:
        return True


RULES = load_sensitive(SHIPPED)
CAREFUL = Careful(RULES.classes, RULES.idioms, RULES.kinds, RULES.wishes, RULES.spellings)
PHRASES = st.sampled_from(sorted({" ".join(phrase) for phrase in (*RULES.classes, *RULES.idioms)}))


@given(st.lists(PHRASES, max_size=12).map(" ".join).map(fold))
def test_a_look_at_the_classes_alone_misses_nothing(text: Folded) -> None:
    assert RULES.read(text) == CAREFUL.read(text)


WRITTEN = st.sampled_from([" ".join(phrase).replace("#", "1.5") for phrase in (*RULES.classes, *RULES.spellings)])
PIECES = st.tuples(WRITTEN, st.sampled_from([" ", " 2", ". ", "\n", "_", "2 ", "nya ", "\u200b ", "3.5", " é "]))


@given(st.lists(PIECES, max_size=8).map(lambda pieces: fold("".join(chain.from_iterable(pieces)))))
def test_a_look_at_single_words_misses_nothing(text: Folded) -> None:
    found = RULES.read(text)
    assert RULES.may_hold_among(words_in(text.text)) or found == (None, Wishes())


def test_each_phrase_that_is_enough_by_itself_tells_so_however_it_is_written() -> None:
    enough = {pattern.near[0] for kind in RULES.kinds for pattern in kind.patterns if len(set(pattern.near)) == 1}
    phrases = {phrase for phrase, names in RULES.classes.items() if names & enough}
    written = phrases | {other for other, usual in RULES.spellings.items() if usual in phrases}

    assert [phrase for phrase in written if not RULES.may_hold_among(phrase)] == []


@given(st.text(st.characters(max_codepoint=127)))
def test_tokens_of_ascii_are_those_of_any_text(text: str) -> None:
    assert tokens_of(text) == TOKEN.findall(text)


def test_title_and_body_are_read_together_and_no_phrase_reaches_across() -> None:
    assert kind("Anak", "dipukul") == "abuse"
    assert kind("Anak", "tangga dipukul") == "abuse"


def test_the_rule_and_the_words_are_told() -> None:
    recognised, _ = CITY.read(fold("Ank itu dipukul!"))

    assert recognised == Recognised("abuse", "child-hit", "anak itu dipukul")


def test_wishes_add_up() -> None:
    assert CITY.read(fold("Tolong rahasiakan"))[1] == Wishes(anonymous=True, confidential=True)
    assert CITY.read(fold("Tolong"))[1] == Wishes()


@pytest.mark.parametrize(
    ("root", "suffers", "does", "called"),
    [
        ("pukul", "dipukuli", "memukul", "pemukulan"),
        ("tampar", "ditampar", "menampar", "penamparan"),
        ("siksa", "disiksa", "menyiksa", "penyiksaan"),
        ("keroyok", "dikeroyokin", "ngeroyok", "pengeroyokan"),
        ("bunuh", "dibunuh", "membunuh", "pembunuhan"),
        ("culik", "diculik", "menculik", "penculikan"),
        ("aniaya", "dianiaya", "menganiaya", "penganiayaan"),
        ("leceh", "dilecehkan", "melecehkan", "pelecehan"),
        ("perkosa", "diperkosa", "memperkosa", "pemerkosaan"),
        ("gebuk", "digebukin", "gebukin", "gebukan"),
        ("bully", "dibully", "ngebully", "bullyan"),
    ],
)
def test_a_verb_is_known_in_the_forms_that_people_use(root: str, suffers: str, does: str, called: str) -> None:
    assert (suffers,) in set(suffered(root))
    assert (does,) in set(done(root))
    assert (called,) in set(deed(root))


def test_a_form_that_is_written_apart_is_known() -> None:
    assert {("di", "pukuli"), ("kena", "pukul")} <= set(suffered("pukul"))


@pytest.mark.parametrize(
    ("body", "anonymous", "confidential", "flags"),
    [
        ("Anak dipukul setiap hari di rumah sebelah", False, True, ("sensitive", "sensitive_abuse")),
        ("Lampu jalan mati di depan pasar, rahasiakan", True, True, ()),
        ("Lampu jalan mati di depan pasar sudah lama", False, False, ()),
    ],
)
def test_a_report_is_confidential_without_being_asked(
    body: str, anonymous: bool, confidential: bool, flags: tuple[str, ...]
) -> None:
    report = accepted(TICKET, submitted(title=None, body=body), arrival(), rules(sensitive=CITY))

    assert (report.anonymous, report.confidential, report.flags) == (anonymous, confidential, flags)


def test_what_a_reporter_chose_is_never_taken_back() -> None:
    report = accepted(TICKET, submitted(anonymous=True, confidential=True), arrival(), rules(sensitive=CITY))

    assert report.anonymous
    assert report.confidential


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("near: [suffers beat, child]", "near: [suffers beet, child]",
         "word class `suffers beet` is not in `words`, `acts` or `groups` of sensitive.yaml;"
         " did you mean `suffers beat`?"),
        ("unless: [talk, animals, things]", "unless: [talks, animals, things]",
         "word class `talks` is not in `words`, `acts` or `groups` of sensitive.yaml; did you mean `talk`?"),
        ("female: [child, woman]", "female: [child, women]",
         "word class `women` is not in `words`, `acts` or `groups` of sensitive.yaml; did you mean `woman`?"),
        ("id: child-rough", "id: child-beaten", "the rule `child-beaten` is given twice, first on line "),
        ("code: child_abuse", "code: suicide", "the kind `suicide` is given twice, first on line "),
        ("  minor_or_frail:", "  child:", "the word class `child` is given twice, first on line "),
        ("within: 9", "within: 0", "`within` must be greater than or equal to 1, not `0`"),
        ("sets: [confidential]", "sets: [secret]", "must be 'anonymous' or 'confidential', not `secret`"),
    ],
)  # fmt: skip
def test_each_slip_in_the_file_is_named_with_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "policy"))
    path = folder / "sensitive.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(PolicyInvalid) as invalid:
        load_sensitive(folder)

    assert any(fault in str(one) and str(one).startswith(f"{path}:") for one in invalid.value.faults)


def test_a_rule_that_can_never_hold_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "sensitive.yaml").write_text(
        "version: 1\nwithin: 5\nunless_within: 2\nacts: {beat: [pukul]}\nwords: {child: [anak]}\n"
        "kinds:\n  - {code: abuse, agency: dinsos, rules: [{id: empty}]}\n",
        encoding="utf-8",
    )

    with pytest.raises(PolicyInvalid, match="`empty` has neither `any` nor `near` and can never hold"):
        load_sensitive(tmp_path)
