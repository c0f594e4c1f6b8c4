"""Routing's wiring."""

from services.routing.domain.state import State
from services.routing.handlers import RoutingHandler
from services.routing.policy import load_routing
from services.routing.settings import Settings
from services.routing.store import STATE
from shared import service
from shared.delivery.vitals import Observe, unobserved
from shared.mongo import MongoStore, collection
from shared.policy_watch import PolicyWatch
from shared.service import Service
from shared.settings import CommonSettings


def build(settings: CommonSettings, observe: Observe = unobserved) -> Service[State]:
    """Return the service, not started."""
    own = Settings()
    watch = PolicyWatch(RoutingHandler.service, settings.policy_dir, load_routing)
    handler = RoutingHandler(watch.policy)
    store = MongoStore(collection(settings.mongo, handler.service), STATE)
    built = Service(settings, handler, store, own.health_port, observe)
    built.follow(watch, handler.take)
    return built


def main() -> None:
    """Run the service as this process."""
    service.main(RoutingHandler.service, build)


if __name__ == "__main__":
    main()
