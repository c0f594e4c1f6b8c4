"""What routing needs beyond the settings that all services share."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once from the environment.

    Args:
        health_port: Where ``/health/live``, ``/health/ready`` and ``/metrics`` answer; 0 for a free one.
        model_dir: Folder of a trained text model; None for none.
        shadow_policy_dir: Folder of a policy that only says what it would have decided; None for none.
        sweep_every_seconds: Pause between two looks for updates that have waited in vain for their complaint.
        documents_max: Tickets in one look.
    """

    model_config = SettingsConfigDict(env_prefix="TINDAK_ROUTING_", frozen=True, extra="ignore", env_ignore_empty=True)

    health_port: int = Field(default=8082, ge=0, le=65535)
    model_dir: Path | None = None
    shadow_policy_dir: Path | None = None
    sweep_every_seconds: float = Field(default=5, gt=0, le=60)
    documents_max: int = Field(default=500, ge=1, le=5000)
