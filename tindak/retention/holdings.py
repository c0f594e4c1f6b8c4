"""Which personal data lie where, in which form, and until when: what the code and the policy say of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared import topics
from shared.policy.retention import Retention
from shared.topics import Topic


class Form(StrEnum):
    """How much of a person can be read in what is held."""

    PLAIN = "plain"
    SEALED = "sealed"
    MASKED = "masked"
    HASHED = "hashed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Holding:
    """What one collection, topic or folder holds of people.

    Args:
        what: In words; of whom.
        form: The plainest in which any of it lies there.
        kept: Until when, in words.
    """

    what: str
    form: Form
    kept: str


NOBODY = "ids, codes and instants"
ANYTHING = "what was sent and could not be handled, as it came"

TOPICS: Mapping[str, tuple[str, Form]] = {
    topics.SUBMITTED: ("reporters: identity, and the report as written", Form.PLAIN),
    topics.UPDATES: ("reporters, agencies, officers: what they write, as written", Form.PLAIN),
    topics.ANSWERS: ("reporters: the report", Form.MASKED),
    topics.ACCEPTED: ("reporters: the report", Form.MASKED),
    topics.CONTACTS: ("reporters: identity", Form.SEALED),
    topics.REQUESTS: ("reporters: corrections of their identity", Form.SEALED),
    topics.EXPORTS: ("reporters: all that notify holds, for the officer who asked", Form.SEALED),
    topics.TICKETS: ("reporters, agencies, officers: what they write", Form.MASKED),
    topics.ROUTED: ("reporters, agencies, officers: the report, and what they write", Form.MASKED),
    topics.STATUS: ("agencies: what they write", Form.MASKED),
    topics.TRIAGE: ("reporters, agencies, officers: what they write", Form.MASKED),
    topics.QUESTIONS: (NOBODY, Form.NONE),
    topics.LINKS: ("agencies: what they answer", Form.MASKED),
    topics.SLA: (NOBODY, Form.NONE),
    topics.FOR_ROUTING: (NOBODY, Form.NONE),
    topics.WARNINGS: (NOBODY, Form.NONE),
    topics.BREACHES: (NOBODY, Form.NONE),
    topics.DELIVERIES: (NOBODY, Form.NONE),
    topics.AUDIT: ("officers: the code of who asked for an export", Form.NONE),
}
"""By topic, or family of topics."""


def of_topic(topic: Topic, retention: Retention) -> Holding:
    """Return what a topic holds of people; raise KeyError for one of which nobody has said it."""
    if topic.name.endswith((topics.dead_letter_topic(""), topics.replay_topic(""))):
        return Holding(ANYTHING, Form.PLAIN, _days(topic))
    family = topics.family_of(topic.name)
    what, form = TOPICS[family]
    if family in topics.FROM_OUTSIDE:
        return Holding(what, form, f"cut once handled and {retention.outsiders.days} days old; {_days(topic)} at most")
    return Holding(what, form, _days(topic))


def _days(topic: Topic) -> str:
    return (
        "until the reporter is erased, or the ticket leaves"
        if topic.retention_days is None
        else f"{topic.retention_days} days"
    )


def of_collections(retention: Retention) -> Mapping[tuple[str, str], Holding]:
    """Return, by service and collection, what it holds of people."""
    ended = f"{retention.ended_tickets.days} days after the ticket has ended"
    return {
        ("intake", "tickets"): Holding(
            "reporters: title and body as written; the answer with the sealed identity",
            Form.PLAIN,
            f"{retention.reports.days} days after acceptance",
        ),
        ("routing", "tickets"): Holding(
            "reporters, agencies, officers: the report, and what they write", Form.MASKED, f"{ended}, then the archive"
        ),
        ("sla", "tickets"): Holding(NOBODY, Form.NONE, ended),
        ("notify", "tickets"): Holding(
            "reporters: identity; what their notices are to say, masked", Form.SEALED, f"{ended} or last contact"
        ),
        ("notify", "digests"): Holding(NOBODY, Form.NONE, "as long as the post"),
        ("notify", "addresses"): Holding(
            "reporters: how many messages an address got", Form.HASHED, "some time after the last message"
        ),
    }


ARCHIVE = Holding(
    "agencies: title and final answer of tickets that have ended", Form.MASKED, "until somebody deletes it"
)
