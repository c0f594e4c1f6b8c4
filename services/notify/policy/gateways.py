"""Reads gateways.yaml: the HTTP gateways by which messages leave, as data."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import Field, JsonValue, model_validator

from services.notify.channels.phone_numbers import AddressForm
from services.notify.domain.sending.arrivals import SlowRule
from services.notify.domain.sending.breakers import BreakerRule
from services.notify.domain.sending.shares import ShareRule
from services.notify.messages.templates import sandbox
from shared.events.base import Code
from shared.policy.loading import PolicyFault, PolicyModel, Source, load_sourced, unknown

GATEWAYS_FILE = "gateways.yaml"
ENVIRONMENT = "env"
GIVEN = frozenset(
    {"id", "language", "notice", "receipt_url", "reference", "subject", "text", "ticket_id", "to", ENVIRONMENT}
)
TIMEOUT_SECONDS_MAX = 15

Variable = Annotated[str, Field(pattern=r"^TINDAK_GATEWAY_[A-Z0-9_]+$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]
Place = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$")]
"""Where a value stands in an answer, by names and numbers, as in ``messages.0.id``."""
Status = Annotated[int, Field(ge=100, le=599)]
Known = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,32}$")]
# Nothing of the host may come from a template; without encryption only this machine is written to.
Url = Annotated[str, Field(pattern=r"^(https://[A-Za-z0-9.-]+(:[0-9]+)?|http://127\.0\.0\.1(:[0-9]+)?)/\S*( \S+)*$")]
Loc = tuple[int | str, ...]


class Bearer(PolicyModel):
    """A token, as ``Authorization: Bearer``."""

    kind: Literal["bearer"]
    token: Variable

    @property
    def variables(self) -> tuple[str, ...]:
        """Return what must be set."""
        return (self.token,)


class Basic(PolicyModel):
    """A user and a password, as ``Authorization: Basic``."""

    kind: Literal["basic"]
    user: Variable
    password: Variable

    @property
    def variables(self) -> tuple[str, ...]:
        """Return what must be set."""
        return (self.user, self.password)


class Header(PolicyModel):
    """A key in a header of its own."""

    kind: Literal["header"]
    name: Name
    value: Variable

    @property
    def variables(self) -> tuple[str, ...]:
        """Return what must be set."""
        return (self.value,)


Authentication = Annotated[Bearer | Basic | Header, Field(discriminator="kind")]


class Signs(PolicyModel):
    """By which answers something is recognised."""

    statuses: tuple[Status, ...] = ()
    codes: tuple[Known, ...] = ()


class Success(PolicyModel):
    """By which answers it is recognised that the gateway took a message: a status and, if given, a value at a place."""

    statuses: Annotated[tuple[Status, ...], Field(min_length=1)]
    path: Place | None = None
    values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def values_have_a_place(self) -> "Success":
        """Raise ValueError for values without a place, or a place without values."""
        if (self.path is None) != (not self.values):
            raise ValueError("`path` and `values` go together: where the value stands, and what it must be")
        return self


class Answer(PolicyModel):
    """What the gateway's answers mean; what is not said here is tried again.

    Args:
        message_id: Where the provider's id of the message stands; an answer without it is none.
        code: Where the provider's code of an error stands.
        refused: It will never be delivered this way.
        untaken: The gateway is busy, or has something against us: another may be given the message at once.
        retry_after: Where it says after how many seconds it may be asked again, beside the header ``Retry-After``.
    """

    success: Success
    message_id: Place | None = None
    code: Place | None = None
    refused: Signs = Signs()
    untaken: Signs = Signs(statuses=(401, 403, 429))
    deferred: Signs = Signs()
    retry_after: Place | None = None


class Gateway(PolicyModel):
    """One gateway, as gateways.yaml describes it."""

    code: Code
    channel: Literal["sms", "whatsapp", "telegram"]
    enabled: bool = True
    weight: Annotated[int, Field(ge=0, le=1000)] = 100
    url: Url
    method: Literal["POST", "GET"] = "POST"
    format: Literal["json", "form", "query"]
    body: Annotated[dict[str, JsonValue], Field(min_length=1)]
    headers: Annotated[dict[Name, str], Field(default_factory=dict)]
    environment: Annotated[dict[Code, Variable], Field(default_factory=dict)]
    authentication: Authentication | None = None
    address: AddressForm
    answer: Answer
    timeout_seconds: Annotated[float, Field(gt=0, le=TIMEOUT_SECONDS_MAX)] = 10
    connections_max: Annotated[int, Field(ge=1, le=200)] = 10
    messages_per_second: Annotated[float, Field(gt=0, le=1000)] = 10

    @property
    def variables(self) -> tuple[str, ...]:
        """Return which environment variables must be set for it to be used."""
        own = self.authentication.variables if self.authentication else ()
        return tuple(dict.fromkeys([*self.environment.values(), *own]))


class BreakerEntry(PolicyModel):
    """When a gateway that fails is left alone, and for how long."""

    failures_max: Annotated[int, Field(ge=1, le=100)] = BreakerRule().failures_max
    open_seconds: Annotated[int, Field(ge=1, le=3600)] = int(BreakerRule().open_for.total_seconds())
    longest_seconds: Annotated[int, Field(ge=1, le=3600)] = int(BreakerRule().longest_for.total_seconds())

    @property
    def value(self) -> BreakerRule:
        """Return what it means."""
        return BreakerRule(
            self.failures_max, timedelta(seconds=self.open_seconds), timedelta(seconds=self.longest_seconds)
        )


class SlowEntry(PolicyModel):
    """When a gateway counts as slow, by its receipts."""

    after_seconds: Annotated[int, Field(ge=1, le=86400)] = int(SlowRule().after.total_seconds())
    share_max: Annotated[float, Field(gt=0, le=1)] = SlowRule().share_max
    within_minutes: Annotated[int, Field(ge=1, le=1440)] = int(SlowRule().within.total_seconds()) // 60
    receipts_min: Annotated[int, Field(ge=1)] = SlowRule().receipts_min
    apart_seconds: Annotated[int, Field(ge=1, le=86400)] = int(SlowRule().apart_for.total_seconds())

    @property
    def value(self) -> SlowRule:
        """Return what it means."""
        after, within = timedelta(seconds=self.after_seconds), timedelta(minutes=self.within_minutes)
        return SlowRule(after, self.share_max, within, self.receipts_min, timedelta(seconds=self.apart_seconds))


class SharesEntry(PolicyModel):
    """How the gateways of one channel share its messages when one fails or is slow."""

    step_points: Annotated[int, Field(ge=1, le=1000)] = ShareRule().step_points
    apart_seconds: Annotated[int, Field(ge=1, le=3600)] = int(ShareRule().apart_for.total_seconds())
    back_after_seconds: Annotated[int, Field(ge=1, le=86400)] = int(ShareRule().back_after.total_seconds())
    slow: SlowEntry = SlowEntry()

    @property
    def value(self) -> ShareRule:
        """Return what it means."""
        return ShareRule(
            self.step_points, timedelta(seconds=self.apart_seconds), timedelta(seconds=self.back_after_seconds)
        )


class GatewayFile(PolicyModel):
    """The shape of gateways.yaml."""

    version: Literal[1]
    breaker: BreakerEntry = BreakerEntry()
    shares: SharesEntry = SharesEntry()
    gateways: tuple[Gateway, ...] = ()


def load_gateways(policy_dir: Path) -> tuple[GatewayFile, list[PolicyFault]]:
    """Return what gateways.yaml says, and what is wrong with its templates; a folder without the file has no gateway.

    Raises:
        PolicyInvalid: With every fault of the file's form.
    """
    path = policy_dir / GATEWAYS_FILE
    if not path.exists():
        return GatewayFile(version=1), []
    held, source = load_sourced(path, GatewayFile)
    return held, list(_faults(held, source))


def _faults(held: GatewayFile, source: Source) -> Iterator[PolicyFault]:
    yield from source.given_twice(
        (f"`{gateway.code}`", ("gateways", index, "code")) for index, gateway in enumerate(held.gateways)
    )
    for index, gateway in enumerate(held.gateways):
        place: Loc = ("gateways", index)
        if (gateway.method == "GET") != (gateway.format == "query"):
            yield source.fault((*place, "format"), "GET and the format `query` go together: nothing else has no body")
        if gateway.channel == "telegram" and gateway.address is not AddressForm.CHAT:
            yield source.fault((*place, "address"), "Telegram writes to chats: the address must be `chat`")
        if gateway.format != "json":
            for name, value in gateway.body.items():
                if isinstance(value, dict | list):
                    yield source.fault((*place, "body", name), f"`{name}`: a {gateway.format} holds texts only")
        for name in gateway.headers:
            if name.lower() == "authorization":
                yield source.fault((*place, "headers", name), f"`{name}` is written by `authentication` alone")
        for loc, text in leaves(gateway):
            for sentence in _template_faults(text, gateway):
                yield source.fault((*place, *loc), sentence)


def leaves(gateway: Gateway) -> Iterator[tuple[Loc, str]]:
    """Yield place and text of every template of *gateway*."""
    yield ("url",), gateway.url
    for name, text in gateway.headers.items():
        yield ("headers", name), text
    yield from _texts(gateway.body, ("body",))


def _texts(node: JsonValue, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if isinstance(node, str):
        yield loc, node
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _texts(value, (*loc, name))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from _texts(value, (*loc, place))


def _template_faults(text: str, gateway: Gateway) -> Iterator[str]:
    environment = template_environment()
    try:
        environment.compile(environment.parse(text))
    except TemplateSyntaxError as error:
        yield f"this is no template: {error.message}"
        return
    tree = environment.parse(text)  # anew, for compiling may have changed the other one
    for name in sorted(meta.find_undeclared_variables(tree) - GIVEN):
        yield unknown("value", name, sorted(GIVEN), "what a gateway's template is given")
    for node in tree.find_all(nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name == ENVIRONMENT and node.attr not in gateway.environment:
            yield unknown("name", node.attr, gateway.environment, "`environment`")


def template_environment() -> ImmutableSandboxedEnvironment:
    """Return where the templates of gateways are rendered."""
    environment = sandbox()
    environment.filters["one_line"] = one_line
    return environment


def one_line(text: object) -> str:
    """Return *text* in one line, for what takes neither line feeds nor tabs nor several spaces in a row."""
    return re.sub(r"\s+", " ", str(text)).strip()
