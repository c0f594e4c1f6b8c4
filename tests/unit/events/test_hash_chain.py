import hashlib

import pytest

from shared.events import CHAIN_START, link_hash

pytestmark = pytest.mark.unit

OPENER = {"role": "service", "code": "notify"}
FIELDS = {"previous": CHAIN_START, "sequence": 1, "by": OPENER, "ticket_id": "é", "hash": "x"}
CANONICAL = '{"by":{"code":"notify","role":"service"},"sequence":1,"ticket_id":"é"}'


def test_the_hash_is_that_of_the_one_before_and_the_canonical_json_of_the_rest() -> None:
    assert link_hash(FIELDS) == hashlib.sha256((CHAIN_START + CANONICAL).encode()).hexdigest()


@pytest.mark.parametrize("changed", [{"sequence": 2}, {"previous": "1" * 64}, {"ticket_id": "e"}, {"more": 1}])
def test_whatever_changes_changes_the_hash(changed: dict[str, object]) -> None:
    assert link_hash(FIELDS | changed) != link_hash(FIELDS)


def test_what_a_fact_says_of_its_own_hash_and_the_order_of_its_fields_do_not_matter() -> None:
    assert link_hash(dict(reversed(FIELDS.items())) | {"hash": "y"}) == link_hash(FIELDS)
