"""Settings of intake, read once from the environment."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.seal import public_keys


class Settings(BaseSettings):
    """Read once from the environment.

    Args:
        health_port: Where health and metrics answer; 0 for any free one.
        contact_keys: ``TINDAK_CONTACT_KEYS``, known to intake and notify only: ``id:base64`` of 32 bytes, the current
            key first, then older ones, separated by commas.
    """

    model_config = SettingsConfigDict(env_prefix="TINDAK_INTAKE_", frozen=True, extra="ignore")

    health_port: int = Field(default=8081, ge=0, le=65535)
    contact_keys: SecretStr = Field(validation_alias="TINDAK_CONTACT_KEYS")

    def unsafe(self) -> list[str]:
        """Return what only the local profile may do, a sentence each."""
        return public_keys(self.contact_keys.get_secret_value())
