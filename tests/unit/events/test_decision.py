import pytest

from shared.events import Applied, Decision, Ignored, Replayed, Untracked, state_after

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("before", [None, "before"])
@pytest.mark.parametrize(
    ("decision", "after"),
    [
        (Applied("after"), "after"),
        (Ignored("late", "after"), "after"),
        (Ignored("late"), "before"),
        (Untracked(()), "before"),
        (Replayed("1"), "before"),
    ],
)
def test_only_an_applied_event_or_a_remembered_one_changes_the_state(
    before: str | None, decision: Decision[str], after: str
) -> None:
    assert state_after(before, decision) == (before if after == "before" else after)
