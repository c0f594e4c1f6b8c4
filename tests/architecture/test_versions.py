"""One version of every server, wherever it is named; and lock files that hold for everybody."""

import re
import tomllib

import pytest

from shared.process.release import RELEASE
from tests.architecture.source import ROOT
from tests.servers.containers import KAFKA_IMAGE, MONGO_IMAGE
from tindak.stack.programs import kafka_version

pytestmark = pytest.mark.architecture

LOCKS = ("requirements.lock", "requirements-run.lock", "requirements-build.lock")
PIN = r"[\w.-]+==[\w.]+"
COMPOSE = "".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("docker-compose*.yml")))


def test_containers_and_the_local_stack_run_the_same_kafka() -> None:
    assert set(re.findall(r"apache/kafka:\S+", COMPOSE)) == {KAFKA_IMAGE, f"apache/kafka:{kafka_version()}"}


def test_the_compose_files_and_the_tests_run_the_same_mongodb() -> None:
    assert set(re.findall(r"mongo:[\d.]+(?=\n)", COMPOSE)) == {MONGO_IMAGE}


def test_the_release_in_the_code_is_that_of_the_package() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == RELEASE


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_pins_every_package_by_version_and_hash_and_names_no_server(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", "")

    pinned = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert pinned
    assert [line for line in pinned if not re.fullmatch(rf"{PIN}( ; [^-]+)?( +--hash=sha256:\w{{64}})+", line)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_is_one_that_pip_takes_with_hashes(name: str) -> None:
    # pip-compile says so where it has left out a package that pip would then refuse.
    assert "WARNING" not in (ROOT / name).read_text(encoding="utf-8")


def test_the_embedded_servers_are_locked_for_linux_on_x86_64_alone() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    lock = (ROOT / LOCKS[0]).read_text(encoding="utf-8")

    for requirement in extras["embedded"]:
        pin, _, marker = requirement.replace("'", '"').partition("; ")
        assert marker == 'sys_platform == "linux" and platform_machine == "x86_64"'
        assert f"\n{pin} ; {marker} \\\n" in lock


@pytest.mark.parametrize("name", LOCKS[1:])
def test_the_image_holds_no_package_that_is_not_locked_for_development_too(name: str) -> None:
    locked, everything = (
        set(re.findall(rf"^{PIN}", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))
        for lock in (name, LOCKS[0])
    )

    assert locked < everything


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_nothing_is_installed_but_by_hash_and_what_is_built_here(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for variable, value in re.findall(r"^(\w+) := (.*)$", text, re.MULTILINE):
        text = text.replace(f"$({variable})", value)

    installed = re.findall(r"^(?:\t|RUN ).*pip (?:install|wheel) (.*)$", text, re.MULTILINE)
    by_hash = [line for line in installed if "--require-hashes --only-binary :all: -r requirements" in line]
    built_here = [line for line in installed if re.search(r"--no-build-isolation|--no-index", line)]
    assert by_hash
    assert [line for line in installed if "--no-deps" not in line or line not in by_hash + built_here] == []
