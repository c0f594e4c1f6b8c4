"""What routing needs beyond the settings that all services share."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once from the environment."""

    model_config = SettingsConfigDict(env_prefix="TINDAK_ROUTING_", frozen=True, extra="ignore", env_ignore_empty=True)

    health_port: int = Field(default=8082, ge=0, le=65535)
    model_dir: Path | None = None
    shadow_policy_dir: Path | None = None
