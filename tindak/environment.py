"""Which variables a command or a service works with: what is exported, and what a local stack at hand adds to it."""

import importlib
import os
import re
from collections import ChainMap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.process.settings import CommonSettings, KafkaSettings, MongoSettings
from shared.sealing_keys import PRIVATE_KEYS, PUBLIC_KEYS, published
from shared.topics import SERVICES

if TYPE_CHECKING:
    from tindak.stack.layout import Layout

STACK_DIR = "TINDAK_STACK_DIR"
DEFAULT_FOLDER = Path(".tindak/stack")
STATE_FILE = "stack.json"
BROKERS, DATABASE, BROKER_USER = "TINDAK_KAFKA_BOOTSTRAP_SERVERS", "TINDAK_MONGO_URI", "TINDAK_KAFKA_SASL_USERNAME"
CREDENTIALS = ("KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD", "MONGO_URI")
OWN = re.compile(r"TINDAK_\w+_(KAFKA|MONGO)_")
"""How a variable begins that is one principal's alone, such as ``TINDAK_INTAKE_KAFKA_SASL_PASSWORD``."""


def at_hand(given: Mapping[str, str]) -> dict[str, str]:
    """Return *given*, completed from the local stack in ``TINDAK_STACK_DIR`` if one runs there.

    Nothing is completed where other servers are named, and no credentials where some are given.

    Raises:
        StackError: What lies there is not the state of a stack.
    """
    folder = Path(given.get(STACK_DIR) or DEFAULT_FOLDER)
    if not (folder / STATE_FILE).exists():
        return dict(given)
    # Imported here: most commands are given their servers, and the stack brings a client of each with it.
    from tindak.stack.credentials import Credentials
    from tindak.stack.state import State

    state = State.read(folder)
    if state is None or not state.alive or not _is_meant(given, state.layout.bootstrap_servers):
        return dict(given)
    credentials = Credentials.read(folder) if BROKER_USER not in given else None
    everybody = [credentials.variables(name, state.layout) for name in credentials.broker] if credentials else []
    return {**of_stack(state.layout), **ChainMap(*everybody), **given}


def settings_at_hand(principal: str, database_user: str) -> CommonSettings:
    """Return the settings of the environment and of a local stack at hand, as they hold for these two users.

    Raises:
        pydantic.ValidationError: A variable holds something impossible or unsafe.
    """
    whole = at_hand(os.environ)

    def added(environment: Mapping[str, str], prefix: str) -> dict[str, Any]:
        # What is exported, settings find by themselves.
        return settings_in({n: value for n, value in environment.items() if os.environ.get(n) != value}, prefix)

    return CommonSettings(
        **added(whole, "TINDAK_"),
        kafka=KafkaSettings(**added(of_principal(principal, whole), "TINDAK_KAFKA_")),
        mongo=MongoSettings(**added(of_principal(database_user, whole), "TINDAK_MONGO_")),
    )


def _is_meant(given: Mapping[str, str], bootstrap_servers: str) -> bool:
    named = given.get(BROKERS)
    return DATABASE not in given if named is None else named == bootstrap_servers


def of_stack(layout: "Layout") -> dict[str, str]:
    """Return all that services need beside credentials: addresses, contact keys, the policy and its model at hand."""
    policy = policy_dir()
    model = policy / "model"
    return (
        layout.environment()
        | {PRIVATE_KEYS: layout.contact_key, PUBLIC_KEYS: published(layout.contact_key)}
        | ({"TINDAK_POLICY_DIR": str(policy)} if policy.is_dir() else {})
        | ({"TINDAK_ROUTING_MODEL_DIR": str(model)} if model.is_dir() else {})
    )


def policy_dir() -> Path:
    """Return the folder of the policy that is configured, absolute; whether it is there is not asked."""
    return Path(os.environ.get("TINDAK_POLICY_DIR", "policy")).absolute()


def of_principal(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which what *name* alone was given stands under the common names, and nobody else's."""
    own = own_variable(name, "")
    common = {variable: value for variable, value in environment.items() if not OWN.match(variable)}
    its_own = {
        f"TINDAK_{variable.removeprefix(own)}": value
        for variable, value in environment.items()
        if value and OWN.match(variable) and variable.startswith((f"{own}KAFKA_", f"{own}MONGO_"))
    }
    return common | its_own


def of_service(service: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of one service's process: its own settings and credentials, and no other service's."""
    others = tuple(own_variable(other, "") for other in SERVICES if other != service)
    withheld = {name for other in SERVICES for name in _named_apart(other)} - _named_apart(service)
    return {
        variable: value
        for variable, value in of_principal(service, environment).items()
        if variable not in withheld and not variable.startswith(others)
    }


def _named_apart(service: str) -> set[str]:
    """Return the variables that are for some services only, such as ``TINDAK_CONTACT_PRIVATE_KEYS``."""
    fields = importlib.import_module(f"services.{service}.settings").Settings.model_fields.values()
    return {str(field.validation_alias) for field in fields if field.validation_alias}


def own_variable(name: str, setting: str) -> str:
    """Return the variable that holds a setting for one principal alone: ``TINDAK_CHANNEL_WEB_<setting>``."""
    return f"TINDAK_{name.upper().replace('-', '_')}_{setting}"


def settings_in(environment: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the variables that begin with *prefix*, by name of the setting."""
    return {name.removeprefix(prefix).lower(): value for name, value in environment.items() if name.startswith(prefix)}
