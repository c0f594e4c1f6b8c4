"""Settings of notify, read once from the environment."""

import re
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.mail_addresses import header_address, is_usable
from shared.seal import Opener
from shared.sealing_keys import FORMER_KEYS, PRIVATE_KEYS, TRIAL_KEY, as_text, trial_keys
from shared.signed_links import LINK_KEYS, LinkKeys

LEASE_SECONDS = 300.0
REPLY_MAILBOX = re.compile(r"[A-Za-z0-9._-]{1,9}")
LOCAL_LINK_KEYS = as_text({"t": TRIAL_KEY})


class Settings(BaseSettings):
    """How mail goes out, and how the sender works.

    Args:
        health_port: Where ``/health/live``, ``/health/ready`` and ``/metrics`` answer; 0 for a free one.
        contact_private_keys: ``TINDAK_CONTACT_PRIVATE_KEYS``, known to notify only: ``id:base64,...`` of 32 bytes each;
            those that belong to the public keys under the same ids.
        former_contact_keys: ``TINDAK_CONTACT_KEYS``, by which release 0.1.0 sealed, in the same form; empty if nothing
            is left of that.
        smtp_host: The mail relay; without one no mail is sent, which only the local profile may do.
        smtp_starttls: Refuse to send over a connection that is not encrypted.
        smtp_from: Address that the messages come from; its domain stands in every Message-ID.
        smtp_timeout_seconds: What one message may take in all, connecting included; shorter than
            ``TINDAK_STOP_WITHIN_SECONDS``, since a service that is told to stop waits for messages on their way.
        smtp_connections_max: Mails on their way at the same time.
        webhook_timeout_seconds: What one call of a server of an agency's or a channel's may take in all; shorter than
            ``TINDAK_STOP_WITHIN_SECONDS``, too.
        webhook_connections_max: Calls of one server on their way at the same time.
        receipts_base_url: Where gateways reach notify's web server, such as ``https://lapor.example``; without it none
            is asked to say what becomes of a message.
        send_every_seconds: Pause between two looks for what is due, once nothing is.
        documents_max: Tickets in hand at the same time; a crash sends again at most their messages.
        late_after_seconds: How long a notice may have been due before the health answer remarks it.
        lease_seconds: After this long an attempt of which nothing is heard counts as lost and is made again.
        http_port: Where the pages of links in messages are served; 0 for a free one, None: nowhere.
        http_host: The address of this machine on which they are.
        http_proxies: Addresses of the proxies before them, separated by commas, whose ``X-Forwarded-For`` is believed.
        link_base_url: What links in messages begin with, as reporters reach the pages; None: messages hold no links.
        reply_address: A mailbox whose addresses ``<mailbox>+<token>@<domain>`` come to `tindak notify receive`: so
            reporters answer our mails, and we hear what could not be delivered. At most nine symbols before the ``@``,
            for 64 are all that mail systems take; None: mails cannot be answered.
        link_keys: ``TINDAK_LINK_KEYS``, known to notify only: ``id:base64,...`` of 32 bytes each, ids of one symbol.
            The first signs links; the others are kept for as long as their links last. Only the local profile may do
            without; it has a public one.
    """

    model_config = SettingsConfigDict(env_prefix="TINDAK_NOTIFY_", frozen=True, extra="ignore")

    health_port: int = Field(default=8084, ge=0, le=65535)
    contact_private_keys: SecretStr = Field(validation_alias=PRIVATE_KEYS)
    former_contact_keys: SecretStr = Field(default=SecretStr(""), validation_alias=FORMER_KEYS)
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = True
    smtp_from: str = "lapor@tangsel.example"
    smtp_from_name: str = Field(default="SP4N-LAPOR! Kota Tangerang Selatan", max_length=100, pattern=r"^[^\r\n]*$")
    smtp_reply_to: str | None = None
    smtp_timeout_seconds: PositiveFloat = 15
    smtp_connections_max: PositiveInt = 4
    webhook_timeout_seconds: PositiveFloat = 10
    webhook_connections_max: PositiveInt = 4
    receipts_base_url: str | None = Field(default=None, pattern=r"^https?://[A-Za-z0-9.:-]+$", max_length=200)
    send_every_seconds: PositiveFloat = 1
    documents_max: int = Field(default=200, ge=1, le=2000)
    late_after_seconds: PositiveFloat = 900
    lease_seconds: PositiveFloat = LEASE_SECONDS
    http_port: int | None = Field(default=None, ge=0, le=65535)
    http_host: str = "127.0.0.1"
    http_proxies: str = ""
    link_base_url: str | None = None
    reply_address: str | None = None
    link_keys: SecretStr = Field(default=SecretStr(LOCAL_LINK_KEYS), validation_alias=LINK_KEYS)

    @field_validator("http_port", "link_base_url", "reply_address", mode="before")
    @classmethod
    def empty_is_not_set(cls, given: object) -> object:
        """Return None for an empty text, which is how Compose says that nothing is set."""
        return None if given == "" else given

    @field_validator("link_keys", mode="before")
    @classmethod
    def empty_is_local(cls, given: object) -> object:
        """Return the key of the local profile for an empty text."""
        return given or LOCAL_LINK_KEYS

    @field_validator("link_base_url")
    @classmethod
    def can_begin_a_link(cls, given: str | None) -> str | None:
        """Return an http(s) address without a slash at its end; raise ValueError for anything else."""
        if given is None:
            return None
        address = urlsplit(given)
        if address.scheme not in ("http", "https") or not address.hostname or address.query or address.fragment:
            raise ValueError("TINDAK_NOTIFY_LINK_BASE_URL must be an address such as https://lapor.tangsel.example")
        return given.rstrip("/")

    @field_validator("smtp_from", "smtp_reply_to")
    @classmethod
    def can_stand_in_a_header(cls, given: str | None) -> str | None:
        """Raise ValueError unless *given* is an address: with a wrong one, no message at all could be written."""
        if given is not None:
            header_address(given)
        return given

    @field_validator("reply_address")
    @classmethod
    def has_room_for_a_token(cls, given: str | None) -> str | None:
        """Raise ValueError unless *given* is an address behind whose mailbox a token has room."""
        if given is not None and not (is_usable(given) and REPLY_MAILBOX.fullmatch(given.partition("@")[0])):
            raise ValueError(
                "TINDAK_NOTIFY_REPLY_ADDRESS must be an address such as lapor@kota.example, with at most nine letters,"
                " digits, dots or dashes before the @"
            )
        return given

    @model_validator(mode="after")
    def lease_outlives_message(self) -> Self:
        """Raise ValueError if a lease has no time to send, as long again to save how it went, and some to begin in."""
        for name in ("smtp_timeout_seconds", "webhook_timeout_seconds"):
            if self.lease_seconds < 3 * getattr(self, name):
                raise ValueError(
                    f"TINDAK_NOTIFY_LEASE_SECONDS must be at least three times TINDAK_NOTIFY_{name.upper()}"
                )
        return self

    def opener(self) -> Opener:
        """Return what opens contacts; raise ContactKeysInvalid if the keys are none."""
        return Opener.from_text(
            self.contact_private_keys.get_secret_value(), self.former_contact_keys.get_secret_value()
        )

    @property
    def has_links(self) -> bool:
        """Return whether links go out, or what earlier ones lead to is served."""
        return self.link_base_url is not None or (self.http_port is not None and not self.has_local_link_key)

    @property
    def has_local_link_key(self) -> bool:
        """Return whether links are signed, or would be, with a key that everybody can read."""
        return TRIAL_KEY in self.links().keys.values()

    def links(self) -> LinkKeys:
        """Return what signs links; raise ContactKeysInvalid if the keys are none."""
        return LinkKeys.from_text(self.link_keys.get_secret_value())

    def unsafe(self, stop_within_seconds: float) -> list[str]:
        """Return what only the local profile may do, a sentence each."""
        private, former = self.contact_private_keys.get_secret_value(), self.former_contact_keys.get_secret_value()
        found = trial_keys(private, PRIVATE_KEYS) + (trial_keys(former, FORMER_KEYS) if former else [])
        if self.smtp_host is None:
            found.append("TINDAK_NOTIFY_SMTP_HOST is not set; without a mail relay nobody is told anything")
        if not self.smtp_starttls:
            found.append("TINDAK_NOTIFY_SMTP_STARTTLS must be true, since messages hold names and addresses (is false)")
        if self.receipts_base_url is not None and not self.receipts_base_url.startswith("https://"):
            found.append("TINDAK_NOTIFY_RECEIPTS_BASE_URL must begin with https://, since receipts bear tokens")
        for name in ("smtp_timeout_seconds", "webhook_timeout_seconds"):
            if getattr(self, name) >= stop_within_seconds:
                found.append(
                    f"TINDAK_NOTIFY_{name.upper()} must be less than TINDAK_STOP_WITHIN_SECONDS, "
                    "so that what is on its way can be ended and saved"
                )
        if self.link_base_url is not None and not self.link_base_url.startswith("https://"):
            found.append("TINDAK_NOTIFY_LINK_BASE_URL must begin with https://, since whoever reads a link can use it")
        if (self.has_links or self.reply_address is not None) and self.has_local_link_key:
            found.append(
                f"{LINK_KEYS} must be set to keys of your own, since everybody can read that of the local profile"
                " (`tindak keys new-link-key` makes one)"
            )
        return found
