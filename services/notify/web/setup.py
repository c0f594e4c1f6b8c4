"""Sets up what notify has on the web: the links in its messages, the pages that they lead to, and receipts."""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta

from starlette.routing import Route

from services.notify.domain.correspondence import Correspondence
from services.notify.handlers import NotifyHandler
from services.notify.mail.addresses import mail_addresses
from services.notify.messages.links import LinkWriter
from services.notify.messages.renderer import MessageRenderer
from services.notify.policy import NoticePolicy
from services.notify.policy.pages import PAGES_FILE
from services.notify.receipts import ReceiptTaker
from services.notify.references import ReceiptRequest, References, receipt_requests
from services.notify.sending.address_book import hash_keys
from services.notify.settings import Settings
from services.notify.web.app import web_server
from services.notify.web.pages import TicketPages
from services.notify.web.receipts import BODY_BYTES_MAX as RECEIPT_BYTES_MAX
from services.notify.web.receipts import RECEIPTS, routes
from services.notify.web.responses import ResponsePublisher
from shared.policy.loading import PolicyFault, PolicyInvalid
from shared.process.http_server import HttpServer
from shared.process.service import Service

RESPONSE_WITHIN = timedelta(seconds=10)
"""Somebody who has answered waits so long for the broker, and is asked to send it once more then."""


def links(own: Settings, policy: NoticePolicy) -> LinkWriter:
    """Return what writes links and addresses for replies; raise PolicyInvalid if there are no words for their page."""
    if (own.has_links or own.reply_address is not None) and policy.pages is None:
        raise PolicyInvalid([PolicyFault(PAGES_FILE, 1, "the file is missing; links in messages lead to its page")])
    return LinkWriter(own.link_base_url, own.links(), mail_addresses(own))


def web_servers(
    own: Settings,
    built: Service[Correspondence],
    handler: NotifyHandler,
    renderer: MessageRenderer,
    note_arrival: Callable[[str, timedelta], None],
) -> list[HttpServer]:
    """Return what serves the pages that links lead to and takes receipts, if a port is set for it."""
    if own.http_port is None:
        return []
    found = [*_page_routes(own, built, renderer), *_receipt_routes(own, built, handler, renderer, note_arrival)]
    return [web_server(own, found, {RECEIPTS: RECEIPT_BYTES_MAX})]


def _page_routes(own: Settings, built: Service[Correspondence], renderer: MessageRenderer) -> list[Route]:
    if not own.has_links:
        return []
    responses = ResponsePublisher(built.publisher, RESPONSE_WITHIN)
    pages = TicketPages(own.links(), lambda: renderer.policy, built.documents, responses, built.clock, built.vitals)
    return pages.routes()


def _references(own: Settings) -> References:
    # Keys that are derived from those of contacts: no further secret to keep.
    return References(
        hash_keys(own.contact_private_keys.get_secret_value(), own.former_contact_keys.get_secret_value())
    )


def asked_for_receipts(own: Settings, policy: NoticePolicy) -> Mapping[str, ReceiptRequest]:
    """Return which gateways are asked to say what becomes of messages, and how."""
    if own.receipts_base_url is None:
        return {}
    return receipt_requests(policy.receipts, os.environ, own.receipts_base_url, _references(own))


def _receipt_routes(
    own: Settings,
    built: Service[Correspondence],
    handler: NotifyHandler,
    renderer: MessageRenderer,
    note_arrival: Callable[[str, timedelta], None],
) -> list[Route]:
    if own.receipts_base_url is None:
        return []
    taker = ReceiptTaker(
        handler, built.documents, built.publisher, built.clock,
        published=built.runner.published, observe=built.runner.observe, note_arrival=note_arrival,
    )  # fmt: skip
    return routes(
        lambda: renderer.policy.receipts, os.environ, _references(own), taker, built.clock.now, own.receipts_base_url
    )
