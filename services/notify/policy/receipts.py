"""Reads receipts.yaml: how each gateway's receipts are proven, where what they say stands, and what it means."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.notify.policy.gateways import GATEWAYS_FILE
from shared.events.base import Code
from shared.policy.loading import PolicyFault, PolicyInvalid, PolicyModel, Source, load_sourced, unknown

RECEIPTS_FILE = "receipts.yaml"

Variable = Annotated[str, Field(pattern=r"^TINDAK_GATEWAY_[A-Z0-9_]{1,60}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
STEP = r"[A-Za-z0-9_-]+(\[\])?"
Place = Annotated[str, Field(pattern=rf"^(\[\]|{STEP})(\.{STEP})*$", max_length=200)]
"""Where a value stands: names apart by dots, and ``[]`` after one for each item of its list, as ``errors[].code``."""
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")]
Words = tuple[Word, ...]


class Proof(PolicyModel):
    """How a gateway proves that a receipt is its own.

    ``standard_webhooks``: https://www.standardwebhooks.com. ``meta_hub``: HMAC-SHA256 of the body with the app's secret
    in ``X-Hub-Signature-256``, and a GET with a verify token before. ``twilio``: HMAC-SHA1 of address and form with the
    account's token in ``X-Twilio-Signature``. ``token``: what only it knows, in a header or the query, for gateways
    that sign nothing.
    """

    kind: Literal["standard_webhooks", "meta_hub", "twilio", "token"]
    secret_env: Variable
    verify_token_env: Variable | None = None
    header: Name | None = None
    query: Name | None = None

    @model_validator(mode="after")
    def has_what_its_kind_needs(self) -> Self:
        """Raise ValueError if something is missing, or stands where it means nothing."""
        if (self.kind == "meta_hub") != (self.verify_token_env is not None):
            raise ValueError("`verify_token_env` belongs to `meta_hub`, which needs it, and to no other kind")
        if (self.header is not None) + (self.query is not None) != (self.kind == "token"):
            raise ValueError("`token` needs either `header` or `query`, where the token stands, and no other kind does")
        return self

    @property
    def variables(self) -> tuple[str, ...]:
        """Return which environment variables must be set."""
        return (self.secret_env, self.verify_token_env) if self.verify_token_env else (self.secret_env,)

    def is_set_up(self, environment: Mapping[str, str]) -> bool:
        """Return whether every variable that it names is set to something."""
        return all(environment.get(name, "").strip() for name in self.variables)


class ReceiptForm(PolicyModel):
    """The receipts of one gateway.

    Args:
        shared_by: Gateways whose receipts come to this one's address, too.
        channel: By which the gateway delivers.
        format: ``json`` and ``form`` of a body; ``query``: a GET that says everything in its address.
        each: Where the receipts stand, if one call brings several.
        reference: Where our reference stands, from there; or ``reference_query``, its name in the query.
        delivered, read: Statuses that mean that it has arrived; ``failed``: that it never will.
        ignored: Statuses that say nothing that we need; any other is counted as unknown.
        wait_hours: For so long after sending a text is kept, so that the next way can be tried.
    """

    shared_by: tuple[Code, ...] = ()
    channel: Literal["sms", "whatsapp", "telegram", "email"]
    proof: Proof
    format: Literal["json", "form", "query"]
    each: Place | None = None
    reference: Place | None = None
    reference_query: Name | None = None
    provider_id: Place | None = None
    status: Place
    error: Place | None = None
    delivered: Annotated[Words, Field(min_length=1)]
    read: Words = ()
    failed: Annotated[Words, Field(min_length=1)]
    ignored: Words = ()
    wait_hours: Annotated[int, Field(ge=1, le=30 * 24)] = 24

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        """Raise ValueError if it is not said once where the reference stands, or one status means two things."""
        if (self.reference is None) == (self.reference_query is None):
            raise ValueError("either `reference` or `reference_query` says where our reference stands")
        if self.proof.kind == "twilio" and self.format != "form":
            raise ValueError("`twilio` signs a form, so `format` must be form")
        if self.format == "query" and self.proof.kind != "token":
            raise ValueError("a GET bears no signature, so the kind of `proof` must be token")
        words = [*self.delivered, *self.read, *self.failed, *self.ignored]
        if twice := sorted({word for word in words if words.count(word) > 1}):
            raise ValueError(f"the status `{twice[0]}` is given twice")
        return self

    @property
    def wait_for(self) -> timedelta:
        """Return how long after sending a receipt may still bring about another way."""
        return timedelta(hours=self.wait_hours)


class ReceiptFile(PolicyModel):
    """The shape of receipts.yaml: by the code of the gateway."""

    version: Literal[1]
    receipts: dict[Code, ReceiptForm]


def load_receipts(policy_dir: Path, channels: Mapping[str, str]) -> dict[str, ReceiptForm]:
    """Return the receipts by gateway; a folder without the file takes none.

    Args:
        channels: By the codes of the gateways that there are.

    Raises:
        PolicyInvalid: With every fault of the file.
    """
    path = policy_dir / RECEIPTS_FILE
    if not path.exists():
        return {}
    held, source = load_sourced(path, ReceiptFile)
    if faults := list(_faults(held, source, channels)):
        raise PolicyInvalid(faults)
    return dict(held.receipts)


def _faults(held: ReceiptFile, source: Source, channels: Mapping[str, str]) -> Iterator[PolicyFault]:
    for code, form in held.receipts.items():
        place = ("receipts", code)
        for gateway, loc in [(code, place), *((each, (*place, "shared_by")) for each in form.shared_by)]:
            if gateway not in channels:
                yield source.fault(loc, unknown("gateway", gateway, channels, GATEWAYS_FILE))
            elif channels[gateway] != form.channel:
                yield source.fault(loc, f"gateway `{gateway}` delivers by {channels[gateway]}, not by {form.channel}")
        if form.proof.secret_env == form.proof.verify_token_env:
            # It stands in the address of a GET.
            yield source.fault((*place, "proof", "verify_token_env"), "`verify_token_env` is the secret that signs")
