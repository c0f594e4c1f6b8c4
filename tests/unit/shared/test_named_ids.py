from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import named

pytestmark = pytest.mark.unit


@given(st.uuids(), st.text())
def test_a_name_gets_the_id_that_the_standard_gives_it(namespace: UUID, name: str) -> None:
    assert named(str(namespace), name.encode(errors="ignore").decode()) == str(
        uuid5(namespace, name.encode(errors="ignore").decode())
    )


@pytest.mark.parametrize("namespace", ["", "12", "x" * 36, "00" * 17])
def test_a_namespace_that_is_no_uuid_is_refused(namespace: str) -> None:
    with pytest.raises(ValueError, match=r"UUID|hex"):
        named(namespace, "name")
