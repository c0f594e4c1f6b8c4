"""The topics of a city, as its registries of agencies and channels say."""

from pathlib import Path

from shared.policy.agencies import load_agencies
from shared.policy.channels import load_channels
from shared.topics import Topic, catalogue


def load_topics(policy_dir: Path) -> tuple[Topic, ...]:
    """Return every topic of the city.

    Raises:
        PolicyInvalid: With every fault of the first registry that has any.
    """
    return catalogue(load_agencies(policy_dir).partitions, load_channels(policy_dir).partitions)
