"""What an officer may type as a reporter's contact."""

from typing import Any

import pytest

from shared.events import Locale, Reporter
from tindak.console import Misuse
from tindak.tickets.reporter import reporter_of

pytestmark = pytest.mark.unit


def test_what_is_not_given_is_not_held_any_more() -> None:
    assert reporter_of({"phone": "0812", "locale": Locale.ENGLISH, "name": None}) == Reporter(
        phone="0812", locale=Locale.ENGLISH
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"locale": Locale.ENGLISH}, "Give --name"),
        ({"name": "S\u202eiti"}, "--name is not valid"),
        ({"national_id": "1" * 41}, "--national-id is not valid"),
        ({"email": "siti di rumah"}, "--email is no e-mail address"),
    ],
)
def test_what_is_no_contact_is_refused_before_it_is_sealed_and_not_quoted(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Misuse, match=said) as refused:
        reporter_of(given)

    assert not [value for value in given.values() if str(value) in str(refused.value)]
