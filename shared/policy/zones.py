"""Time zones in policy files."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _known_zone(name: str) -> str:
    """Return *name*; raise ValueError if the IANA database has no such zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"`{name}` is no time zone such as Asia/Jakarta") from None
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]
