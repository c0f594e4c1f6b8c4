"""Translates errors of MongoDB's driver into transient and permanent ones."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bson.errors import BSONError
from pymongo.errors import PyMongoError

from shared.delivery.ports import PermanentError, TransientError


@asynccontextmanager
async def outages_are_transient() -> AsyncIterator[None]:
    """Turn the driver's errors into the two families that decide delivery."""
    try:
        yield
    except BSONError as error:
        raise PermanentError(f"MongoDB cannot hold what it was asked for: {type(error).__name__}") from error
    except PyMongoError as error:
        sentence = str(error).split(" (configured timeouts", 1)[0]  # the driver goes on about its topology
        raise TransientError(f"MongoDB: {type(error).__name__}: {sentence[:200]}") from error
