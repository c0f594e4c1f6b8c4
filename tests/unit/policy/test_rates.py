import shutil
from pathlib import Path

import pytest

from shared import topics
from shared.fairness.rates import UNLIMITED, Limits, Rate
from shared.policy.loading import PolicyInvalid
from shared.policy.rates import load_rates

pytestmark = pytest.mark.policy

SHIPPED = Path(__file__).parents[3] / "policy"
HELD = """version: 1
submissions:
  guaranteed_per_minute: 600
  per_minute: 6000
  burst: 500
  senders:
    - {sender: channel-web, per_minute: 60000, burst: 9000}
updates:
  per_minute: 1200
  burst: 100
  senders:
    - {sender: officers, per_minute: 300, burst: 30}
    - {sender: agency-dlh, per_minute: 200, burst: 20}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    copy = shutil.copytree(SHIPPED, tmp_path / "policy")
    (copy / "rates.yaml").write_text(HELD)
    return copy


def test_each_sender_has_its_own_rate_or_that_of_all_others(policy: Path) -> None:
    rates, guaranteed = load_rates(policy), Rate(600, 10)

    assert rates.of(topics.submitted_topic("web")) == Limits(Rate(60_000, 9_000), guaranteed)
    assert rates.of(topics.submitted_topic("partner_new")) == Limits(Rate(6_000, 500), guaranteed)
    assert rates.of(topics.updates_topic("officers")) == Limits(Rate(300, 30))
    assert rates.of(topics.updates_topic("agency-dlh")) == Limits(Rate(200, 20))
    assert rates.of(topics.updates_topic("channel-web")) == Limits(Rate(1_200, 100))


@pytest.mark.parametrize("topic", [topics.ACCEPTED, topics.SLA, topics.replay_topic("intake"), topics.SUBMITTED])
def test_what_no_single_outsider_writes_has_no_rate(policy: Path, topic: str) -> None:
    assert load_rates(policy).of(topic) == UNLIMITED


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("channel-web", "channel-wep", 7, "sender `channel-wep` is not in the registries; did you mean `channel-web`?"),
        ("channel-web", "agency-dlh", 7, "sender `agency-dlh` is not in the registries"),
        ("agency-dlh", "officers", 13, "the rate of `officers` is given twice, first on line 12"),
        ("per_minute: 6000\n", "per_minute: 0\n", 4, "`per_minute` must be greater than 0, not `0`"),
        ("burst: 100\n", "bursts: 100\n", 8, "`burst` is missing"),
    ],
)
def test_a_fault_is_named_by_its_line(policy: Path, old: str, new: str, line: int, sentence: str) -> None:
    (policy / "rates.yaml").write_text(HELD.replace(old, new, 1))

    with pytest.raises(PolicyInvalid) as caught:
        load_rates(policy)

    assert (line, sentence) in [(fault.line, fault.sentence) for fault in caught.value.faults]


def test_the_shipped_rates_leave_room_for_all_that_the_services_can_do() -> None:
    rates = load_rates(SHIPPED)

    for code in ("web", "android", "ios", "whatsapp", "partner_kemensos"):
        limits = rates.of(topics.submitted_topic(code))
        assert limits.rate is not None
        assert limits.rate.per_minute >= 60_000
    assert rates.of(topics.submitted_topic("letter")).guaranteed == Rate(600, 10)
