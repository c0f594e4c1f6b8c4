"""Makes the MongoDB client and states its type, which Motor does not."""

from datetime import UTC
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection

from shared.delivery.documents.codec import Raw
from shared.process.settings import MongoSettings

Client = AsyncIOMotorClient[dict[str, Any]]

COLLECTION = "tickets"


def connect(settings: MongoSettings) -> Client:
    """Return a client for the running event loop, with every durability option spelled out; connects when used."""
    return AsyncIOMotorClient(
        settings.uri.get_secret_value(),
        w=settings.write_concern if settings.write_concern == "majority" else int(settings.write_concern),
        journal=settings.journal,
        wTimeoutMS=settings.timeout_ms,
        readConcernLevel="majority",
        readPreference="primary",
        retryWrites=True,
        retryReads=True,
        serverSelectionTimeoutMS=settings.timeout_ms,
        connectTimeoutMS=settings.timeout_ms,
        socketTimeoutMS=2 * settings.timeout_ms,
        tz_aware=True,
        tzinfo=UTC,
    )


def collection(settings: MongoSettings, service: str) -> AsyncIOMotorCollection[Raw]:
    """Return the one collection that *service* owns, in its own database."""
    return connect(settings)[settings.database_prefix + service][COLLECTION]
