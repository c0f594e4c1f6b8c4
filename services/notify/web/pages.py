"""The page that a link in a message leads to: shows where the ticket stands, and takes what the reporter answers.

A GET changes nothing, for whatever scans mails follows links; only a form that was sent from the page does.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.notify.domain.correspondence import Correspondence, Erased
from services.notify.messages.links import PATH
from services.notify.policy import NoticePolicy
from services.notify.policy.notices import Language
from services.notify.policy.pages import PagePolicy, PageWords
from services.notify.web.forms import (
    NONCE_BYTES,
    RATINGS,
    TEXT_SYMBOLS_MAX,
    SentForm,
    fault_of,
    is_one_click,
    issue,
    nonce_of,
    one_click,
    read_form,
)
from services.notify.web.html import language_of, page
from services.notify.web.rates import KeyedRates, client_key
from services.notify.web.responses import ResponsePublisher, response
from services.notify.web.view import seen_by_link, ticket_view
from shared.adapters.clock import Clock
from shared.delivery.documents.document import Document
from shared.delivery.guard import Bug, guarded_call
from shared.delivery.ports import Store, TransientError
from shared.delivery.vitals import Vitals
from shared.fairness.rates import Rate
from shared.process import metrics
from shared.signed_links import LinkExpired, LinkInvalid, LinkKeys, LinkTarget, target_of
from shared.values import value

OF_A_CLIENT = Rate(per_minute=120, burst=60)  # many people share an address of a mobile network
OF_A_LINK = Rate(per_minute=20, burst=20)
BODY_WITHIN_SECONDS = 10
RETRY_AFTER_SECONDS = 60
STATUS = {"not_found": 404, "gone": 410, "limited": 429, "unavailable": 503, "not_taken": 503, "refused": 400}
NOTE_STATUS = {"form_expired": 403}

log = structlog.get_logger()


@value
class Opened:
    """What a link leads to, as it was found."""

    token: str
    target: LinkTarget
    seen: Correspondence


@value
class Reader:
    """In which language somebody reads, and the words."""

    policy: NoticePolicy
    pages: PagePolicy
    words: PageWords
    language: Language

    def problem(self, name: str, sent: SentForm | None = None) -> Response:
        """Return the page that says why there is none, or nothing was taken; *sent* can be sent once more from it."""
        said = getattr(self.words.problems, name)
        status = STATUS[name]
        made = page("problem", status, self.language, self.words, self.policy.city, problem=said, sent=sent)
        if status in (429, 503):
            made.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
        return made


class TicketPages:
    """Serves the pages.

    Args:
        keys: Sign links and forms.
        policy: Gives the policy that holds now.
        store: Where tickets are read, and never written.
        responses: Says to routing what was answered.
        vitals: Once they say that the service is stopping, there are no pages: broker and database are let go of.
        draw: Gives so many random bytes.
    """

    def __init__(
        self,
        keys: LinkKeys,
        policy: Callable[[], NoticePolicy],
        store: Store[Correspondence],
        responses: ResponsePublisher,
        clock: Clock,
        vitals: Vitals | None = None,
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.keys = keys
        self.policy = policy
        self.store = store
        self.responses = responses
        self.clock = clock
        self.vitals = vitals or Vitals()
        self.draw = draw
        self.clients = KeyedRates(OF_A_CLIENT)
        self.links = KeyedRates(OF_A_LINK)

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        path = f"{PATH}{{token}}"
        return [
            Route(path, partial(self.guarded, "ticket", self.shown), methods=["GET"]),
            Route(path, partial(self.guarded, "response", self.taken), methods=["POST"]),
        ]

    async def guarded(
        self, name: str, answer: Callable[[Reader, Request], Awaitable[tuple[str, Response]]], request: Request
    ) -> Response:
        """Return what *answer* does, counted; a bug of ours costs this page alone."""
        policy = self.policy()
        if policy.pages is None:
            return PlainTextResponse("503", 503)
        language = language_of(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        reader = Reader(policy, policy.pages, policy.pages.words[language], language)
        answered = await guarded_call(partial(answer, reader, request), HTTPException)
        if isinstance(answered, Bug):
            log.error("a bug ended a page", page=name, error=answered.error)
            answered = "bug", reader.problem("unavailable")
        outcome, made = answered
        metrics.PAGES.labels(name, outcome).inc()
        return made

    async def shown(self, reader: Reader, request: Request) -> tuple[str, Response]:
        """Return the page of a ticket, or why there is none."""
        opened = await self.opened(request)
        if isinstance(opened, str):
            return opened, reader.problem(opened)
        return "shown", self.ticket(reader, opened)

    async def taken(self, reader: Reader, request: Request) -> tuple[str, Response]:
        """Return the thanks once what was sent is acknowledged; the page once more if something is wrong with it."""
        opened = await self.opened(request)
        if isinstance(opened, str):
            return opened, reader.problem(opened)
        body, now = await body_of(request), self.clock.now()
        if is_one_click(body):
            return await self.said(reader, opened, *one_click(now, can_stop_all=reader.policy.can_stop_all))
        form = read_form(body)
        if form is None or opened.seen.complaint is None or opened.seen.complaint.withheld:
            return "refused", reader.problem("refused")
        try:
            nonce = nonce_of(self.keys, opened.token, form.signature, now)
        except LinkInvalid:
            return "refused", reader.problem("refused")
        except LinkExpired:
            return "form_expired", self.ticket(reader, opened, "form_expired", form)
        if note := fault_of(form):
            return note, self.ticket(reader, opened, note, form)
        return await self.said(reader, opened, form, nonce)

    async def said(self, reader: Reader, opened: Opened, form: SentForm, nonce: bytes) -> tuple[str, Response]:
        """Return the thanks once what was asked is acknowledged."""
        is_taken = await self.responses.publish(response(form, opened.target.answered_id, nonce, self.clock.now()))
        log.info("response", ticket_id=opened.target.answered_id, action=form.action.value, is_taken=is_taken)
        if not is_taken:
            return "not_taken", reader.problem("not_taken", form)
        thanks = page("thanks", 200, reader.language, reader.words, reader.policy.city, action=form.action)
        return form.action.value, thanks

    async def opened(self, request: Request) -> Opened | str:
        """Return what the link of *request* leads to, or the name of the problem."""
        now, token = self.clock.now(), request.path_params["token"]
        if not self.clients.admit(client_key(request.client.host if request.client else ""), now):
            return "limited"
        if self.vitals.stopping:
            return "unavailable"
        try:
            target = target_of(self.keys, token, now)
        except LinkExpired:
            return "gone"
        except LinkInvalid:
            return "not_found"
        if not self.links.admit(token, now):
            return "limited"
        try:
            found = (await self.store.load([target.ticket_id])).get(target.ticket_id)
        except TransientError:
            return "unavailable"
        if found is None:
            return "not_found"
        if not isinstance(found, Document) or found.state is None:
            return "unavailable"
        seen = seen_by_link(found.state, target)
        if isinstance(found.state.contact, Erased):
            return "gone"
        return "not_found" if seen is None else Opened(token, target, seen)

    def ticket(self, reader: Reader, opened: Opened, note: str | None = None, sent: SentForm | None = None) -> Response:
        """Return the page of a ticket, with a form that can be sent for some time."""
        expires_at = self.clock.now() + reader.pages.form_valid_for
        return page(
            "ticket",
            NOTE_STATUS.get(note, 422) if note else 200,
            reader.language,
            reader.words,
            reader.policy.city,
            view=ticket_view(opened.seen, opened.target, reader.policy, reader.words, reader.language),
            note=getattr(reader.words.notes, note) if note else None,
            sent=sent,
            signature=issue(self.keys, opened.token, self.draw(NONCE_BYTES), expires_at),
            ratings=RATINGS,
            text_max=TEXT_SYMBOLS_MAX,
        )


async def body_of(request: Request) -> bytes:
    """Return the body; nothing of one that does not come, or comes too slowly."""
    try:
        async with asyncio.timeout(BODY_WITHIN_SECONDS):
            return await request.body()
    except (TimeoutError, ClientDisconnect):
        return b""
