"""Reads sending.yaml: when messages go out, how often that is tried, and when it is given up."""

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from services.notify.domain.sending.addresses import AddressLimits
from shared.policy.loading import PolicyModel

SENDING_FILE = "sending.yaml"
Seconds = Annotated[int, Field(ge=1, le=7 * 24 * 60 * 60)]


class QuietHoursEntry(PolicyModel):
    """Hours without messages to citizens, local time."""

    start: time
    end: time

    @model_validator(mode="after")
    def last_some_time(self) -> "QuietHoursEntry":
        """Raise ValueError if they begin when they end."""
        if self.start == self.end:
            raise ValueError("quiet hours end when they start; leave them out to have none")
        return self


class AddressesEntry(PolicyModel):
    """How many messages one reporter's address gets over all reports, and how long that is remembered."""

    hourly_max: Annotated[int, Field(ge=1)] = AddressLimits().hourly_max
    daily_max: Annotated[int, Field(ge=1)] = AddressLimits().daily_max
    remembered_days: Annotated[int, Field(ge=1, le=3650)] = AddressLimits().remembered_for.days
    cluster_days: Annotated[int, Field(ge=1, le=365)] = AddressLimits().news_for.days

    @property
    def value(self) -> AddressLimits:
        """Return what it means."""
        remembered_for, news_for = timedelta(days=self.remembered_days), timedelta(days=self.cluster_days)
        return AddressLimits(self.hourly_max, self.daily_max, remembered_for, news_for)


class SendingFile(PolicyModel):
    """The shape of sending.yaml: when messages go out, how often that is tried, and when it is given up."""

    version: Literal[1]
    quiet_hours: QuietHoursEntry | None = None
    wait_seconds: Seconds
    attempts_max: Annotated[int, Field(ge=1, le=50)]
    first_retry_seconds: Seconds
    longest_retry_seconds: Seconds
    stale_after_hours: Annotated[int, Field(ge=1, le=24 * 365)]
    daily_max: Annotated[int, Field(ge=1)]
    window_seconds: Seconds | None = None
    webhook_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] = 120
    addresses: AddressesEntry = AddressesEntry()
