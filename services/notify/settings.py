"""Settings of notify, read once from the environment."""

from typing import Self

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.mail_addresses import header_address
from shared.seal import Opener
from shared.sealing_keys import FORMER_KEYS, PRIVATE_KEYS, trial_keys

LEASE_SECONDS = 300.0


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
        smtp_connections_max: Messages on their way at the same time.
        send_every_seconds: Pause between two rounds once nothing is due.
        documents_max: Tickets in one round; a crash sends again at most the messages of one round.
        lease_seconds: After this long an attempt of which nothing is heard counts as lost and is made again.
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
    send_every_seconds: PositiveFloat = 1
    documents_max: int = Field(default=200, ge=1, le=2000)
    lease_seconds: PositiveFloat = LEASE_SECONDS

    @field_validator("smtp_from", "smtp_reply_to")
    @classmethod
    def can_stand_in_a_header(cls, given: str | None) -> str | None:
        """Raise ValueError unless *given* is an address: with a wrong one, no message at all could be written."""
        if given is not None:
            header_address(given)
        return given

    @model_validator(mode="after")
    def lease_outlives_message(self) -> Self:
        """Raise ValueError if a lease has no time to send, as long again to save how it went, and some to begin in."""
        if self.lease_seconds < 3 * self.smtp_timeout_seconds:
            raise ValueError(
                "TINDAK_NOTIFY_LEASE_SECONDS must be at least three times TINDAK_NOTIFY_SMTP_TIMEOUT_SECONDS"
            )
        return self

    def opener(self) -> Opener:
        """Return what opens contacts; raise ContactKeysInvalid if the keys are none."""
        return Opener.from_text(
            self.contact_private_keys.get_secret_value(), self.former_contact_keys.get_secret_value()
        )

    def unsafe(self, stop_within_seconds: float) -> list[str]:
        """Return what only the local profile may do, a sentence each."""
        private, former = self.contact_private_keys.get_secret_value(), self.former_contact_keys.get_secret_value()
        found = trial_keys(private, PRIVATE_KEYS) + (trial_keys(former, FORMER_KEYS) if former else [])
        if self.smtp_host is None:
            found.append("TINDAK_NOTIFY_SMTP_HOST is not set; without a mail relay nobody is told anything")
        if not self.smtp_starttls:
            found.append("TINDAK_NOTIFY_SMTP_STARTTLS must be true, since messages hold names and addresses (is false)")
        if self.smtp_timeout_seconds >= stop_within_seconds:
            found.append(
                "TINDAK_NOTIFY_SMTP_TIMEOUT_SECONDS must be less than TINDAK_STOP_WITHIN_SECONDS, "
                "so that what is on its way can be ended and saved"
            )
        return found
