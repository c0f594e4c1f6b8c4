"""What every event's data has in common; never an event itself."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

FORBIDDEN = {chr(0), *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
CONTROLS = {chr(code) for code in range(32)} - {"\n", "\r", "\t"}


def refuse_hidden_characters(text: str) -> str:
    """Return *text*; raise ValueError if it holds control or bidirectional-override characters.

    Such characters show people another text than the one that was written (CVE-2021-42574).
    """
    hidden = next((symbol for symbol in text if symbol in FORBIDDEN or symbol in CONTROLS), None)
    if hidden is not None:
        raise ValueError(f"holds the hidden character U+{ord(hidden):04X}")
    return text


Text = Annotated[str, AfterValidator(refuse_hidden_characters)]
Short = Annotated[Text, StringConstraints(min_length=1, max_length=200)]
Long = Annotated[Text, StringConstraints(max_length=8000)]
Code = Annotated[Text, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_]*$")]
Instant = AwareDatetime


class Model(BaseModel):
    """Frozen; unknown fields are ignored, so that a later version may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null", allow_inf_nan=False)


class EventData(Model):
    """The ``data`` of one type of event."""

    TYPE: ClassVar[str]


class Classification(StrEnum):
    """What kind of report it is; decides how long resolving it may take."""

    COMPLAINT_SUPERVISORY = "complaint_supervisory"
    COMPLAINT = "complaint"
    INFORMATION_REQUEST = "information_request"
    ASPIRATION = "aspiration"


class SlaClock(StrEnum):
    """The five legal clocks of a ticket."""

    VERIFY = "verify"
    RESPOND = "respond"
    RESOLVE = "resolve"
    COMPLETE = "complete"
    FEEDBACK = "feedback"


class Reason(Model):
    """Why something was refused: a machine code and a sentence in both languages."""

    code: str
    field: str | None = None
    message_id: str
    message_en: str


class Origin(Model):
    """Where a record lies in its topic, and the hash of its bytes (never the bytes)."""

    partition: int
    offset: int
    sha256: str


class Attachment(Model):
    """A file that lies elsewhere."""

    uri: Annotated[Text, StringConstraints(min_length=1, max_length=2000)]
    media_type: Annotated[Text, StringConstraints(min_length=1, max_length=200)]
    bytes: Annotated[int, "size"] | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class Actor(Model):
    """Who acted: a role and an id, never a private name."""

    role: Short
    id: Short


__all__ = [
    "Actor",
    "Attachment",
    "Classification",
    "Code",
    "EventData",
    "Instant",
    "Long",
    "Model",
    "Origin",
    "Reason",
    "Short",
    "SlaClock",
    "Text",
    "datetime",
]
