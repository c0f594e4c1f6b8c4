"""Where an agency looks at a ticket, and whose date a due time has, as the policy says it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.routing.policy import RoutingFile, load_routing
from tests.unit.routing.samples import POLICY

pytestmark = pytest.mark.unit

SHIPPED = Path(__file__).parents[3] / "policy"
PLAIN: dict[str, Any] = {
    "version": 1, "requested": {"overruled_at": 3, "overruled_by": 2},
    "category": {"overruled_at": 5, "overruled_by": 4}, "keywords": {"threshold": 2, "margin": 1},
    "rules": [{"id": "kw-lamp", "agency": "dishub", "weight": 3, "any": ["lampu jalan"]}],
}  # fmt: skip


def test_the_shipped_policy_names_the_place_and_the_zone_of_the_city() -> None:
    policy = load_routing(SHIPPED)

    assert policy.link_to("K7QF-9D2MX-4Q") == "https://lapor.tangsel.example/t/K7QF-9D2MX-4Q"
    assert str(policy.zone) == "Asia/Jakarta"


def test_without_a_place_there_is_no_link() -> None:
    assert replace(POLICY, link=None).link_to("K7QF-9D2MX-4Q") is None


def test_link_and_zone_need_not_be_given() -> None:
    read = RoutingFile.model_validate(PLAIN)

    assert (read.link, read.zone) == (None, "Asia/Jakarta")


@pytest.mark.parametrize(
    "link", ["https://lapor.example/t/{tracking_id}", "https://lapor.example:8443/?ticket={tracking_id}&by=agency"]
)
def test_a_link_may_name_the_ticket_anywhere_behind_the_host(link: str) -> None:
    assert RoutingFile.model_validate(PLAIN | {"link": link}).link == link


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"link": "https://lapor.example/t"}, "has no place for the tracking id"),
        ({"link": "http://lapor.example/t/{tracking_id}"}, "is no link of https"),
        ({"link": "https://{tracking_id}.lapor.example/"}, "is no link of https"),
        ({"link": "https://lapor.example/{ticket_id}/{tracking_id}"}, "is no link of https"),
        ({"link": "https://lapor.example/{tracking_id}/{tracking_id}"}, "is no link of https"),
        ({"link": "https://lapor.example/a b/{tracking_id}"}, "is no link of https"),
        ({"zone": "Asia/Tangsel"}, "is no time zone such as Asia/Jakarta"),
    ],
)
def test_a_link_or_zone_that_cannot_be_used_is_found(given: dict[str, str], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        RoutingFile.model_validate(PLAIN | given)
