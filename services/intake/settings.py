"""Settings of intake, read once from the environment."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once from the environment.

    Args:
        health_port: Where health and metrics answer; 0 for any free one.
        contact_keys: ``TINDAK_CONTACT_KEYS``, known to intake and notify only: ``id:base64`` of 32 bytes, the current
            key first, then older ones, separated by commas.
        id_key: ``TINDAK_ID_KEY``, known to intake only: base64 of at least 32 bytes, the same for as long as the
            database is kept. Only the local profile may do without; it has a public one.
    """

    model_config = SettingsConfigDict(env_prefix="TINDAK_INTAKE_", frozen=True, extra="ignore")

    health_port: int = Field(default=8081, ge=0, le=65535)
    contact_keys: SecretStr = Field(validation_alias="TINDAK_CONTACT_KEYS")
    id_key: SecretStr = Field(default=SecretStr(""), validation_alias="TINDAK_ID_KEY")
