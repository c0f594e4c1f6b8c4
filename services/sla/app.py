"""Sla's wiring."""

from datetime import timedelta

from services.sla.domain.ticket import Ticket
from services.sla.handlers import SlaHandler
from services.sla.policy import load_sla
from services.sla.settings import Settings
from services.sla.store import STATE
from shared import service
from shared.delivery.time_loop import TimeLoop
from shared.delivery.vitals import Observe, unobserved
from shared.mongo import MongoStore, collection
from shared.policy_watch import PolicyWatch
from shared.service import Service
from shared.settings import CommonSettings


def build(settings: CommonSettings, observe: Observe = unobserved) -> Service[Ticket]:
    """Return the service, not started."""
    own = Settings()
    watch = PolicyWatch(SlaHandler.service, settings.policy_dir, load_sla)
    handler = SlaHandler(watch.policy)
    store = MongoStore(collection(settings.mongo, handler.service), STATE)
    built = Service(settings, handler, store, own.health_port, observe)
    built.follow(watch, handler.take)
    loop = TimeLoop(
        handler,
        store,
        built.publisher,
        built.clock,
        documents_max=own.documents_max,
        relay_after=timedelta(seconds=own.relay_after_seconds),
        observe=observe,
    )
    built.every(own.sweep_every_seconds, "sweep", loop.sweep, own.documents_max)
    built.every(own.relay_every_seconds, "relay", loop.relay, own.documents_max)
    return built


def main() -> None:
    """Run the service as this process."""
    service.main(SlaHandler.service, build)


if __name__ == "__main__":
    main()
