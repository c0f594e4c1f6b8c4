"""Builds the intake service."""

from services.intake.domain.state import State
from services.intake.handlers import IntakeHandler
from services.intake.policy import load_intake
from services.intake.settings import Settings
from services.intake.store import INDEXES, STATE
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.delivery.vitals import Observe, unobserved
from shared.policy.watch import PolicyWatch
from shared.process import entrypoint
from shared.process.safety import refuse_unsafe
from shared.process.service import Service
from shared.process.settings import CommonSettings
from shared.seal import Sealer


def build(settings: CommonSettings, observe: Observe = unobserved) -> Service[State]:
    """Return the service, not started."""
    own = Settings()
    refuse_unsafe(settings, IntakeHandler.service, own.unsafe())
    sealer = Sealer.from_text(own.contact_keys.get_secret_value())
    watch = PolicyWatch(IntakeHandler.service, settings.policy_dir, load_intake)
    store = MongoStore(collection(settings.mongo, IntakeHandler.service), STATE, INDEXES)
    handler = IntakeHandler(watch.policy, own.ticket_ids(), sealer, store.load if own.former_ids else None)
    built = Service(settings, handler, store, own.health_port, observe)
    built.watch_policy(watch, handler.use_policy)
    return built


def main() -> None:
    """Run the service as this process."""
    entrypoint.main(IntakeHandler.service, build)


if __name__ == "__main__":
    main()
