"""What the command line may use of routing: its policy, its model, a dry run; for learning see ``training/tooling.py``.

The text model's libraries are loaded only by the functions that need them.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from services.routing.archive import archived, last_event_at
from services.routing.domain.agency_choice.prediction import TextModel
from services.routing.domain.agency_choice.rules import DISTRICT_OFFICE, NATIONAL_ADMIN, RoutingPolicy
from services.routing.domain.ticket.state import Filed
from services.routing.handlers import RoutingHandler
from services.routing.policy import ROUTING_FILE, RoutingFile, load_routing
from services.routing.policy.categories import CATEGORIES_FILE
from services.routing.policy.officers import OFFICERS_FILE, load_officer_codes
from shared.process.settings import MongoSettings

if TYPE_CHECKING:
    from services.routing.store import RoutingStore

__all__ = [
    "CATEGORIES_FILE", "DISTRICT_OFFICE", "NATIONAL_ADMIN", "OFFICERS_FILE", "ROUTING_FILE", "Filed", "RoutingFile",
    "RoutingHandler", "RoutingPolicy", "TextModel", "archived", "describe_model", "dry_run", "last_event_at",
    "load_model", "load_officer_codes", "load_routing", "routing_store",
]  # fmt: skip


def dry_run(policy_dir: Path, model: TextModel | None = None) -> RoutingHandler:
    """Return the handler that runs live, by the policy below *policy_dir*; it knows no other tickets.

    Raises:
        PolicyInvalid: The service would refuse the policy.
    """
    return RoutingHandler(load_routing(policy_dir), model)


def load_model(directory: Path) -> TextModel:
    """Return the text model in *directory*.

    Raises:
        ValueError: It cannot be used; in one sentence.
    """
    from services.routing import text_model

    return text_model.load_model(directory)


def describe_model(directory: Path) -> tuple[str, str]:
    """Return the name of the model in *directory*, and what it learned from.

    Raises:
        ValueError: It cannot be used; in one sentence.
    """
    from services.routing.classifier.model_file import ModelRefused, load
    from services.routing.text_model import NAME_SYMBOLS

    try:
        model, manifest = load(directory)
    except ModelRefused as refused:
        raise ValueError(str(refused)) from refused
    learned = manifest["training"]
    described = f"{len(model.agencies)} agencies learned from {learned['rows']:,} reports of {learned['file']}"
    return manifest["hash"][:NAME_SYMBOLS], described


def routing_store(settings: MongoSettings) -> "RoutingStore":
    """Return routing's collection, in which nothing is marked."""
    # The database is loaded by the commands that need it.
    from services.routing.store import STATE, RoutingStore
    from shared.adapters.mongo.client import collection

    return RoutingStore(collection(settings, "routing"), STATE, marks=False)
