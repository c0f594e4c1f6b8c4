"""Answers the gateways that say what has become of messages."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.notify.domain.receipts import Receipt
from services.notify.policy.receipts import ReceiptForm
from services.notify.receipts import ReceiptTaker
from services.notify.references import References
from services.notify.web.proofs import Call, Unreadable, is_proven, is_subscription
from services.notify.web.receipt_reading import TooMany, read
from shared.delivery.ports import TransientError
from shared.process import metrics

BODY_BYTES_MAX = 1024 * 1024  # as long as a thousand receipts of Meta
READ_WITHIN_SECONDS = 10
CHALLENGE_MAX = 200
RECEIPTS = "/receipts/"
PATH = f"{RECEIPTS}{{gateway}}"


class Forms(Protocol):
    """Returns the receipts of the policy as it is now, by gateway."""

    def __call__(self) -> Mapping[str, ReceiptForm]:
        """Return them."""
        ...


class ReceiptPages:
    """Takes receipts at ``/receipts/<gateway>``.

    200 says that they are saved and published, or that nothing follows from them, and never which; 400 that they cannot
    be read, 401 that they are not the gateway's, 404 that none are taken of it, 413 that they are too many, and 503
    that they must be sent again.

    Args:
        environment: Holds the secrets, under the names that the forms say.
        base_url: Where this server is reached from outside, without a slash at the end; Twilio signs it, and without it
            no receipts of Twilio are taken.
        now: Returns the time.
    """

    def __init__(
        self,
        forms: Forms,
        environment: Mapping[str, str],
        references: References,
        taker: ReceiptTaker,
        now: Callable[[], datetime],
        base_url: str | None = None,
    ) -> None:
        self.forms = forms
        self.environment = environment
        self.references = references
        self.taker = taker
        self.now = now
        self.base_url = base_url

    async def answer(self, request: Request) -> Response:
        """Return the answer to a gateway."""
        gateway = request.path_params["gateway"]
        form = self.forms().get(gateway)
        if form is None or not form.proof.is_set_up(self.environment):
            return _answer(404)
        outcome = await self.answered(gateway, form, request)
        if isinstance(outcome, Response):
            return outcome
        status, counted = outcome
        for name, count in counted.items():
            metrics.RECEIPTS.labels(gateway, name).inc(count)
        return _answer(status)

    async def answered(
        self, gateway: str, form: ReceiptForm, request: Request
    ) -> Response | tuple[int, Mapping[str, int]]:
        """Return the answer to a gateway that is known, or its status and what is counted."""
        call = await self.call(gateway, request)
        if isinstance(call, int):
            return call, {"unreadable": 1}
        if request.method == "GET" and form.proof.verify_token_env is not None:
            return self.subscription(call, self.environment[form.proof.verify_token_env])
        if request.method != ("GET" if form.format == "query" else "POST"):
            return _answer(405)
        try:
            if not is_proven(form.proof, call, self.environment[form.proof.secret_env], self.now()):
                return 401, {"unproven": 1}
            said = read(gateway, form, call, self.references)
        except Unreadable:
            return 400, {"unreadable": 1}
        except TooMany:
            return 413, {"unreadable": 1}
        counted = dict[str, int]()
        for each in said:
            if not isinstance(each, Receipt):
                counted[each] = counted.get(each, 0) + 1
        try:
            taken = await self.taker.take([each for each in said if isinstance(each, Receipt)], gateway)
        except TransientError:
            return 503, {"put_off": 1}
        return 200, {name: counted.get(name, 0) + taken[name] for name in {*counted, *taken}}

    async def call(self, gateway: str, request: Request) -> Call | int:
        """Return the call as it came, or the status for one that is too large, too slow, or broken off."""
        body = bytearray()
        try:
            async with asyncio.timeout(READ_WITHIN_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > BODY_BYTES_MAX:
                        return 413
        except TimeoutError:
            return 408
        except ClientDisconnect:
            return 400
        url = f"{self.base_url}/receipts/{gateway}" if self.base_url else ""
        return Call(url, request.scope["query_string"].decode("latin-1"), dict(request.headers), bytes(body))

    def subscription(self, call: Call, token: str) -> Response:
        """Return Meta's challenge if it knows the token, so that it sends its receipts here."""
        try:
            if not is_subscription(call, token):
                return _answer(401)
        except Unreadable:
            return _answer(400)
        challenge = call.of_query("hub.challenge")
        is_word = challenge.isascii() and challenge.isalnum() and len(challenge) <= CHALLENGE_MAX
        return PlainTextResponse(challenge, headers=SAFELY) if is_word else _answer(400)


SAFELY = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


def _answer(status: int) -> Response:
    retry = {"retry-after": "30"} if status == 503 else {}
    return PlainTextResponse("", status, headers=SAFELY | retry)


def routes(
    forms: Forms,
    environment: Mapping[str, str],
    references: References,
    taker: ReceiptTaker,
    now: Callable[[], datetime],
    base_url: str | None = None,
) -> list[Route]:
    """Return the routes by which gateways say what has become of messages; see `ReceiptPages`."""
    pages = ReceiptPages(forms, environment, references, taker, now, base_url)
    return [Route(PATH, pages.answer, methods=["GET", "POST"])]
