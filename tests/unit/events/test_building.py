"""Data is the same whichever way it is built, and hidden characters are found whatever is around them."""

import sys
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared import output
from shared.events import ClockMet, ClockStarted
from shared.events.base import HIDDEN, EventData, Text, Token
from tests.builders import accepted, submitted

pytestmark = pytest.mark.unit

MADE = (accepted(), submitted(), submitted(title=None))
EVERY_CHARACTER = [chr(code) for code in range(sys.maxunicode + 1)]


@pytest.mark.parametrize("data", MADE)
def test_data_built_of_fields_equals_data_that_is_called_for(data: EventData) -> None:
    fields = {name: getattr(data, name) for name in data.model_fields_set}
    built, called = type(data).of(fields), type(data)(**fields)

    assert built == called == data
    assert built.model_fields_set == called.model_fields_set


@pytest.mark.parametrize(("kind", "fields"), [(ClockStarted, {}), (ClockMet, {"clock": "lunch", "round": "one"})])
def test_fields_that_are_wrong_are_refused_either_way(kind: type[EventData], fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as built:
        kind.of(fields)
    with pytest.raises(ValidationError) as called:
        kind(**fields)

    assert built.value.errors() == called.value.errors()


def refused(kind: Any, text: str) -> bool:
    try:
        TypeAdapter(kind).validate_python(text)
    except ValidationError:
        return True
    return False


def test_nothing_that_is_hidden_can_be_printed() -> None:
    hidden = [each for each in EVERY_CHARACTER if HIDDEN.search(each) or output.HIDDEN.search(each)]

    assert hidden
    assert not any(map(str.isprintable, hidden))


@pytest.mark.parametrize("symbol", ["\x00", "\x1f", "\u202e", "\u2066"])
@pytest.mark.parametrize("around", ["", "Jalan rusak", "Jalan\nrusak"])
def test_a_hidden_character_is_refused_whatever_is_around_it(symbol: str, around: str) -> None:
    assert refused(Text, around + symbol + around)
    assert refused(Token, around + symbol + around)


@pytest.mark.parametrize("text", ["", "Jalan rusak", "Jalan\n\trusak", "é\u00a0😀", "soft\u00adhyphen"])
def test_what_only_a_token_may_not_hold_stays_in_a_text(text: str) -> None:
    assert not refused(Text, text)
    assert refused(Token, text) == bool(output.HIDDEN.search(text))
