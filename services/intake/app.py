"""Builds the intake service."""

from services.intake.domain.state import State
from services.intake.domain.ticket_ids import LOCAL_KEY, TicketIds
from services.intake.handlers import IntakeHandler
from services.intake.policy import load_intake
from services.intake.settings import Settings
from services.intake.store import INDEXES, STATE
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.delivery.vitals import Observe, unobserved
from shared.policy.watch import PolicyWatch
from shared.process import entrypoint
from shared.process.service import Service
from shared.process.settings import CommonSettings, Profile, UnsafeSettings
from shared.seal import Sealer

ADVICE = "`tindak keys new-id-key` makes one for good: back it up with the database (docs/operations.md)"


def build(settings: CommonSettings, observe: Observe = unobserved) -> Service[State]:
    """Return the service, not started."""
    own = Settings()
    sealer = Sealer.from_text(own.contact_keys.get_secret_value())
    watch = PolicyWatch(IntakeHandler.service, settings.policy_dir, load_intake)
    ids = ticket_ids(settings.profile, own.id_key.get_secret_value())
    handler = IntakeHandler(watch.policy, ids, sealer)
    store = MongoStore(collection(settings.mongo, handler.service), STATE, INDEXES)
    built = Service(settings, handler, store, own.health_port, observe)
    built.watch_policy(watch, handler.use_policy)
    return built


def ticket_ids(profile: Profile, key: str) -> TicketIds:
    """Return the ids under *key*, base64; the local profile has one of its own if that is empty.

    Raises:
        UnsafeSettings: Outside of the local profile there is no key, or the one of the local profile.
        IdKeyInvalid: It is no key.
    """
    local = TicketIds.from_text(LOCAL_KEY)
    if profile == "local":
        return TicketIds.from_text(key) if key else local
    if not key:
        raise UnsafeSettings(f"TINDAK_ID_KEY is not set; {ADVICE}")
    ids = TicketIds.from_text(key)
    if ids == local:
        raise UnsafeSettings(f"TINDAK_ID_KEY is the key of TINDAK_PROFILE=local, which everybody can read; {ADVICE}")
    return ids


def main() -> None:
    """Run the service as this process."""
    entrypoint.main(IntakeHandler.service, build)


if __name__ == "__main__":
    main()
