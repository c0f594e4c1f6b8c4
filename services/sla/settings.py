"""Settings of sla beside the common ones; read once from the environment."""

from pydantic import Field, PositiveFloat
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How the sweep works.

    Args:
        health_port: Where ``/health/live``, ``/health/ready`` and ``/metrics`` answer; 0 for a free one.
        sweep_every_seconds: Pause between two rounds once nothing is due; a breach is published so much late at most.
        documents_max: Tickets in one round of a worker.
    """

    model_config = SettingsConfigDict(env_prefix="TINDAK_SLA_", frozen=True, extra="ignore")

    health_port: int = Field(default=8083, ge=0, le=65535)
    sweep_every_seconds: PositiveFloat = 0.25
    documents_max: int = Field(default=500, ge=1, le=5000)
