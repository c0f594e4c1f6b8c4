"""What the data of all events has in common."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared import output
from shared.senders import Role

SEALED_TEXT_LENGTH_MAX = 43_000  # of 8000 symbols of four bytes
SEALED = r"^[A-Za-z0-9+/_-]{66,}={0,2}$"  # base64 of at least 49 bytes: a key, a tag, and something
BYTES_MAX = 2**63 - 1  # as far as MongoDB and most JSON readers count
HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]")


class HiddenCharacter(ValueError):
    """A text holds a character that people do not see; ``code`` names it, as in U+202E."""

    def __init__(self, symbol: str) -> None:
        self.code = f"U+{ord(symbol):04X}"
        super().__init__(f"holds the hidden character {self.code}")


def _refuse_hidden_characters(text: str) -> str:
    """Return *text*; raise HiddenCharacter if it holds control or bidirectional-override characters.

    Such characters show people another text than the one that was written (CVE-2021-42574).
    """
    # Whatever can be printed hides nothing, and Python tells it in half the time.
    if not text.isprintable() and (hidden := HIDDEN.search(text)):
        raise HiddenCharacter(hidden.group())
    return text


def _refuse_whatever_is_hidden(text: str) -> str:
    """Return *text*; raise HiddenCharacter if it holds anything that people do not see but a space."""
    if not text.isprintable() and (hidden := output.HIDDEN.search(text)):
        raise HiddenCharacter(hidden.group())
    return text


class Written:
    """Marks what people write: it may name somebody, unless a pattern leaves room for a code only."""


Text = Annotated[str, Written(), AfterValidator(_refuse_hidden_characters)]
Token = Annotated[Text, AfterValidator(_refuse_whatever_is_hidden)]
"""A text that machines make and compare, such as an id: nothing in it may be invisible, not even the end of a line."""
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

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Self:
        """Return what calling the class with *fields* returns, validated as there, in two thirds of the time."""
        made: Self = cls.__pydantic_validator__.validate_python(fields)
        return made


class Classification(StrEnum):
    """What kind of report it is; decides how long resolving it may take."""

    COMPLAINT_SUPERVISORY = "complaint_supervisory"
    COMPLAINT = "complaint"
    INFORMATION_REQUEST = "information_request"
    ASPIRATION = "aspiration"


class Priority(StrEnum):
    """How soon the agency should look."""

    NORMAL = "normal"
    HIGH = "high"
    EMERGENCY = "emergency"


class SlaClock(StrEnum):
    """The five legal clocks of a ticket."""

    VERIFY = "verify"
    RESPOND = "respond"
    RESOLVE = "resolve"
    COMPLETE = "complete"
    FEEDBACK = "feedback"


class MessageScope(StrEnum):
    """Of what a reporter wants no messages: of one ticket, or of every one whose messages come to the same address."""

    TICKET = "ticket"
    ADDRESS = "address"


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
    bytes: Annotated[int, Field(ge=0, le=BYTES_MAX)] | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class Actor(Model):
    """Who acted: a role and an id, never a private name."""

    role: Short
    id: Short


class SealedText(Model):
    """A text that one agency's key alone opens, bound to its ticket; how is told in docs/sealing.md."""

    sealed: Annotated[str, StringConstraints(max_length=SEALED_TEXT_LENGTH_MAX, pattern=SEALED)]
    key_id: Annotated[str, StringConstraints(min_length=1, max_length=32)]


class Author(Model):
    """Who brought a fact about: an agency, a channel for its reporter, or an officer, by code."""

    role: Role
    code: str


__all__ = [
    "Actor",
    "Attachment",
    "Author",
    "Classification",
    "Code",
    "EventData",
    "Instant",
    "Long",
    "MessageScope",
    "Model",
    "Origin",
    "Priority",
    "Reason",
    "SealedText",
    "Short",
    "SlaClock",
    "Text",
    "Token",
    "Written",
    "datetime",
]
