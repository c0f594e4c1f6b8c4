"""What the command line may use of notify: its policy, the texts to render for a check, and the contacts it holds."""

from typing import TYPE_CHECKING

from services.notify.domain.correspondence import Correspondence, Unknown
from services.notify.domain.correspondence import Sealed as SealedContact
from services.notify.domain.deliveries import REPORTER
from services.notify.domain.notices import OF_AGENCY, Notice
from services.notify.messages.templates import file_of
from services.notify.policy import FILE as NOTICES_FILE
from services.notify.policy import HEARD, INTRODUCTION, TEMPLATES, NoticePolicy, load_notices
from shared.process.settings import MongoSettings

if TYPE_CHECKING:
    from services.notify.store import NotifyStore

__all__ = [
    "HEARD", "INTRODUCTION", "NOTICES_FILE", "OF_AGENCY", "REPORTER", "TEMPLATES", "Correspondence", "Notice",
    "NoticePolicy", "SealedContact", "Unknown", "file_of", "load_notices", "notify_store",
]  # fmt: skip


def notify_store(settings: MongoSettings) -> "NotifyStore":
    """Return notify's collection."""
    # The database is loaded by the one command that needs it.
    from services.notify.store import STATE, NotifyStore
    from shared.adapters.mongo.client import collection

    return NotifyStore(collection(settings, "notify"), STATE)
