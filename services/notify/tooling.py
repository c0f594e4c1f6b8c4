"""What the command line may use of notify: its policy, the texts to render for a check, what the archive keeps."""

from collections.abc import Iterator
from typing import Any

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.deliveries import REPORTER, Failed, Sent, Suppressed
from services.notify.domain.notices import OF_AGENCY, Notice
from services.notify.messages.templates import file_of
from services.notify.policy import FILE as NOTICES_FILE
from services.notify.policy import HEARD, INTRODUCTION, TEMPLATES, NoticePolicy, load_notices
from services.notify.store import STATE
from shared.events.envelope import stamp

__all__ = [
    "HEARD", "INTRODUCTION", "NOTICES_FILE", "OF_AGENCY", "REPORTER", "STATE", "TEMPLATES", "Notice", "NoticePolicy",
    "archived_notices", "file_of", "load_notices",
]  # fmt: skip


def archived_notices(state: Correspondence) -> list[dict[str, Any]]:
    """Return which notices went to whom, as JSON; no address and nothing of what they said."""
    return list(_notices(state))


def _notices(state: Correspondence) -> Iterator[dict[str, Any]]:
    for delivery in state.deliveries:
        if isinstance(delivery.situation, Sent | Failed | Suppressed):
            told = {"notice": delivery.notice, "role": delivery.role, "outcome": delivery.situation.kind}
            agency = {"agency": delivery.agency} if delivery.agency else {}
            yield told | agency | {"at": stamp(delivery.situation.at)}
