import re

import pytest
from pydantic_settings import BaseSettings

from services.intake.settings import Settings as IntakeSettings
from services.notify.mail.settings import MailboxSettings
from services.notify.policy.gateways import load_gateways
from services.notify.policy.receipts import load_receipts
from services.notify.settings import Settings as NotifySettings
from services.routing.settings import Settings as RoutingSettings
from services.sla.settings import Settings as SlaSettings
from shared.events.base import EventData
from shared.events.catalogue import CATALOGUE
from shared.process.settings import CommonSettings, KafkaSettings, MongoSettings
from shared.topics import SERVICES
from tests.architecture.source import ROOT, tracked
from tindak import catalogue_docs
from tindak.environment import CREDENTIALS, STACK_DIR, own_variable
from tindak.notices import gallery
from tindak.retention.archive import Settings as ArchiveSettings

pytestmark = pytest.mark.architecture

SETTINGS: tuple[type[BaseSettings], ...] = (
    CommonSettings,
    KafkaSettings,
    MongoSettings,
    IntakeSettings,
    RoutingSettings,
    SlaSettings,
    NotifySettings,
    MailboxSettings,
    ArchiveSettings,
)
NESTED = {"kafka", "mongo", "common"}


def kinds_of_event(base: type[EventData] = EventData) -> set[type[EventData]]:
    own = {kind for kind in base.__subclasses__() if "TYPE" in kind.__dict__ and kind.__module__.startswith("shared.")}
    return own.union(*(kinds_of_event(kind) for kind in base.__subclasses__()))


def test_every_event_class_is_in_the_catalogue_once() -> None:
    listed = [entry.data for entry in CATALOGUE]

    assert set(listed) == kinds_of_event()
    assert len(listed) == len({data.TYPE for data in listed})


@pytest.mark.parametrize(
    ("name", "made"),
    [
        (catalogue_docs.ASYNCAPI, catalogue_docs.asyncapi),
        (catalogue_docs.PAGE, catalogue_docs.page),
        (gallery.PAGE, gallery.page),
    ],
)
def test_the_generated_documents_are_as_the_code_makes_them(name: str, made) -> None:  # type: ignore[no-untyped-def]
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")

    assert written == made(), "run `make docs`"


def test_the_example_environment_names_every_setting_and_no_other() -> None:
    variables = {
        str(field.validation_alias or f"{settings.model_config.get('env_prefix', '')}{name}").upper()
        for settings in SETTINGS
        for name, field in settings.model_fields.items()
        if name not in NESTED
    }
    gateways = load_gateways(ROOT / "policy")[0].gateways
    receipts = load_receipts(ROOT / "policy", {gateway.code: gateway.channel for gateway in gateways})
    variables |= {name for gateway in gateways for name in gateway.variables}
    variables |= {name for form in receipts.values() for name in form.proof.variables}
    variables |= {own_variable(service, setting) for service in SERVICES for setting in CREDENTIALS} | {STACK_DIR}
    text = (ROOT / ".env.example").read_text(encoding="utf-8")

    named = set(re.findall(r"^#?\s?(TINDAK_[A-Z0-9_]+)=", text, re.MULTILINE))

    assert named == variables


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_a_decision_fits_on_a_page_and_names_its_cost() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))

    unfit = {
        path.name
        for path in decisions
        for text in [path.read_text(encoding="utf-8")]
        if len(text.splitlines()) > 60 or "Cost accepted" not in text
    }

    assert decisions
    assert unfit == set()


def test_the_project_names_no_place_outside_itself() -> None:
    elsewhere = re.compile(r"(?<![\w.])/(work|root|home)/\w|\.\./shared")
    read = {".py", ".md", ".yaml", ".yml", ".toml", ".j2", ".jsonl", ".txt", ""}

    guilty = {
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in read
        and path.parent.name != ".ci"
        and path.name != "test_documents.py"
        and elsewhere.search(path.read_text(encoding="utf-8"))
    }

    assert guilty == set()
