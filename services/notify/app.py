"""Builds the notify service."""

import os
import random
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

import structlog

from services.notify.channels import BEGIN_WITHIN_SECONDS, Channel, SideBySide
from services.notify.channels.log import LogChannel
from services.notify.channels.setup import SetUp, note_arrival, set_up
from services.notify.channels.webhook import WebhookChannel
from services.notify.domain.correspondence import Correspondence
from services.notify.domain.sending.attempts import NO_HOUSE, House
from services.notify.exporter import Exporter
from services.notify.handlers import NotifyHandler
from services.notify.messages.renderer import LOG, MessageRenderer
from services.notify.policy import NoticePolicy, load_notices
from services.notify.sending.address_book import COLLECTION as ADDRESSES
from services.notify.sending.address_book import MongoAddressBook, hash_keys
from services.notify.sending.house import LogHouse
from services.notify.sending.lateness import Lateness
from services.notify.sending.sender import Sender
from services.notify.settings import Settings
from services.notify.store import INDEXES, STATE
from services.notify.web.setup import asked_for_receipts, links, web_servers
from shared.adapters.clock import SystemClock
from shared.adapters.mongo.client import collection
from shared.adapters.mongo.store import MongoStore
from shared.delivery.vitals import Observe, unobserved
from shared.fairness.pace import Batching
from shared.policy.retention import Retention, load_retention
from shared.policy.watch import PolicyWatch
from shared.process import entrypoint
from shared.process.safety import refuse_unsafe
from shared.process.service import Service
from shared.process.settings import CommonSettings

BATCHING = Batching(seconds=1.0, apart_seconds=0.05, busy_apart_seconds=1.0)
"""Nobody waits for a notice so closely; what is said of a ticket within a second is most of what is said."""

log = structlog.get_logger()

Policies = tuple[NoticePolicy, Retention]


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
    store = MongoStore(collection(settings.mongo, handler.service), STATE, INDEXES)
    built = Service(settings, handler, store, own.health_port, observe)
    built.batching = BATCHING
    asked = asked_for_receipts(own, policy)
    leaving = set_up(own, policy.gateways, os.environ, built.clock, built.vitals, random.random, asked)
    ways = channels(settings, leaving)
    log.debug("channels", channels=sorted(ways), remark=leaving.remark or None)
    webhooks = with_webhooks(ways, settings, own, policy)
    handler.house = house(renderer, ways)
    addresses = address_book(store, own, policy)
    sender = Sender(
        handler, built.documents, built.publisher, built.clock, renderer, ways,
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
        webhooks.use_directory(notices.directory)

    built.servers += web_servers(own, built, handler, renderer, partial(note_arrival, ways))
    use_policy(watch.policy)
    built.watch_policy(watch, use_policy)
    built.remarks["gateways"] = partial(gateways_remark, leaving, policy, watch)
    built.remarks["webhooks"] = webhooks.remark
    # By then it begins nothing more, and what is on its way ends within its own time.
    round_seconds_max = BEGIN_WITHIN_SECONDS + 2 * own.lease_seconds
    sweep = built.while_clocks_agree(sender.sweep)
    built.every(own.send_every_seconds, "sender", sweep, own.documents_max, round_seconds_max)
    return built


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


def house(renderer: MessageRenderer, ways: Mapping[str, Channel]) -> House:
    """Return what takes notices that no gateway may take: the log, where it is one of the channels."""
    return LogHouse(renderer, ways.keys() - {LOG}) if LOG in ways else NO_HOUSE


def gateways_remark(leaving: SetUp, started_with: NoticePolicy, watch: PolicyWatch[Policies]) -> str:
    """Return which gateways lack a secret, or that gateways.yaml is no longer what it was at the start."""
    is_changed = watch.policy[0].gateways != started_with.gateways
    return leaving.remark or ("gateways.yaml has changed; it is read when notify starts" if is_changed else "")


def channels(settings: CommonSettings, leaving: SetUp) -> dict[str, Channel]:
    """Return the channels that are set up.

    The log is a channel of the local profile only: elsewhere it would call a notice sent that reached nobody.
    """
    return {**leaving.channels, **({LOG: LogChannel()} if settings.profile == "local" else {})}


def with_webhooks(
    ways: dict[str, Channel], settings: CommonSettings, own: Settings, policy: NoticePolicy
) -> WebhookChannel:
    """Return the channel to the agencies' own servers; it is one of *ways* if any agency has one."""
    webhooks = WebhookChannel(
        policy.directory,
        os.environ,
        SystemClock().now,
        timeout=timedelta(seconds=own.webhook_timeout_seconds),
        connections_max=own.webhook_connections_max,
        is_local=settings.profile == "local",
    )
    if any(agency.webhook for agency in policy.directory.agencies):
        ways["webhook"] = webhooks
    return webhooks


def main() -> None:
    """Run the service as this process."""
    entrypoint.main(NotifyHandler.service, build)


if __name__ == "__main__":
    main()
