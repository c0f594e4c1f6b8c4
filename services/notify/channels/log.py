"""The channel that writes messages to the log, for a machine without a mail relay and for the demo."""

import structlog

from services.notify.channels import Message

log = structlog.get_logger()


class LogChannel:
    """Writes one line per message, with its words and without any address or name."""

    async def send(self, message: Message) -> str | None:
        """Return None, for a log gives no id."""
        log.info(
            "notice",
            ticket_id=message.ticket_id,
            delivery_id=message.id,
            notice=message.notice,
            role=message.role,
            language=message.language,
            subject=message.subject,
            body=message.body,
        )
        return None

    async def close(self) -> None:
        """Do nothing: nothing is open."""
