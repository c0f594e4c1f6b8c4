"""Settings that every service shares, read once from the environment and passed down as values."""

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Profile = Literal["local", "cluster"]


class UnsafeSettings(ValueError):
    """The cluster profile was asked for something unsafe; the sentence names every variable and what it must be."""


class KafkaSettings(BaseSettings):
    """How to reach the broker, and every delivery option spelled out."""

    model_config = SettingsConfigDict(env_prefix="TINDAK_KAFKA_", frozen=True, extra="ignore")

    bootstrap_servers: str = "127.0.0.1:9092"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_file: Path | None = None
    ssl_certificate_file: Path | None = None
    ssl_key_file: Path | None = None
    topic_prefix: str = ""
    replication_factor: PositiveInt = 3
    compacted_within_hours: PositiveFloat = 24
    acks: Literal["all", "1", "0"] = "all"
    enable_idempotence: bool = True
    request_timeout_ms: PositiveInt = 15_000
    batch_records_max: int = Field(default=2000, ge=1, le=5000)
    batch_wait_ms: int = Field(default=10, ge=1, le=1000)
    fetch_max_wait_ms: int = Field(default=500, ge=1, le=10_000)
    fetch_idle_wait_ms: int = Field(default=500, ge=1, le=10_000)
    session_timeout_ms: int = Field(default=10_000, ge=3_000)
    heartbeat_interval_ms: int = Field(default=2_000, ge=500)
    max_poll_interval_ms: int = Field(default=600_000, ge=60_000)

    @model_validator(mode="after")
    def refuse_one_missed_heartbeat(self) -> "KafkaSettings":
        """Raise ValueError if two heartbeats that are lost or late would count as a death."""
        if 3 * self.heartbeat_interval_ms > self.session_timeout_ms:
            raise ValueError(
                f"TINDAK_KAFKA_HEARTBEAT_INTERVAL_MS ({self.heartbeat_interval_ms}) must be at most a third of"
                f" TINDAK_KAFKA_SESSION_TIMEOUT_MS ({self.session_timeout_ms})"
            )
        return self


class MongoSettings(BaseSettings):
    """How to reach the database, and every durability option spelled out."""

    model_config = SettingsConfigDict(env_prefix="TINDAK_MONGO_", frozen=True, extra="ignore")

    uri: SecretStr = SecretStr("mongodb://127.0.0.1:27017/?replicaSet=rs0")
    database_prefix: str = "tindak_"
    write_concern: Literal["majority", "1", "0"] = "majority"
    journal: bool = True
    timeout_ms: PositiveInt = 5_000
    compressed_outbox: bool = True


class CommonSettings(BaseSettings):
    """What every service needs beside its own settings."""

    model_config = SettingsConfigDict(env_prefix="TINDAK_", frozen=True, extra="ignore")

    profile: Profile = "cluster"
    policy_dir: Path = Path("policy")
    policy_look_every_seconds: PositiveFloat = 5
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    health_host: str = "127.0.0.1"
    bugs_window_records: PositiveInt = 200
    bugs_share_max: float = Field(default=0.5, gt=0, le=1)
    relay_every_seconds: PositiveFloat = 5
    relay_after_seconds: PositiveFloat = 10
    clock_skew_max_seconds: PositiveFloat = 30
    stuck_after_seconds: PositiveFloat = 60
    stop_within_seconds: PositiveFloat = 20
    shared_topics: bool = False
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    mongo: MongoSettings = Field(default_factory=MongoSettings)
