"""Sla's wiring."""

from functools import partial

from services.sla.domain.rules import SlaRules
from services.sla.domain.ticket import Ticket
from services.sla.handlers import SlaHandler
from services.sla.policy import load_sla
from services.sla.settings import Settings
from services.sla.store import INDEXES, STATE, SlaStore
from shared import topics
from shared.adapters.mongo.client import collection
from shared.delivery.time_loop import TimeLoop
from shared.delivery.vitals import Observe, unobserved
from shared.fairness.pace import Batching
from shared.policy.retention import Retention, load_retention
from shared.policy.watch import PolicyWatch
from shared.process import entrypoint
from shared.process.safety import refuse_unsafe
from shared.process.service import Service
from shared.process.settings import CommonSettings
from shared.sharding import Share

BATCHING = Batching(
    seconds=0.5, apart_seconds=0.05, busy_apart_seconds=0.4, joined=(topics.ACCEPTED, topics.TICKETS), join_seconds=2.0
)
"""No agency waits for clocks; of a ticket that is routed within two seconds one save starts all of them (ADR 0078)."""

WORKERS = 2
"""Of the sweep in one process: while one waits for database or broker, the other one decides."""


def build(settings: CommonSettings, observe: Observe = unobserved) -> Service[Ticket]:
    """Return the service, not started."""
    own = Settings()
    refuse_unsafe(settings, SlaHandler.service)
    watch = PolicyWatch(
        SlaHandler.service, settings.policy_dir, lambda folder: (load_sla(folder), load_retention(folder))
    )
    handler = SlaHandler(watch.policy[0])
    held = collection(settings.mongo, handler.service)
    store = SlaStore(held, STATE, INDEXES, compresses_outbox=settings.mongo.compressed_outbox)
    built = Service(settings, handler, store, own.health_port, observe)
    built.batching = BATCHING

    def use_policy(policy: tuple[SlaRules, Retention]) -> None:
        rules, handler.retention = policy
        handler.use_policy(rules)

    use_policy(watch.policy)
    built.watch_policy(watch, use_policy)
    for number in range(WORKERS):
        loop = TimeLoop(
            handler,
            built.documents,
            built.publisher,
            built.clock,
            published=built.runner.published,
            assignment=partial(assignment, built, number),
            documents_max=own.documents_max,
            observe=observe,
        )
        sweep = built.while_clocks_agree(loop.sweep)
        built.every(own.sweep_every_seconds, f"sweep {number + 1}", sweep, own.documents_max)
    built.remarks["sweep"] = partial(_swept, built)
    return built


def assignment(replica: Service[Ticket], number: int) -> Share:
    """Return what the *number*-th worker of a replica sweeps."""
    return replica.share().worker(number, WORKERS)


def _swept(replica: Service[Ticket]) -> str:
    """Return how much of all tickets a replica sweeps, for people."""
    share = replica.share()
    return f"{len(share.partitions)} of {share.partitions_total} partitions"


def main() -> None:
    """Run the service as this process."""
    entrypoint.main(SlaHandler.service, build)


if __name__ == "__main__":
    main()
