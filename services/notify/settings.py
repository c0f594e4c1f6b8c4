"""Settings of notify beside the common ones; read once from the environment."""

from typing import Self

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How mail goes out, and how the sender works.

    Args:
        health_port: Where ``/health/live``, ``/health/ready`` and ``/metrics`` answer; 0 for a free one.
        contact_keys: ``TINDAK_CONTACT_KEYS``, known to intake and notify only: ``id:base64`` of 32 bytes, the current
            key first, then older ones, separated by commas.
        smtp_host: The mail relay; without one no mail is sent, which only the local profile may do.
        smtp_starttls: Refuse to send over a connection that is not encrypted.
        smtp_from: Address that the messages come from; its domain stands in every Message-ID.
        smtp_timeout_seconds: What one message may take in all, connecting included.
        smtp_connections_max: Messages on their way at the same time.
        send_every_seconds: Pause between two rounds once nothing is due.
        documents_max: Tickets in one round; a crash sends again at most the messages of one round.
        lease_seconds: After this long an attempt of which nothing is heard counts as lost and is made again.
    """

    model_config = SettingsConfigDict(env_prefix="TINDAK_NOTIFY_", frozen=True, extra="ignore")

    health_port: int = Field(default=8084, ge=0, le=65535)
    contact_keys: SecretStr = Field(validation_alias="TINDAK_CONTACT_KEYS")
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = True
    smtp_from: str = Field(default="lapor@tangsel.example", pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    smtp_from_name: str = Field(default="SP4N-LAPOR! Kota Tangerang Selatan", max_length=100, pattern=r"^[^\r\n]*$")
    smtp_reply_to: str | None = Field(default=None, pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    smtp_timeout_seconds: PositiveFloat = 20
    smtp_connections_max: PositiveInt = 4
    send_every_seconds: PositiveFloat = 1
    documents_max: int = Field(default=200, ge=1, le=2000)
    lease_seconds: PositiveFloat = 300

    @model_validator(mode="after")
    def lease_outlives_message(self) -> Self:
        """Raise ValueError if a message could still be on its way when its lease runs out."""
        if self.lease_seconds < 2 * self.smtp_timeout_seconds:
            raise ValueError("TINDAK_NOTIFY_LEASE_SECONDS must be at least twice TINDAK_NOTIFY_SMTP_TIMEOUT_SECONDS")
        return self
