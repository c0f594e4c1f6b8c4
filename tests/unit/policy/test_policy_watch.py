import os
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared.policy.loading import PolicyModel, load, version_of
from shared.policy.watch import PolicyWatch

pytestmark = pytest.mark.unit

FILE = "limits.yaml"


class Limits(PolicyModel):
    most: int


def read(directory: Path) -> int:
    most = load(directory / FILE, Limits).most
    if most == 13:
        raise ZeroDivisionError
    return most


class City:
    """A directory with one file, and a service that has the policy of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.write("most: 1\n")
        self.taken: list[int] = []
        self.watch = PolicyWatch("sla", directory, read)

    def write(self, text: str, file: str = FILE) -> None:
        (self.directory / file).write_text(text)

    async def look(self, times: int = 2) -> None:
        for _ in range(times):
            assert await self.watch.look(self.taken.append) == 0

    @property
    def is_broken(self) -> bool:
        return REGISTRY.get_sample_value("tindak_policy_broken", {"service": "sla"}) == 1


@pytest.fixture
def city(tmp_path: Path) -> City:
    return City(tmp_path)


async def test_without_changes_the_policy_of_the_start_is_in_force(city: City) -> None:
    await city.look(5)

    assert (city.watch.policy, city.taken) == (1, [])
    assert city.watch.remark() == f"{version_of(city.directory)} holds"


async def test_a_change_is_in_force_once_two_looks_find_the_same_files(city: City) -> None:
    city.write("most: 22\n")
    await city.look(1)
    assert city.taken == []

    await city.look(1)

    assert (city.watch.policy, city.taken) == (22, [22])
    assert city.watch.version == version_of(city.directory)


async def test_files_that_are_still_being_written_are_not_loaded(city: City) -> None:
    city.write("most: 22\n")
    await city.look(1)
    city.write("most: 333\n")
    await city.look(1)
    assert city.taken == []

    await city.look(1)

    assert city.taken == [333]


async def test_a_file_that_is_added_counts_as_a_change(city: City) -> None:
    city.write("most: 5\n", "more.yaml")

    await city.look()

    assert city.taken == [1]


async def test_files_rewritten_with_the_same_content_are_no_change(city: City) -> None:
    with capture_logs() as logs:
        os.utime(city.directory / FILE, ns=(1, 1))
        await city.look(3)

    assert (city.taken, logs) == ([], [])


async def test_a_broken_file_keeps_the_old_policy_and_is_reported_once_with_its_line(city: City) -> None:
    old = city.watch.version
    city.write("most: few\nleast: 2\n")

    with capture_logs() as logs:
        await city.look(6)

    place = city.directory / FILE
    faults = [f"{place}:1: `most` must be a valid integer, not `few`", f"{place}:2: `least` is not a known field"]
    assert (city.watch.policy, city.taken, city.is_broken) == (1, [], True)
    assert city.watch.remark() == f"{old} holds; the files are broken: {faults[0]} (and 1 more)"
    assert logs == [
        {"event": "policy broken", "log_level": "warning", "holds": old, "faults": faults, "faults_total": 2}
    ]


async def test_a_failing_loader_keeps_the_old_policy_too(city: City) -> None:
    city.write("most: 13\n")

    await city.look()

    assert (city.watch.policy, city.is_broken) == (1, True)
    assert "ZeroDivisionError at" in city.watch.remark()


async def test_a_missing_directory_keeps_the_old_policy(city: City) -> None:
    (city.directory / FILE).unlink()

    await city.look()

    assert (city.watch.policy, city.is_broken) == (1, True)
    assert "the file cannot be read" in city.watch.remark()


@pytest.mark.parametrize(("text", "taken"), [("most: 1\n", []), ("most: 2\n", [2])])
async def test_a_file_that_is_put_right_is_sound_again(city: City, text: str, taken: list[int]) -> None:
    city.write("most: few\n")
    await city.look()

    city.write(text)
    await city.look()

    assert (city.taken, city.is_broken) == (taken, False)
    assert city.watch.remark() == f"{version_of(city.directory)} holds"
