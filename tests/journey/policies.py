"""The city's policy with some of its files replaced by those of the demonstration, or by a test's own."""

import shutil
from pathlib import Path

from shared.policy.loading import OVERLAYS
from tests.servers.fleet import POLICY

NO_QUIET_HOURS = "sending.yaml"
CLOCKS_OF_SECONDS = "sla.yaml"
STAND_IN_GATEWAYS = ("gateways.yaml", "receipts.yaml")


def policy_with(folder: Path, *replaced: str) -> Path:
    """Return a copy of the policy below *folder* in which these files are the demonstration's."""
    copy = folder / "policy"
    shutil.copytree(POLICY, copy, ignore=shutil.ignore_patterns(OVERLAYS))
    for name in replaced:
        shutil.copy(POLICY / OVERLAYS / name, copy / name)
    return copy
