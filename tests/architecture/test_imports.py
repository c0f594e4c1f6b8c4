import ast
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, SERVICES, imports, modules, modules_imported, tracked

pytestmark = pytest.mark.architecture

DOMAINS = [path for path in modules() if path.startswith("services/") and "/domain" in path]


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("path", DOMAINS)
def test_a_domain_imports_only_the_standard_library_and_the_contract(path: str) -> None:
    own = ".".join(path.split("/")[:2]) + ".domain"
    # Arithmetic on many numbers at once is no I/O, and without numpy takes ten times as long.
    allowed = (
        "shared.events", "shared.identities", "shared.ids", "shared.mail_addresses", "shared.senders", "shared.text",
        "shared.topics", "shared.values", "shared.working_time", own, "numpy",
    )  # fmt: skip

    strangers = {
        name
        for name in imports(modules()[path])
        if name.split(".")[0] not in sys.stdlib_module_names and not any(within(name, one) for one in allowed)
    }

    assert strangers - {"shared"} == set()


@pytest.mark.parametrize("path", DOMAINS)
def test_a_domain_reads_no_clock_and_draws_nothing_at_random(path: str) -> None:
    forbidden = {"random", "secrets", "time", "asyncio", "os", "socket", "pathlib", "subprocess", "logging"}

    assert {name.split(".")[0] for name in imports(modules()[path])} & forbidden == set()


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_imports_another(service: str) -> None:
    others = [f"services.{other}" for other in SERVICES if other != service]

    guilty = {
        path: name
        for path, module in modules().items()
        if path.startswith(f"services/{service}/")
        for name in imports(module)
        if any(within(name, other) for other in others) or within(name, "tindak")
    }

    assert guilty == {}


def test_the_command_line_uses_services_through_their_tooling_only() -> None:
    guilty = {
        path: name
        for path, module in modules().items()
        if path.startswith("tindak/")
        for name in modules_imported(module)
        if within(name, "services") and not name.endswith(".tooling")
    }

    assert guilty == {}


@pytest.mark.parametrize(
    ("line", "modules"),
    [
        ("import shared.topics", {"shared.topics"}),
        ("from services.sla import tooling", {"services.sla.tooling"}),
        ("from services.sla import domain", {"services.sla.domain"}),
        ("from services.sla.policy import load_sla", {"services.sla.policy"}),
        ("import typing", set()),
    ],
)
def test_an_import_is_counted_as_the_module_that_it_reaches(line: str, modules: set[str]) -> None:
    assert modules_imported(ast.parse(line)) == modules


def test_notify_alone_opens_what_is_sealed() -> None:
    opening = {"shared.seal.Opener", "shared.sealing_keys.PRIVATE_KEYS", "shared.sealing_keys.FORMER_KEYS"}

    users = {path.split("/")[1] for path, module in modules().items()
             if path.startswith("services/") and imports(module) & opening}  # fmt: skip

    assert users == {"notify"}


def test_shared_stands_without_services_and_command_line() -> None:
    guilty = {
        path: name
        for path, module in modules().items()
        if path.startswith("shared/")
        for name in imports(module)
        if within(name, "services") or within(name, "tindak")
    }

    assert guilty == {}


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("motor", {f"shared/adapters/mongo/{name}.py" for name in ("client", "store", "writes")}),
        (
            "faststream",
            {f"shared/adapters/kafka/{name}.py" for name in ("committed", "producer", "subscriber")},
        ),
    ],
)
def test_a_partly_typed_library_is_wrapped_in_its_own_modules(library: str, homes: set[str]) -> None:
    users = {
        path
        for path, module in modules().items()
        if any(within(name, library) for name in imports(module)) and path.split("/")[0] != "tindak"
    }

    assert users == homes


def test_serving_code_never_imports_training() -> None:
    learning = ("services.routing.training", "sklearn", "scipy", "openpyxl", "matplotlib")

    guilty = {
        path: name
        for path, module in modules().items()
        if path.startswith(("services/", "shared/")) and not path.startswith("services/routing/training/")
        for name in imports(module)
        if any(within(name, one) for one in learning)
    }

    assert guilty == {}


BENCHMARKS = [
    path.relative_to(ROOT) for path in tracked() if path.suffix == ".py" and path.is_relative_to(ROOT / "bench")
]


@pytest.mark.parametrize("path", BENCHMARKS, ids=str)
def test_a_benchmark_finds_all_that_it_imports(path: Path) -> None:
    import_module(".".join(path.with_suffix("").parts))
