"""Who reports stays between the reporter, intake and notify, whatever becomes of the report."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pymongo import MongoClient

from shared import events as e
from shared import topics
from shared.delivery.outgoing import Outgoing
from tests.builders import FROM_WEB
from tests.connected.notify.relay import Relay, free_port
from tests.faults.city import EVERY_TOPIC
from tests.journey.confessions import REFUSED, STORIES, TAKEN, UNREADABLE
from tests.journey.people import PEOPLE, Person, Search
from tests.journey.policies import NO_QUIET_HOURS, STAND_IN_GATEWAYS, policy_with
from tests.journey.post import mail_settings
from tests.journey.story import Story, story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running
from tests.servers.gateway import Answer, Asked, StandInGateway
from tindak.client.envelopes import update

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

SEARCH = Search(PEOPLE)
SECRET = f"whsec_{base64.b64encode(bytes(32)).decode()}"
WITH_LINKS = {"TINDAK_NOTIFY_HTTP_PORT": "0", "TINDAK_NOTIFY_LINK_BASE_URL": "http://127.0.0.1:8090"}
CHAT, TOKEN = "-1001234567890", "kata-sandi-tanda-terima"
TELEGRAM = """
  - code: telegram_stand_in
    channel: telegram
    url: "http://127.0.0.1:9/telegram"
    address: chat
    format: json
    body: {to: "{{ to }}", text: "{{ text }}", id: "{{ id }}"}
    answer: {success: {statuses: [200]}, message_id: id}
"""
RECEIPTS = """version: 1
receipts:
  whatsapp_stand_in:
    channel: whatsapp
    proof: {kind: token, secret_env: TINDAK_GATEWAY_RECEIPT_TOKEN, header: X-Receipt-Token}
    format: json
    reference: reference
    provider_id: id
    status: status
    error: error
    delivered: [delivered]
    failed: [failed]
"""
# The channels' own words, and what intake could not handle of them.
NOT_SEARCHED = frozenset(
    {name for name in EVERY_TOPIC if topics.family_of(name) == topics.SUBMITTED}
    | {topics.dead_letter_topic("intake"), topics.replay_topic("intake")}
)


def answers(routed: e.TicketRouted) -> Iterator[tuple[str, e.Command]]:
    """Yield what agency and reporter do with a ticket until it is closed."""
    agency, ticket = f"/agencies/{routed.agency}", routed.ticket_id
    yield agency, e.AcknowledgeTicket(ticket_id=ticket)
    yield agency, e.HoldTicket(ticket_id=ticket, reason=e.HoldReason.NEEDS_REPORTER, question="Di mana?")
    yield agency, e.AnswerTicket(ticket_id=ticket, answer="Sudah selesai ditangani.", final=True)


async def worked_off(story: Story) -> None:
    """Let every agency and every reporter do their part."""
    routed = {fact.ticket_id: fact for fact in story.all(e.TicketRouted, topics.TICKETS)}
    channels = {report.ticket_id: report.channel for report in story.all(e.ComplaintAccepted, topics.ACCEPTED)}
    asked = [update(command, who, datetime.now(UTC)) for fact in routed.values() for who, command in answers(fact)]
    await story.client.publish(asked)
    # What agencies and channels write lies on different topics, between which there is no order.
    await story.until(lambda: len(story.all(e.TicketAnswered, topics.TICKETS)) >= len(routed) or None, "all answered")
    confirmed = [
        update(e.ConfirmTicket(ticket_id=ticket, rating=4), f"/channels/{channels[ticket]}", datetime.now(UTC))
        for ticket in routed
    ]
    await story.client.publish(confirmed)
    await story.until(lambda: len(story.all(e.TicketClosed, topics.TICKETS)) == len(routed) or None, "all closed")


def channel_of(line: bytes) -> str:
    """Return the topic of the channel that hands a report over, or of the web where it cannot be told."""
    return topics.submitted_topic("sms_1708") if b'"/channels/sms_1708"' in line else FROM_WEB


def refused(story: Story) -> list[e.ComplaintRejected]:
    """Return everything that was refused, to whichever channel."""
    answered = [name for name in EVERY_TOPIC if topics.family_of(name) == topics.ANSWERS]
    return [one for name in answered for one in story.all(e.ComplaintRejected, name)]


async def hand_in(story: Story, lines: Sequence[bytes]) -> None:
    """Let channels write *lines*, and return once all that follows has been said."""
    written = [Outgoing("", channel_of(line), f"key {number}", line) for number, line in enumerate(lines)]
    await story.client.publish(written)
    await story.audited()


def told_all(story: Story) -> bool:
    """Return whether whoever can be reached has been told that a ticket is closed, by mail or in the log."""
    ended = [fact for fact in story.all(e.DeliveryFact, topics.DELIVERIES) if fact.notice == "closed"]
    return len(ended) == len(story.all(e.TicketClosed, topics.TICKETS))


def sent_by(story: Story, channel: str) -> list[e.NotificationSent]:
    """Return what was sent by a channel."""
    return [fact for fact in story.all(e.NotificationSent, topics.DELIVERIES) if fact.channel == channel]


def words_on(story: Story, topic: str) -> bytes:
    """Return all that lies on a topic: keys, values and headers."""
    records = [record for record in story.records if record.topic == topic]
    headers = [part for record in records for name, value in record.headers for part in (name.encode(), value)]
    return b"\n".join((*(part or b"" for record in records for part in (record.key, record.value)), *headers))


def leaves(held: Any) -> Iterator[bytes]:
    """Yield every text and every bytes in a stored document, names of fields included."""
    match held:
        case dict():
            yield from (leaf for name, value in held.items() for leaf in (name.encode(), *leaves(value)))
        case list() | tuple():
            yield from (leaf for value in held for leaf in leaves(value))
        case bytes():
            yield held
        case _:
            yield str(held).encode()


def documents(namespace: Namespace, service: str) -> bytes:
    """Return all that a service's database holds."""
    with MongoClient[dict[str, Any]](namespace.mongo.uri.get_secret_value()) as client:
        database = client[namespace.mongo.database_prefix + service]
        names = database.list_collection_names()
        assert "tickets" in names
        return b"\n".join(leaf for name in names for found in database[name].find() for leaf in leaves(found))


def coded(text: str) -> Iterator[bytes]:
    """Yield *text* as it may stand in a topic, a log or a document."""
    raw = text.encode()
    yield raw
    yield raw.upper()
    yield json.dumps({"said": text}).encode()
    yield raw.hex().encode()
    yield quote(text).encode()
    for before in (b"", b"{", b'{"'):
        yield base64.b64encode(before + raw + b'"}')
        yield base64.urlsafe_b64encode(before + raw + b'"}')


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_the_search_finds_each_of_ten_people_however_they_are_written(person: Person) -> None:
    """A search that finds nothing proves something only if it finds what is there."""
    search = Search([person])
    written = [*person.names, *person.numbers, *person.emails, *person.niks, *person.name.split()]

    assert [code for text in written for code in coded(text) if not search.traces(b"..." + code + b"...")] == []
    assert search.traces("".join(f"{title} {body}" for title, body in STORIES).encode()) == set()


def test_the_search_looks_into_every_corner_of_a_document() -> None:
    found = b"\n".join(leaves({"a": [{"Siti": b"1"}, (2, "3")], "b": None, "at": datetime(2026, 3, 2, tzinfo=UTC)}))

    assert all(word in found for word in (b"a", b"Siti", b"1", b"2", b"3", b"b", b"2026"))


def takes(asked: Asked) -> Answer:
    """Return that a message was taken, or a call."""
    return Answer(200, {"id": asked.json["id"]})


def takes_half(asked: Asked) -> Answer:
    """Return that a call was taken, or that it never will be, so that it goes by the next way."""
    return takes(asked) if int(str(asked.json["id"])[-1], 16) % 2 else Answer(410)


def stand_in(usual: Callable[[Asked], Answer] = takes) -> StandInGateway:
    """Return a server that answers as *usual*, on a port that is free now."""
    gateway = StandInGateway(usual=usual)
    gateway.port = free_port()
    return gateway


def reaching(folder: Path, gateway: StandInGateway, webhooks: StandInGateway) -> Path:
    """Return the policy with the demonstration's gateways, and for each agency a server of its own and a chat."""
    policy = policy_with(folder, NO_QUIET_HOURS, *STAND_IN_GATEWAYS)
    webhook = (
        f'    webhook: {{url: "{webhooks.url}/notices", secret_env: TINDAK_WEBHOOK_AGENCIES}}\n    telegram: "{CHAT}"\n'
    )
    for name, before, after in (
        ("sending.yaml", "daily_max: 30\n", "daily_max: 30\naddresses: {hourly_max: 1000, daily_max: 1000}\n"),
        (
            "gateways.yaml",
            "messages_per_second: 100\n  - code: sms",
            f"messages_per_second: 100{TELEGRAM}  - code: sms",
        ),
        ("gateways.yaml", 'id: "{{ id }}"}\n', 'id: "{{ id }}", reference: "{{ reference }}"}\n'),
        ("gateways.yaml", "127.0.0.1:9/", f"127.0.0.1:{gateway.port}/"),
        ("receipts.yaml", "version: 1\n\nreceipts: {}\n", RECEIPTS),
        ("agencies.yaml", "    email: ", f"{webhook}    email: "),
        (
            "notices.yaml",
            "to: [liaison]\n    starts: respond\n    channels: [",
            "to: [liaison]\n    starts: respond\n    channels: [telegram, ",
        ),
    ):
        text = (policy / name).read_text("utf-8")
        assert before in text
        (policy / name).write_text(text.replace(before, after), "utf-8")
    return policy


async def say_what_became(gateway: StandInGateway, port: int) -> int:
    """Let the gateway say of each message by WhatsApp what became of it, with all that it knows of whom it was for.

    Returns:
        How many did not arrive.
    """
    taken = [asked.json for asked in gateway.taken if asked.path == "/whatsapp"]
    async with httpx.AsyncClient(headers={"X-Receipt-Token": TOKEN}) as client:
        for number, message in enumerate(taken):
            status = ("failed", "delivered")[number % 2]
            [person] = [each for each in PEOPLE if str(message["to"]).endswith(each.number)]
            told = {"id": message["id"], "reference": message["reference"], "status": status, "to": person.number}
            told |= {"error": f"{person.name} <{person.email}>", "text": message["text"]}
            answer = await client.post(f"http://127.0.0.1:{port}/receipts/whatsapp_stand_in", json=told)
            assert answer.status_code == 200
    return (len(taken) + 1) // 2


def by_telephone(gateway: StandInGateway, person: Person) -> Iterator[bytes]:
    """Yield what was written to somebody's number."""
    for asked in gateway.taken:
        if str(asked.json["to"]).removeprefix("+") == f"62{person.number}":
            yield json.dumps({**asked.json, "to": ""}).encode()


async def test_no_identity_is_found_outside_intake_and_notify(
    namespace: Namespace, tmp_path: Path, relay: Relay
) -> None:
    gateway, webhooks = stand_in(), stand_in(takes_half)
    port = free_port()
    settings = mail_settings(relay) | WITH_LINKS | {
        "TINDAK_LOG_LEVEL": "debug", "TINDAK_WEBHOOK_AGENCIES": SECRET, "TINDAK_NOTIFY_HTTP_PORT": str(port),
        "TINDAK_NOTIFY_RECEIPTS_BASE_URL": f"http://127.0.0.1:{port}", "TINDAK_GATEWAY_RECEIPT_TOKEN": TOKEN,
    }  # fmt: skip
    fleet = Fleet(namespace, tmp_path, policy=reaching(tmp_path, gateway, webhooks), settings=settings)
    async with gateway.listening(), webhooks.listening(), running(fleet), story_of(namespace) as story:
        await hand_in(story, TAKEN)
        await hand_in(story, (*REFUSED, *UNREADABLE))
        assert len(story.all(e.ComplaintAccepted, topics.ACCEPTED)) == len(TAKEN)
        assert len(refused(story)) == len(REFUSED) + len(UNREADABLE)
        await worked_off(story)
        await story.audited()
        await story.until(lambda: told_all(story) or None, "every closing told")
        lost = await say_what_became(gateway, port)
        await story.until(lambda: len(sent_by(story, "sms")) == lost or None, "what did not arrive sent as SMS")
        assert lost
        assert sent_by(story, "email")
        assert sent_by(story, "telegram")
        assert story.all(e.NotificationDelivered, topics.DELIVERIES)
        stored = {f"database of {service}": documents(namespace, service) for service in topics.SERVICES}
        said = {topic: words_on(story, topic) for topic in EVERY_TOPIC}
    logged = {member.log.name: member.log.read_bytes() for member in fleet.members}
    mailed = {
        f"mail to {address}": mail.as_bytes() for mail, address in zip(relay.mails, relay.recipients, strict=True)
    }

    called = {"calls of agencies": b"".join(each.content for each in webhooks.taken)}
    called["chat of an agency"] = b"".join(each.content for each in gateway.taken if each.path == "/telegram")
    messages = {person: b"".join(text for text in by_telephone(gateway, person)) for person in PEOPLE}

    leaks = {place: SEARCH.traces(found) for place, found in (said | stored | logged | mailed | called).items()}

    assert all(called.values())
    private = {*NOT_SEARCHED, "database of intake", *(f"mail to {person.email}" for person in PEOPLE)}
    assert {place: found for place, found in leaks.items() if found and place not in private} == {}
    assert leaks[FROM_WEB]
    assert leaks["database of intake"]
    for person in PEOPLE:
        others = Search(other for other in PEOPLE if other is not person)
        assert others.traces(mailed[f"mail to {person.email}"]) == set()
        assert messages[person]
        assert others.traces(messages[person]) == set()
