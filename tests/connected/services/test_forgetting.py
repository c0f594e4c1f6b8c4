"""One of 200 reporters is erased on real servers and found nowhere afterwards; all the others still are."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from shared import events as e
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.topics import Topic
from tests.connected.notify.relay import Relay
from tests.faults.city import CATALOGUE, EVERY_TOPIC
from tests.journey.people import Person, Search
from tests.journey.policies import NO_QUIET_HOURS, policy_with
from tests.journey.post import mail_settings
from tests.journey.story import Story, story_of
from tests.journey.test_identities import documents
from tests.sealing import OPENER
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running, until
from tindak.client.envelopes import submission, update
from tindak.client.kafka import Client
from tindak.retention.purge import cut, cuts
from tindak.topics import apply

pytestmark = [pytest.mark.connected, pytest.mark.timeout(170)]

REPORTERS, ERASED = 200, 77
# What channels wrote themselves goes once these topics are cut; what could not be handled of it, as a dead letter.
IN_PLAIN = frozenset(
    {name for name in EVERY_TOPIC if topics.is_from_outside(name)}
    | {topics.dead_letter_topic("intake"), topics.replay_topic("intake")}
)
COMPACTED_WITHIN_SECONDS = 1.0


def word(number: int) -> str:
    """Return a name that nobody else has."""
    return "Wa" + "".join(chr(ord("a") + number // 26**power % 26) for power in range(3)) + "qo"


def person(number: int) -> Person:
    return Person(
        f"{word(number)} {word(number + 500)}", f"0819{number:08d}", f"{word(number).lower()}@warga.example",
        f"367401{1 + number % 28:02d}0190{number:04d}",
    )  # fmt: skip


PEOPLE = [person(number) for number in range(REPORTERS)]


def report(number: int, who: Person) -> Outgoing:
    data = {
        "channel": "web",
        "source_id": f"lapor-{number}",
        "title": "Lampu jalan mati",
        "body": f"Lampu jalan mati di Jalan Kenanga {number}. {who.typed(0)}",
        "reporter": who.reporter,
    }
    return submission(data, datetime.now(UTC))


def reply(ticket: str, who: Person) -> Outgoing:
    said = e.ReplyToTicket(ticket_id=ticket, text=f"Nama saya {who.name}, NIK {who.national_id}, {who.phone}.")
    return update(said, "/channels/web", datetime.now(UTC))


async def taken(story: Story) -> dict[int, e.ComplaintAccepted]:
    """Let everybody report, and every fourth reply; return how each was accepted."""
    await story.client.publish([report(number, who) for number, who in enumerate(PEOPLE)])

    def all_accepted() -> dict[int, e.ComplaintAccepted] | None:
        said = {int(one.source_id[6:]): one for one in story.all(e.ComplaintAccepted, topics.ACCEPTED)}
        return said if len(said) == REPORTERS else None

    accepted = await story.until(all_accepted, "everybody accepted")
    replying = [number for number in accepted if number % 4 == ERASED % 4]
    await story.client.publish([reply(accepted[number].ticket_id, PEOPLE[number]) for number in replying])
    replied = lambda: len(story.all(e.ReporterReplied, topics.TICKETS)) == len(replying) or None  # noqa: E731
    await story.until(replied, "every reply heard")
    return accepted


async def contacts(client: Client) -> dict[str, list[bytes | None]]:
    """Return what lies on the topic of contacts now, by ticket."""
    found: dict[str, list[bytes | None]] = {}
    for record in await client.read([topics.CONTACTS]):
        found.setdefault((record.key or b"").decode(), []).append(record.value)
    return found


def rejected(story: Story) -> list[e.ComplaintRejected]:
    return story.all(e.ComplaintRejected, topics.answers_topic("web"))


def has_forgotten(namespace: Namespace, ticket: str) -> bool:
    """Return whether notify has erased a ticket's reporter, and no message to them is on its way any more."""
    with MongoClient[dict[str, Any]](namespace.mongo.uri.get_secret_value()) as client:
        found = client[namespace.mongo.database_prefix + "notify"]["tickets"].find_one({"_id": ticket})
    if found is None:  # what is said of a ticket within a second is mostly saved at once
        return False
    moving = [one for one in found["state"]["deliveries"] if one["situation"]["kind"] == "sending"]
    return found["state"]["contact"] == {"kind": "erased"} and not moving


async def compacted(story: Story, ticket: str) -> None:
    """Return once only the tombstone is left of a ticket; others go on reporting, which opens new segments."""
    for number in range(REPORTERS, REPORTERS + 120):
        said = (await contacts(story.client)).get(ticket, [])
        if said and set(said) == {None}:
            return
        await story.client.publish([report(number, person(number))])
        await asyncio.sleep(0.5)  # how often we look
    raise AssertionError("the contact lies on its topic still")


async def raw(client: Client, names: Iterable[str]) -> dict[str, bytes]:
    """Return all that lies on each topic now: keys, values and headers."""
    found: dict[str, list[bytes]] = {name: [] for name in names}
    for record in await client.read(list(found)):
        found[record.topic] += [record.key or b"", record.value or b"", *(value for _, value in record.headers)]
    return {name: b"\n".join(parts) for name, parts in found.items()}


async def raw_once_cut(client: Client, namespace: Namespace, gone: Person) -> dict[str, bytes]:
    """Return what is left of what channels wrote in plain, once what is handled of it was cut as if it were old."""
    search = Search([gone])
    assert any(search.traces(words) for words in (await raw(client, IN_PLAIN)).values())
    written = [name for name in IN_PLAIN if topics.is_from_outside(name)]
    for _ in range(60):
        assert await cut(namespace.kafka, await cuts(namespace.kafka, written, datetime.now(UTC) + timedelta(hours=1)))
        left = await raw(client, IN_PLAIN)
        if not any(search.traces(words) for words in left.values()):
            return left
        await asyncio.sleep(0.5)  # how often we look: a service commits what it has handled a moment later
    raise AssertionError("what was handled lies on the channel's topic still")


def traces(person: Person, sealed: str, places: dict[str, bytes]) -> dict[str, Any]:
    """Return where something of a person is found."""
    search = Search([person])
    found = {
        place: search.traces(words) | ({"sealed"} if sealed.encode() in words else set())
        for place, words in places.items()
    }
    return {place: what for place, what in found.items() if what}


@pytest.fixture
async def city(namespace: Namespace, tmp_path: Path) -> AsyncIterator[tuple[Story, Fleet, Relay]]:
    """A city whose contacts are compacted within a second, and which sends mail."""
    hasty = namespace.kafka.model_copy(update={"compacted_within_hours": COMPACTED_WITHIN_SECONDS / 3600})
    apply(hasty, [_fewer(one) for one in CATALOGUE if one.name == topics.CONTACTS])
    relay = Relay()
    with relay.listening():
        settings = mail_settings(relay) | {"TINDAK_LOG_LEVEL": "debug"}
        fleet = Fleet(namespace, tmp_path, policy=policy_with(tmp_path, NO_QUIET_HOURS), settings=settings)
        async with running(fleet), story_of(namespace) as story:
            yield story, fleet, relay


def _fewer(topic: Topic) -> Topic:
    return Topic(topic.name, topic.written_by, topic.read_by, 3, topic.retention_days)


async def test_one_erased_of_200_is_found_nowhere_also_after_the_channel_repeats_the_report(
    city: tuple[Story, Fleet, Relay], namespace: Namespace
) -> None:
    story, fleet, relay = city
    accepted = await taken(story)
    gone, ticket = PEOPLE[ERASED], accepted[ERASED].ticket_id
    sealed = {one.ticket_id: one for one in story.all(e.ContactSealed, topics.CONTACTS)}

    [erased] = await story.ask("/officers/privacy", e.EraseReporter(ticket_id=ticket, reason="Diminta pelapor."))
    assert isinstance(erased, e.ReporterErased)
    await until(lambda: has_forgotten(namespace, ticket), 60, lambda: "notify holds the contact still")
    mailed = len(relay.recipients)
    await story.client.publish([report(ERASED, gone)])
    refused = await story.until(lambda: rejected(story) or None, "a refusal")
    await compacted(story, ticket)

    assert [reason.code for one in refused for reason in one.reasons] == ["erased"]
    places = await raw(story.client, (name for name in EVERY_TOPIC if name not in IN_PLAIN))
    places |= await raw_once_cut(story.client, namespace, gone)
    places |= {f"database of {service}": documents(namespace, service) for service in topics.SERVICES}
    places |= {member.log.name: member.log.read_bytes() for member in fleet.members}
    assert traces(gone, sealed[ticket].sealed, places) == {}
    assert gone.email not in relay.recipients[mailed:]
    kept = documents(namespace, "notify")
    others = [number for number in range(REPORTERS) if number != ERASED]
    assert [number for number in others if not _is_held(sealed[accepted[number].ticket_id], PEOPLE[number], kept)] == []
    unheard = [number for number in others if accepted[number].ticket_id.encode() not in places["database of routing"]]
    assert unheard == []


def _is_held(contact: e.ContactSealed, who: Person, kept: bytes) -> bool:
    opened = OPENER.open_contact(contact.ticket_id, contact.sealed, contact.key_id, contact.scheme)
    return opened.name == who.name and contact.sealed.encode() in kept


def test_the_search_finds_each_reporter() -> None:
    """A search that finds nothing proves something only if it finds what is there."""
    there: Sequence[bytes] = [who.typed(number).encode() for number, who in enumerate(PEOPLE)]

    assert [who.name for who, words in zip(PEOPLE, there, strict=True) if not Search([who]).traces(words)] == []
