from typing import Any

import jinja2
import pytest
from jinja2.sandbox import SecurityError

from services.notify.messages.templates import Templates, Text

pytestmark = pytest.mark.unit


def rendered(source: str, **values: Any) -> Text:
    return Templates({"t.id.j2": source, "end.id.j2": "Salam, {{ city }}"}).render("t", "id", values)


def test_the_first_line_is_the_subject_and_the_rest_the_body() -> None:
    text = rendered("Laporan {{ tracking_id }}\n\nHalo,\n\nkabar.\n", tracking_id="K7QF")

    assert text == Text("Laporan K7QF", "Halo,\n\nkabar.\n")


def test_a_file_may_include_another() -> None:
    assert rendered('S\n\nHalo\n{% include "end.id.j2" %}\n', city="Tangsel").body == "Halo\nSalam, Tangsel\n"


def test_a_value_cannot_add_a_header_or_a_line_to_the_subject() -> None:
    title = "Jalan\r\nBcc: semua@warga.example\r\n\r\nIsi palsu"

    text = rendered("Laporan {{ title }}\n\n{{ title }}\n", title=title)

    assert text.subject == "Laporan Jalan Bcc: semua@warga.example Isi palsu"
    assert text.body == title + "\n"


def test_a_long_subject_is_cut() -> None:
    assert len(rendered("{{ title }}\n\nx", title="a" * 300).subject) == 200


def test_the_short_text_stands_below_its_mark_and_in_no_other_text() -> None:
    texts = Templates({"t.id.j2": "S\n\nHalo\n{# sms #}\nLaporan {{ tracking_id }}\nada.\n"})

    assert texts.render("t", "id", {"tracking_id": "K7QF"}, "sms") == Text("S", "Laporan K7QF ada.")
    assert texts.render("t", "id", {"tracking_id": "K7QF"}, "whatsapp") == Text("S", "Halo\n")


def test_without_a_short_text_a_text_message_is_the_subject() -> None:
    texts = Templates({"t.id.j2": "Laporan {{ tracking_id }} “digabung”\n\nHalo\n"})

    assert texts.render("t", "id", {"tracking_id": "K7QF"}, "sms").body == 'Laporan K7QF "digabung"'


def test_a_name_that_only_the_layout_is_given_is_a_fault_elsewhere() -> None:
    texts = Templates({"layout.html.j2": "{{ paragraphs }}{{ title }}", "t.id.j2": "S\n\n{{ paragraphs }}"})

    assert [sentence for _, sentence in texts.faults("layout.html.j2")] == [
        "`title` is nothing that a template is given"
    ]
    assert len([*texts.faults("t.id.j2")]) == 1


def test_text_is_not_escaped() -> None:
    assert rendered("S\n\n{{ note }}", note='Jl. "A" & <B>').body == 'Jl. "A" & <B>\n'


def test_a_template_in_a_value_is_not_rendered() -> None:
    assert rendered("S\n\n{{ note }}", note="{{ 7 * 7 }}").body == "{{ 7 * 7 }}\n"


def test_an_unknown_value_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        rendered("S\n\n{{ anser }}")


@pytest.mark.parametrize("attack", ["{{ ''.__class__.__mro__ }}", "{{ missing.append('x') }}"])
def test_a_template_cannot_leave_its_sandbox(attack: str) -> None:
    with pytest.raises(SecurityError):
        rendered(f"S\n\n{attack}", missing=[])


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ("S {{ title }}\n\n{{ answer }}\n{% for item in missing %}{{ item }}{% endfor %}", []),
        ("S\n\n{{ answer }\n", [(3, "this is no template: unexpected '}'")]),
        ("S\n\n{{ answer | shout }}", [(3, "this is no template: No filter named 'shout'.")]),
        ("S\n\n{{ anser }}", [(3, "`anser` is nothing that a template is given; did you mean `answer`?")]),
        ('S\n\n{% include "x.j2" %}', [(1, "`x.j2` is included and does not exist")]),
    ],
    ids=["sound", "syntax", "filter", "name", "include"],
)  # fmt: skip
def test_a_faulty_template_is_reported_with_line_and_fault(source: str, faults: list[tuple[int, str]]) -> None:
    texts = Templates({"t.id.j2": source, "end.id.j2": "Salam"})

    assert list(texts.faults("t.id.j2")) == faults


def test_a_body_never_appears_in_logs() -> None:
    assert "rahasia" not in repr(Text("S", "rahasia"))
