"""Routing's wiring."""

from pathlib import Path

import structlog

from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.ticket.state import State
from services.routing.handlers import RoutingHandler
from services.routing.neighbours import StoredNeighbours
from services.routing.policy import load_routing
from services.routing.settings import Settings
from services.routing.shadow import ShadowedRouting
from services.routing.store import INDEXES, STATE, RoutingStore
from services.routing.text_model import load_model
from shared.adapters.mongo.client import collection
from shared.delivery.time_loop import TimeLoop
from shared.delivery.vitals import Observe, unobserved
from shared.policy.loading import PolicyInvalid
from shared.policy.rates import SenderRates, load_rates
from shared.policy.retention import Retention, load_retention
from shared.policy.watch import PolicyWatch
from shared.process import entrypoint
from shared.process.safety import refuse_unsafe
from shared.process.service import Service
from shared.process.settings import CommonSettings

log = structlog.get_logger()


def build(settings: CommonSettings, observe: Observe = unobserved) -> Service[State]:
    """Return the service, not started."""
    own = Settings()
    refuse_unsafe(settings, RoutingHandler.service)
    watch = PolicyWatch(
        RoutingHandler.service,
        settings.policy_dir,
        lambda folder: (load_routing(folder), load_rates(folder), load_retention(folder)),
    )
    policy, *_ = watch.policy
    shadow = shadow_watch(own.shadow_policy_dir)
    model = load_model(own.model_dir) if own.model_dir else None
    held = collection(settings.mongo, RoutingHandler.service)
    store = RoutingStore(held, STATE, INDEXES, compresses_outbox=settings.mongo.compressed_outbox)
    neighbours = StoredNeighbours(store)
    handler = (
        ShadowedRouting(policy, shadow.policy, model, neighbours=neighbours)
        if shadow
        else RoutingHandler(policy, model, neighbours=neighbours)
    )
    built = Service(settings, handler, store, own.health_port, observe)

    def use_policy(policy: tuple[RoutingPolicy, SenderRates, Retention]) -> None:
        rules, rates, handler.retention = policy
        handler.use_policy(rules)
        built.admission.rates = rates.of

    use_policy(watch.policy)
    built.watch_policy(watch, use_policy)
    if shadow is not None and isinstance(handler, ShadowedRouting):
        built.watch_policy(shadow, handler.use_shadow_policy, part="shadow_policy")
    loop = TimeLoop(
        handler,
        built.documents,
        built.publisher,
        built.clock,
        published=built.runner.published,
        documents_max=own.documents_max,
        observe=observe,
    )
    built.every(own.sweep_every_seconds, "sweep", loop.sweep, own.documents_max)
    return built


def shadow_watch(directory: Path | None) -> PolicyWatch[RoutingPolicy] | None:
    """Return the watch over the shadow policy; None if there is none, or if it is broken: no shadow stops a service."""
    if directory is None:
        return None
    try:
        return PolicyWatch(f"{RoutingHandler.service}_shadow", directory, load_routing)
    except PolicyInvalid as invalid:
        log.warning("no shadow policy", faults=list(map(str, invalid.faults)))
        return None


def main() -> None:
    """Run the service as this process."""
    entrypoint.main(RoutingHandler.service, build)


if __name__ == "__main__":
    main()
