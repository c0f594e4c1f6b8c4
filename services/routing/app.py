"""Routing's wiring."""

from services.routing.domain.state import State
from services.routing.handlers import RoutingHandler
from services.routing.policy import load_routing
from services.routing.settings import Settings
from services.routing.store import STATE
from shared import service
from shared.delivery.vitals import Observe, unobserved
from shared.mongo import MongoStore, collection
from shared.service import Service
from shared.settings import CommonSettings


def build(settings: CommonSettings, observe: Observe = unobserved) -> Service[State]:
    """Return the service, not started."""
    own = Settings()
    handler = RoutingHandler(load_routing(settings.policy_dir))
    store = MongoStore(collection(settings.mongo, handler.service), STATE)
    return Service(settings, handler, store, own.health_port, observe)


def main() -> None:
    """Run the service as this process."""
    service.main(RoutingHandler.service, build)


if __name__ == "__main__":
    main()
