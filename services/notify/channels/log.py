"""The channel that writes messages to the log, for a machine without a mail relay and for the demo."""

import structlog

from services.notify.channels import Message

log = structlog.get_logger()


class LogChannel:
    """Writes one line per message: what was told to which role, and nothing of what it says or whom it names."""

    async def send(self, message: Message) -> str | None:
        """Return None, for a log gives no id."""
        log.info(
            "notice",
            ticket_id=message.ticket_id,
            delivery_id=message.id,
            notice=message.notice,
            role=message.role,
            language=message.language,
        )
        return None

    async def close(self) -> None:
        """Do nothing: nothing is open."""
