"""The channel that writes messages to the log, for a machine without a mail relay and for the demo."""

import structlog

from services.notify.channels import Message

log = structlog.get_logger()


def write(ticket_id: str, delivery_id: str, notice: str, role: str, language: str) -> None:
    """Write the line that tells of one message."""
    log.info("notice", ticket_id=ticket_id, delivery_id=delivery_id, notice=notice, role=role, language=language)


class LogChannel:
    """Writes one line per message: what was told to which role, and nothing of what it says or whom it names."""

    async def send(self, message: Message) -> str | None:
        """Return None, for a log gives no id."""
        write(message.ticket_id, message.id, message.notice, message.role, message.language)
        return None

    async def close(self) -> None:
        """Do nothing: nothing is open."""
