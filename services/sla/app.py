"""Sla's wiring."""

from datetime import timedelta
from functools import partial

from services.sla.domain.ticket import Ticket
from services.sla.handlers import SlaHandler
from services.sla.policy import load_sla
from services.sla.settings import Settings
from services.sla.store import INDEXES, STATE, SlaStore
from shared import service, topics
from shared.delivery.time_loop import TimeLoop
from shared.delivery.vitals import Observe, unobserved
from shared.mongo import collection
from shared.policy_watch import PolicyWatch
from shared.service import Service
from shared.settings import CommonSettings
from shared.slots import SLOTS, Slots, lane

LANES = 2
"""Of the sweep in one process: while one waits for database or broker, the other one decides."""


def build(settings: CommonSettings, observe: Observe = unobserved) -> Service[Ticket]:
    """Return the service, not started."""
    own = Settings()
    watch = PolicyWatch(SlaHandler.service, settings.policy_dir, load_sla)
    handler = SlaHandler(watch.policy)
    store = SlaStore(collection(settings.mongo, handler.service), STATE, INDEXES)
    built = Service(settings, handler, store, own.health_port, observe)
    built.follow(watch, handler.take)
    for number in range(LANES):
        loop = TimeLoop(
            handler,
            store,
            built.publisher,
            built.clock,
            duty=partial(duty, built, number),
            documents_max=own.documents_max,
            relay_after=timedelta(seconds=own.relay_after_seconds),
            observe=observe,
        )
        built.every(own.sweep_every_seconds, f"sweep {number + 1}", loop.sweep, own.documents_max)
        built.every(own.relay_every_seconds, f"relay {number + 1}", loop.relay, own.documents_max)
    built.remarks["sweep"] = lambda: f"{len(built.slots(topics.TICKETS))} of {SLOTS} slots"
    return built


def duty(replica: Service[Ticket], number: int) -> Slots:
    """Return the slots that the *number*-th lane of a replica sweeps."""
    return lane(replica.slots(topics.TICKETS), number, LANES)


def main() -> None:
    """Run the service as this process."""
    service.main(SlaHandler.service, build)


if __name__ == "__main__":
    main()
