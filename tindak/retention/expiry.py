"""Drops documents whose time has come, and notes on those of an earlier release or policy when that is."""

from datetime import datetime

from shared.adapters.mongo.client import collection
from shared.adapters.mongo.outages import outages_are_transient
from shared.delivery.documents.codec import Raw
from shared.policy.retention import Retention
from shared.process.settings import MongoSettings

EXPIRING = ("intake", "sla", "notify")
ACCEPTED_AT = "state.accepted_at"


async def expire(mongo: MongoSettings, retention: Retention, now: datetime, *, dry_run: bool) -> dict[str, int]:
    """Drop what has expired by *now*, as the database does by itself a minute later; return how many by service.

    Reports of intake expire by the policy as it is: also those that came under another, or to a release that noted
    nothing.

    Raises:
        TransientError: The database cannot be asked; what has been done by then stands.
    """
    expired: dict[str, int] = {}
    for service in EXPIRING:
        documents = collection(mongo, service)
        try:
            async with outages_are_transient():
                if service == "intake" and not dry_run:
                    await documents.update_many(*_rescheduled(retention))
                due = _reports_due(retention, now) if service == "intake" else {"expires_at": {"$lte": now}}
                if dry_run:
                    expired[service] = await documents.count_documents(due)
                else:
                    expired[service] = (await documents.delete_many({"expires_at": {"$lte": now}})).deleted_count
        finally:
            documents.database.client.close()
    return expired


def _expires_at(retention: Retention) -> Raw:
    accepted_at = {"$toDate": f"${ACCEPTED_AT}"}
    return {"$dateAdd": {"startDate": accepted_at, "unit": "day", "amount": retention.reports.days}}


def _rescheduled(retention: Retention) -> tuple[Raw, list[Raw]]:
    differs = {"$expr": {"$ne": ["$expires_at", _expires_at(retention)]}}
    unsaid = {"pending_at": {"$exists": False}, ACCEPTED_AT: {"$type": "string"}}
    return unsaid | differs, [{"$set": {"expires_at": _expires_at(retention), "rev": {"$add": ["$rev", 1]}}}]


def _reports_due(retention: Retention, now: datetime) -> Raw:
    unsaid = {"pending_at": {"$exists": False}, ACCEPTED_AT: {"$type": "string"}}
    return unsaid | {"$expr": {"$lte": [_expires_at(retention), now]}}
