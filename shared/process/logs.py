"""Structured logs: one JSON object per line on standard output, without personal data."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.output import log_line

# aiokafka reports every refused connection as an error; outages are told once, by the retry that waits for them.
QUIET = ("aiokafka", "faststream", "pymongo", "motor", "uvicorn", "asyncio")


def configure(service: str, level: str) -> None:
    """Send the logs of this process, its libraries' warnings included, to standard output as JSON lines."""
    number = logging.getLevelNamesMapping()[level.upper()]

    def add_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    common: list[Processor] = [
        add_service,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*common, structlog.processors.JSONRenderer(log_line)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(log_line),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
