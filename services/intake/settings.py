"""Settings of intake, read once from the environment."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.intake.domain.ticket_ids import LOCAL_KEY, TicketIds
from shared.sealing_keys import PUBLIC_KEYS, trial_keys


class Settings(BaseSettings):
    """Read once from the environment.

    Args:
        health_port: Where health and metrics answer; 0 for any free one.
        contact_public_keys: ``TINDAK_CONTACT_PUBLIC_KEYS``: ``id:base64`` of 32 bytes, separated by commas. The first
            seals, and nothing here opens; channels may seal with any of them.
        id_key: ``TINDAK_ID_KEY``, known to intake only: base64 of at least 32 bytes, the same for as long as the
            database is kept. Only the local profile may do without; it has a public one.
        former_ids: Whether to know reports again that release 0.1.0 took, under ids that followed from no key; for as
            long after an upgrade as reports may be repeated.
    """

    model_config = SettingsConfigDict(env_prefix="TINDAK_INTAKE_", frozen=True, extra="ignore")

    health_port: int = Field(default=8081, ge=0, le=65535)
    contact_public_keys: str = Field(validation_alias=PUBLIC_KEYS)
    id_key: SecretStr = Field(default=SecretStr(LOCAL_KEY), validation_alias="TINDAK_ID_KEY")
    former_ids: bool = False

    @field_validator("id_key", mode="before")
    @classmethod
    def empty_is_not_set(cls, given: object) -> object:
        """Return the key of the local profile for an empty text, which is how Compose says that nothing is set."""
        return given or LOCAL_KEY

    def ticket_ids(self) -> TicketIds:
        """Return the ids that tickets get; raise IdKeyInvalid if the key is none."""
        return TicketIds.from_text(self.id_key.get_secret_value())

    def unsafe(self) -> list[str]:
        """Return what only the local profile may do, a sentence each; raise IdKeyInvalid as `ticket_ids` does."""
        found = trial_keys(self.contact_public_keys, PUBLIC_KEYS)
        if self.ticket_ids() == TicketIds.from_text(LOCAL_KEY):
            found.append(
                "TINDAK_ID_KEY must be set to a key of your own, since everybody can read that of the local profile"
                " (`tindak keys new-id-key` makes one for good: back it up with the database)"
            )
        return found
