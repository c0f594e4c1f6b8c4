"""Runs a recomputation on the service's own database and broker."""

import random
from collections.abc import Awaitable, Callable

from services.sla.domain.rules import SlaRules
from services.sla.handlers import SlaHandler
from services.sla.recompute import Recompute, Report, Throttle
from services.sla.store import INDEXES, STATE, SlaStore
from shared.adapters.clock import SystemClock
from shared.adapters.kafka.committed import committed_by
from shared.adapters.kafka.producer import KafkaPublisher
from shared.adapters.mongo.client import collection
from shared.delivery.documents.published import PublishedOffsets
from shared.delivery.retry import retried
from shared.delivery.vitals import Vitals
from shared.process.settings import CommonSettings


async def run(
    settings: CommonSettings,
    rules: SlaRules,
    throttle: Throttle,
    report_progress: Callable[[Report], None],
    *,
    dry_run: bool,
) -> Report:
    """Return what was changed, waiting out every outage."""
    handler, clock, published = SlaHandler(rules), SystemClock(), PublishedOffsets()
    held = collection(settings.mongo, handler.service)
    store = SlaStore(held, STATE, INDEXES, compresses_outbox=settings.mongo.compressed_outbox)
    publisher = KafkaPublisher(settings.kafka)
    job = Recompute(handler, store, publisher, clock, throttle=throttle, published=published)

    async def begin() -> Report:
        await store.prepare()
        published.learn(await committed_by(settings.kafka, handler.service, handler.topics))
        return await (job.dry_run(report_progress) if dry_run else job.run(report_progress))

    try:
        patient: Awaitable[Report] = retried(begin, clock, Vitals(), random.Random(), "recompute")
        return await patient
    finally:
        await publisher.close()
        store.close()
