"""The topics of a city, as its registries of agencies and channels say, and how long it keeps dead letters."""

from pathlib import Path

from shared.policy.agencies import load_agencies
from shared.policy.channels import load_channels
from shared.policy.retention import load_retention
from shared.topics import Topic, catalogue


def load_topics(policy_dir: Path) -> tuple[Topic, ...]:
    """Return every topic of the city.

    Raises:
        PolicyInvalid: With every fault of the first file that has any.
    """
    agencies, channels = load_agencies(policy_dir), load_channels(policy_dir)
    return catalogue(agencies.partitions, channels.partitions, load_retention(policy_dir).dead_letters.days)
