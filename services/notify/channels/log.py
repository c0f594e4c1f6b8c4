"""The channel that writes messages to the log, for a machine without a mail relay and for the demo."""

from datetime import timedelta

import structlog

from services.notify.channels import Message
from services.notify.domain.outcomes import Delivered

log = structlog.get_logger()


def write(ticket_id: str, delivery_id: str, notice: str, role: str, language: str) -> None:
    """Write the line that tells of one message."""
    log.info("notice", ticket_id=ticket_id, delivery_id=delivery_id, notice=notice, role=role, language=language)


class LogChannel:
    """Writes one line per message: what was told to which role, and nothing of what it says or whom it names."""

    send_within = timedelta()

    async def send(self, message: Message) -> Delivered:
        """Return that it is written; a log gives no id."""
        write(message.ticket_id, message.id, message.notice, message.role, message.language)
        return Delivered(message.channel)

    async def close(self) -> None:
        """Do nothing: nothing is open."""
