"""Builds the intake service."""

from services.intake.domain.rules import Rules
from services.intake.domain.state import State
from services.intake.handlers import IntakeHandler
from services.intake.policy import load_intake
from services.intake.settings import Settings
from services.intake.store import INDEXES, STATE, IntakeStore
from shared import topics
from shared.adapters.kafka.followers import GroupFollowers
from shared.adapters.mongo.client import collection
from shared.delivery.vitals import Observe, unobserved
from shared.policy.rates import SenderRates, load_rates
from shared.policy.retention import Retention, load_retention
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
    sealer = Sealer.from_text(own.contact_public_keys)
    watch = PolicyWatch(
        IntakeHandler.service,
        settings.policy_dir,
        lambda folder: (load_intake(folder), load_rates(folder), load_retention(folder)),
    )
    held = collection(settings.mongo, IntakeHandler.service)
    store = IntakeStore(held, STATE, INDEXES, compresses_outbox=settings.mongo.compressed_outbox)
    load = store.load if own.former_ids else None
    handler = IntakeHandler(watch.policy[0], own.ticket_ids(), sealer, load, store.tickets_of)
    built = Service(settings, handler, store, own.health_port, observe)
    # Whoever floods one channel would else fill what routing has before it, and delay the reports of all others there.
    built.admission.followers = GroupFollowers(
        settings.kafka, topics.WATCHED_GROUPS[IntakeHandler.service], topics.ACCEPTED
    )

    def use_policy(policy: tuple[Rules, SenderRates, Retention]) -> None:
        rules, rates, handler.retention = policy
        handler.use_policy(rules)
        built.admission.rates = rates.of

    use_policy(watch.policy)
    built.watch_policy(watch, use_policy)
    return built


def main() -> None:
    """Run the service as this process."""
    entrypoint.main(IntakeHandler.service, build)


if __name__ == "__main__":
    main()
