"""Builds the notify service."""

import os
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import structlog

from services.notify.channels import BEGIN_WITHIN_SECONDS, SideBySide
from services.notify.channels.setup import SetUp, forget, set_up, webhook_channel, within_house
from services.notify.channels.ways import Ways
from services.notify.channels.webhooks import WebhookChannel
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import CHANNEL
from services.notify.domain.sending.attempts import NO_HOUSE
from services.notify.domain.sending.statuses import WEBHOOK
from services.notify.exporter import Exporter
from services.notify.handlers import NotifyHandler
from services.notify.messages.renderer import MessageRenderer
from services.notify.policy import NoticePolicy, load_notices
from services.notify.sending.address_book import COLLECTION as ADDRESSES
from services.notify.sending.address_book import MongoAddressBook, hash_keys
from services.notify.sending.digests import AT_ONCE_MAX, DigestSender
from services.notify.sending.digests import COLLECTION as DIGESTS_COLLECTION
from services.notify.sending.house import LogHouse
from services.notify.sending.lateness import Lateness
from services.notify.sending.sender import Sender
from services.notify.settings import Settings
from services.notify.store import DIGESTS, INDEXES, STATE, DigestStore, NotifyStore
from services.notify.web.setup import asked_for_receipts, links, web_servers
from shared import topics
from shared.adapters.clock import Clock
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.delivery.vitals import Observe, Vitals, unobserved
from shared.fairness.pace import Batching
from shared.policy.retention import Retention, load_retention
from shared.policy.watch import PolicyWatch
from shared.process import entrypoint
from shared.process.safety import refuse_unsafe
from shared.process.service import Service
from shared.process.settings import CommonSettings, Profile
from shared.topics import status_topic

BATCHING = Batching(
    seconds=0.5, apart_seconds=0.05, busy_apart_seconds=0.5,
    joined=(topics.ACCEPTED, topics.CONTACTS, topics.TICKETS, topics.SLA), join_seconds=4.0,
)  # fmt: skip
"""Nobody waits for a notice so closely; what is said of a ticket within seconds is most of what is said (ADR 0078)."""

DIGESTS_EVERY_SECONDS = 10

log = structlog.get_logger()

Policies = tuple[NoticePolicy, Retention]
Sweep = Callable[[], Awaitable[int]]


def build(settings: CommonSettings, observe: Observe = unobserved) -> Service[Correspondence]:
    """Return the service, not started."""
    own = Settings()
    refuse_unsafe(settings, NotifyHandler.service, own.unsafe(settings.stop_within_seconds))
    watch = PolicyWatch(
        NotifyHandler.service,
        settings.policy_dir,
        lambda folder: (load_notices(folder, lease_for=timedelta(seconds=own.lease_seconds)), load_retention(folder)),
    )
    (policy, _), opener = watch.policy, own.opener()
    renderer = MessageRenderer(policy, opener, links(own, policy))
    handler = NotifyHandler(policy.rules, Exporter(opener))
    held = collection(settings.mongo, handler.service)
    store = NotifyStore(held, STATE, INDEXES, compresses_outbox=settings.mongo.compressed_outbox)
    built = Service(settings, handler, store, own.health_port, observe)
    built.batching = BATCHING
    outlets = Outlets(settings.profile, own, built.clock, built.vitals, renderer)
    handler.house = outlets.house or NO_HOUSE
    addresses = address_book(store, own, policy)
    sender = Sender(
        handler, built.documents, built.publisher, built.clock, renderer, outlets.ways,
        documents_max=own.documents_max,
        spread=SideBySide(own.documents_max, own.send_every_seconds),
        published=built.runner.published,
        vitals=built.vitals,
        observe=observe,
        addresses=addresses,
        note_oldest=lateness_of(built, own).note,
    )  # fmt: skip

    def use_policy(policy: Policies) -> None:
        notices, handler.retention = policy
        handler.use_policy(notices.rules)
        renderer.use_policy(notices)
        addresses.limits = notices.addresses
        outlets.use_policy(notices)

    built.servers += web_servers(own, built, handler, renderer, lambda *told: outlets.leaving.note_arrival(*told))
    use_policy(watch.policy)
    built.watch_policy(watch, use_policy)
    built.remarks["gateways"] = lambda: outlets.leaving.remark
    built.remarks["webhooks"] = partial(webhooks_remark, outlets.webhooks, handler)
    digests = DigestSender(handler, digest_store(store), store, renderer, outlets.ways, built.clock, built.vitals)
    look_for_work(built, own, partial(swept, sender, outlets.ways), digests.sweep)
    return built


def look_for_work(built: Service[Correspondence], own: Settings, send: Sweep, send_digests: Sweep) -> None:
    """Let notices and digests be sent while the service runs."""
    # By then a round begins nothing more, and what is on its way ends within its own time.
    round_seconds_max = BEGIN_WITHIN_SECONDS + 2 * own.lease_seconds
    sweep, look = built.while_clocks_agree(send), built.while_clocks_agree(send_digests)
    built.every(own.send_every_seconds, "sender", sweep, own.documents_max, round_seconds_max)
    built.every(DIGESTS_EVERY_SECONDS, "digests", look, AT_ONCE_MAX, round_seconds_max)


def digest_store(store: NotifyStore) -> DigestStore:
    """Return where it is kept what became of digests, beside the tickets."""
    return DigestStore(store.collection.database[DIGESTS_COLLECTION], DIGESTS)


def address_book(store: MongoStore[Correspondence], own: Settings, policy: NoticePolicy) -> MongoAddressBook:
    """Return where it is counted what each address gets, beside the tickets."""
    return MongoAddressBook(
        store.collection.database[ADDRESSES],
        hash_keys(own.contact_private_keys.get_secret_value(), own.former_contact_keys.get_secret_value()),
        policy.addresses,
    )


def lateness_of(built: Service[Correspondence], own: Settings) -> Lateness:
    """Return how late the sender is, which metrics and health tell from now on."""
    lateness = Lateness(built.clock, timedelta(seconds=own.late_after_seconds)).measured()
    built.remarks["lateness"] = lateness.remark
    return lateness


def webhooks_remark(webhooks: WebhookChannel, handler: NotifyHandler) -> str:
    """Return whose webhook cannot be used and why: it has no secret, or its channel's topic is not read yet."""
    late = [code for code in sorted(handler.rules.called) if status_topic(code) not in handler.topics]
    restart = f"to be called, {', '.join(map(CHANNEL.__add__, late))} waits until notify is started again"
    return "; ".join(sentence for sentence in (webhooks.remark(), restart if late else "") if sentence)


async def swept(sender: Sender, ways: Ways) -> int:
    """Return how much was due, once it was sent; and close the channels that another policy has replaced."""
    await ways.close_replaced()
    return await sender.sweep()


class Outlets:
    """What a message may leave by, as the policy has it now; `ways` are always those that count."""

    def __init__(
        self, profile: Profile, own: Settings, clock: Clock, vitals: Vitals, renderer: MessageRenderer
    ) -> None:
        self.own, self.clock, self.vitals = own, clock, vitals
        self.ways = Ways()
        self.leaving = SetUp({}, "")
        self.described: object = None
        self.webhooks = webhook_channel(own, os.environ, clock, vitals, profile)
        self.within = within_house(profile)
        self.house = LogHouse(renderer, ()) if self.within else None

    def use_policy(self, policy: NoticePolicy) -> None:
        """Use the gateways and webhooks of *policy* from now on; what is on its way ends where it is.

        Gateways are set up anew, and their breakers closed, only if what is said of any of them has changed.
        """
        described = policy.gateways, policy.receipts
        if described != self.described:
            asked = asked_for_receipts(self.own, policy)
            file, clock = policy.gateways, self.clock
            before = self.leaving.gateways
            self.leaving = set_up(self.own, file, os.environ, clock, self.vitals, random.random, asked)
            self.described = described
            forget(before - self.leaving.gateways)
        of_channels = {f"{CHANNEL}{code}": webhook for code, webhook in policy.channels.webhooks.items()}
        webhooks = policy.directory.webhooks | of_channels
        self.webhooks.use(webhooks, policy.gateways.breaker.value)
        leaving = {**self.leaving.channels, **({WEBHOOK: self.webhooks} if webhooks else {})}
        self.ways.use(leaving | self.within)
        if self.house:
            self.house.use_gateways(leaving)
        log.debug("channels", channels=sorted(self.ways), remark=self.leaving.remark or None)


def main() -> None:
    """Run the service as this process."""
    entrypoint.main(NotifyHandler.service, build)


if __name__ == "__main__":
    main()
