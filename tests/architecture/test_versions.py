"""One version of every server, wherever it is named; and lock files that hold for everybody."""

import re
import tomllib

import pytest

from shared.process.release import RELEASE
from tests.architecture.source import ROOT
from tests.servers.containers import KAFKA_IMAGE, MONGO_IMAGE
from tindak.stack.programs import kafka_version

pytestmark = pytest.mark.architecture

COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def test_containers_and_the_local_stack_run_the_same_kafka() -> None:
    assert set(re.findall(r"apache/kafka:\S+", COMPOSE)) == {KAFKA_IMAGE, f"apache/kafka:{kafka_version()}"}


def test_the_compose_file_and_the_tests_run_the_same_mongodb() -> None:
    assert set(re.findall(r"mongo:[\d.]+(?=\n)", COMPOSE)) == {MONGO_IMAGE}


def test_the_release_in_the_code_is_that_of_the_package() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == RELEASE


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-run.lock"])
def test_a_lock_file_pins_every_package_and_names_no_server(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()

    pinned = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert pinned
    assert [line for line in pinned if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


def test_the_image_holds_no_package_that_is_not_locked_for_development_too() -> None:
    run, everything = (
        set(re.findall(r"^[\w.-]+==[\w.]+$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements-run.lock", "requirements.lock")
    )

    assert run < everything
