"""Every sentence that people read in both languages holds no word of the other one, no code twice, no raw seconds."""

import ast
import re
from collections.abc import Iterator

import pytest

from services.notify.mail import outcomes as mail_outcomes
from services.routing.domain.ticket import refusals, status_sentences
from shared.events.faults import SENTENCES
from tests.architecture.source import modules

pytestmark = pytest.mark.architecture

# Where the Indonesian sentence stands among the arguments; the English one follows.
POSITIONS = {"malformed": 0, "violation": 1, "Refusal": 1, "_unchanged": 0, "_body_reason": 1}
ENGLISH = re.compile(
    r"\b(?:or|and|the|is|are|was|not|of|must|least|most|than|with|has|have|this|that|be|one|for|from|by)\b",
    re.IGNORECASE,
)
INDONESIAN = re.compile(
    r"\b(?:atau|dan|yang|ini|tidak|bukan|sudah|harus|dari|untuk|paling|dengan|laporan)\b", re.IGNORECASE
)
SECONDS = re.compile(r"\b\d+(?:\.\d+)? ?(?:s|sec|seconds|detik)\b|\w*seconds?\w*\}?", re.IGNORECASE)
PLACEHOLDER = "{}"


def text_of(node: ast.expr) -> str | None:
    """Return what a literal says, with `{}` for what is put in; None if it is no literal."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(text_of(value) or PLACEHOLDER for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (text_of(left) or PLACEHOLDER) + (text_of(right) or PLACEHOLDER)
        case _:
            return None


def pairs_in(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        named = {keyword.arg: text_of(keyword.value) for keyword in node.keywords}
        if (in_id := named.get("message_id")) and (in_en := named.get("message_en")):
            yield in_id, in_en
        at = POSITIONS.get(getattr(node.func, "id", ""))
        if at is not None and len(node.args) > at + 1:
            found = [text_of(argument) for argument in node.args[at : at + 2]]
            if found[0] and found[1]:
                yield found[0], found[1]


def sentences() -> list[tuple[str, str]]:
    """Return every pair of sentences of services and shared code, Indonesian first."""
    product = [module for path, module in modules().items() if path.startswith(("services/", "shared/"))]
    told = (status_sentences.STATES, status_sentences.SENTENCES, status_sentences.ARCHIVED_BECAUSE)
    tables = (SENTENCES, refusals.STATES, mail_outcomes.SENTENCES, *told)
    return [
        *(pair for module in product for pair in pairs_in(module)),
        *(pair for one in tables for pair in one.values()),
    ]


def test_the_sentences_are_found() -> None:
    found = dict(sentences())

    assert len(found) >= 80
    assert "Isi laporan kosong." in found
    assert found["Pengirim ini tidak berhak mengirim pembaruan jenis ini."].startswith("This sender")


@pytest.mark.parametrize(("in_id", "in_en"), sentences())
def test_each_sentence_keeps_to_its_language(in_id: str, in_en: str) -> None:
    # JSON and field names are the same in every language.
    plain = re.sub(r"`[^`]*`|\{[^}]*\}|true atau false|true or false|\.\.\./1", "", in_id)

    assert ENGLISH.findall(plain) == []
    assert INDONESIAN.findall(re.sub(r"\{[^}]*\}", "", in_en)) == []
    assert in_id != in_en or not re.search(r"[a-z]", plain)


@pytest.mark.parametrize("sentence", [sentence for pair in sentences() for sentence in pair])
def test_no_sentence_holds_raw_seconds_or_begins_with_a_code(sentence: str) -> None:
    assert SECONDS.findall(sentence) == []
    assert re.match(r"[a-z]+(?:_[a-z]+)+: ", sentence) is None
