"""Settings of the mailbox from which mail is received, read once from the environment."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Folder = Annotated[str, Field(pattern=r"^[ -~]{1,100}$")]


class MailboxSettings(BaseSettings):
    """How to reach an IMAP server, and its folders.

    Args:
        tls: ``implicit`` from the first byte on, ``starttls``, or ``none``, which only the local profile may do.
        folder: Where mail arrives.
        done_folder: To which mail is moved that needs nothing more; made if it is missing.
        refused_folder: To which mail is moved that somebody should look at, likewise.
        timeout_seconds: How long the server may leave one request unanswered.
        mails_max: In one go.
    """

    model_config = SettingsConfigDict(env_prefix="TINDAK_NOTIFY_IMAP_", frozen=True, extra="ignore")

    host: str = Field(min_length=1)
    port: int = Field(default=993, ge=1, le=65535)
    username: str = Field(min_length=1)
    password: SecretStr
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    folder: Folder = "INBOX"
    done_folder: Folder = "Done"
    refused_folder: Folder = "Refused"
    timeout_seconds: PositiveFloat = 30
    mails_max: int = Field(default=500, ge=1, le=10_000)
