"""What could not be handled, with its bytes and the reason; never lost, never in the way."""

from datetime import datetime

from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import PermanentError, Record
from shared.topics import dead_letter_topic

REPLAYED_TOPIC = "dlq-topic"


class TooManyDeadLetters(PermanentError):
    """So many records in a row could not be handled that the fault must be ours: the consumer stops."""

    def __init__(self, in_a_row: int, last: str) -> None:
        super().__init__(f"{in_a_row} records in a row could not be handled, the last because: {last}")


def dead_letter(service: str, record: Record, reason: str, error: str, now: datetime, attempts: int = 1) -> Outgoing:
    """Return *record* for the dead-letter topic: original key, value and headers, and ``dlq-*`` headers beside them.

    Args:
        service: Who could not handle it.
        record: As it was read.
        reason: Machine code.
        error: Class and message, for people; holds no data of the record.
        now: Aware, UTC.
        attempts: How often handling was tried.
    """
    about = {
        "dlq-service": service,
        "dlq-topic": record.topic,
        "dlq-partition": str(record.partition),
        "dlq-offset": str(record.offset),
        "dlq-timestamp": record.timestamp.isoformat(),
        "dlq-reason": reason,
        "dlq-error": error[:1000],
        "dlq-attempts": str(attempts),
        "dlq-at": now.isoformat(),
    }
    headers = tuple(header for header in record.headers if not header[0].startswith("dlq-"))
    return Outgoing(
        id=f"{record.topic}/{record.partition}/{record.offset}",
        topic=dead_letter_topic(service),
        key=None if record.key is None else record.key.decode(errors="surrogateescape"),
        value=record.value,
        headers=headers + tuple((name, value.encode()) for name, value in about.items()),
    )
