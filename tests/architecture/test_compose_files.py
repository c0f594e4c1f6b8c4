"""What the compose files say of every container: what it may do, how much it may take, and by whose name it speaks."""

from typing import Any

import pytest
import yaml

from shared.sealing_keys import TRIAL_KEY, as_text, public_of
from shared.topics import SERVICES
from tests.architecture.source import ROOT

pytestmark = pytest.mark.architecture

FILES = ("docker-compose.yml", "docker-compose.secure.yml")
# Which hands the parts of the volume over to their owners.
HANDS_OVER = "secure-credentials"


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["services"]
    return found


CONTAINERS = {name: container for file in FILES for name, container in read(file).items()}
SECURE = read("docker-compose.secure.yml")


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_is_read_only_without_powers_and_within_limits(name: str) -> None:
    container = CONTAINERS[name]

    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit"} <= container.keys()


def test_one_container_alone_keeps_any_power_and_it_has_no_network() -> None:
    assert {name for name, container in CONTAINERS.items() if "cap_add" in container} == {HANDS_OVER}
    assert CONTAINERS[HANDS_OVER]["network_mode"] == "none"


def test_nothing_of_the_trial_starts_with_the_profile_secure() -> None:
    assert {tuple(container["profiles"]) for container in SECURE.values()} == {("secure",)}
    assert {tuple(container["profiles"]) for container in read("docker-compose.yml").values()} == {("", "trial")}


def test_each_service_speaks_by_a_name_of_its_own_over_an_encrypted_connection() -> None:
    services = {service: SECURE[f"secure-{service}"] for service in SERVICES}

    for service, container in services.items():
        given = container["environment"]
        assert given["TINDAK_KAFKA_SASL_USERNAME"] == given["PRINCIPAL"] == service
        assert given["TINDAK_PROFILE"] == "cluster"
        assert (given["TINDAK_KAFKA_SECURITY_PROTOCOL"], given["TINDAK_KAFKA_SASL_MECHANISM"]) == (
            "SASL_SSL", "SCRAM-SHA-512",
        )  # fmt: skip
        assert "tls=true" in given["TINDAK_MONGO_URI"]
    assert len({container["user"] for container in services.values()}) == len(SERVICES)


def test_each_container_runs_as_the_user_to_whom_its_secrets_are_handed_over() -> None:
    owners = dict(
        option.removeprefix("--owner=").split("=")
        for option in SECURE[HANDS_OVER]["command"]
        if option.startswith("--owner=")
    )

    runs_as = {name.removeprefix("secure-"): container.get("user") for name, container in SECURE.items()}
    image = {"admin": "10001:10001"}  # the image's own user
    for name, owner in owners.items():
        assert (runs_as[name.removeprefix("secure-")] or image[name]) == f"{owner}:{owner}"
    assert len(set(owners.values())) == len(owners) - 2  # three brokers alike


def test_the_keys_of_the_trial_are_those_that_the_cluster_profile_refuses() -> None:
    trial, secure = ((ROOT / file).read_text(encoding="utf-8") for file in FILES)

    for key in (as_text({"trial": TRIAL_KEY}), as_text({"trial": public_of(TRIAL_KEY)})):
        assert key in trial
        assert key not in secure
