"""What the command line may use of notify: its policy, and the texts to render for a check."""

from services.notify.domain.deliveries import REPORTER
from services.notify.domain.notices import OF_AGENCY, Notice
from services.notify.messages.templates import file_of
from services.notify.policy import FILE as NOTICES_FILE
from services.notify.policy import HEARD, INTRODUCTION, TEMPLATES, NoticePolicy, load_notices

__all__ = [
    "HEARD", "INTRODUCTION", "NOTICES_FILE", "OF_AGENCY", "REPORTER", "TEMPLATES", "Notice", "NoticePolicy", "file_of",
    "load_notices",
]  # fmt: skip
