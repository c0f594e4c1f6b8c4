"""What a run ran on: without it no figure means anything."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from pymongo import MongoClient

from tests.servers.fleet import ROOT
from tindak.stack.programs import kafka_version

LIBRARIES = ("tindak", "aiokafka", "motor", "pymongo", "faststream", "pydantic", "confluent-kafka", "uvloop")


def machine() -> dict[str, str]:
    """Return processor, cores, load and system."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "processor": model[1] if model else platform.processor(),
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
    }


def versions(mongo_uri: str) -> dict[str, str]:
    """Return the versions of everything that takes part; *mongo_uri* names the database that is asked for its own."""
    with MongoClient[dict[str, object]](mongo_uri) as client:
        mongod = str(client.server_info()["version"])
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    servers = {"python": platform.python_version(), "kafka": kafka_version(), "mongod": mongod}
    return {"commit": described or "-", **servers, **{name: version(name) for name in LIBRARIES}}
