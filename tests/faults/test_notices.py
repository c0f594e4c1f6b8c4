"""Mail and two gateways that misbehave in every way, while replicas of notify are killed: no notice is lost.

``NOTICES=10000 pytest -m faults tests/faults/test_notices.py`` for more than the few hundred of every day.
"""

import asyncio
import os
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared import events as e
from shared import topics
from shared.delivery.outgoing import Outgoing
from shared.events import Event
from shared.events.envelope import encode
from shared.ids import tracking_id
from shared.seal import Contact
from tests.builders import accepted, event, ticket_id
from tests.connected.notify.relay import Relay
from tests.journey.policies import policy_with
from tests.journey.post import mail_settings
from tests.journey.story import Story, story_of
from tests.sealing import SEALER
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running
from tests.servers.gateway import DOWN, DROPS, Answer, Asked, StandInGateway

NOTICES = int(os.environ.get("NOTICES", "400"))
KILLS, TOGETHER_MAX = max(4, NOTICES // 500), 40
WITHIN_SECONDS = 120 + NOTICES // 10
TIMEOUT_SECONDS = 2
SENDING = """version: 1
wait_seconds: 8
attempts_max: 30
first_retry_seconds: 1
longest_retry_seconds: 4
stale_after_hours: 72
daily_max: 30
"""
pytestmark = [pytest.mark.faults, pytest.mark.timeout(WITHIN_SECONDS + 120)]

GARBAGE, BUSY = Answer(200, b"<html>ok</html>"), Answer(429, {}, {"Retry-After": "2"})
TOO_SLOW = Answer(200, {"messages": [{"id": "wamid.1"}], "sid": "SM1"}, after_seconds=TIMEOUT_SECONDS + 1)
UNSURE = (DROPS, GARBAGE, TOO_SLOW)
"""After these nobody knows whether the message was taken."""


class Moody(StandInGateway):
    """Takes most messages, refuses numbers that end in 7, does all wrong now and then, and is down for a while."""

    def __init__(self, field: str, refusal: Answer, seed: int) -> None:
        super().__init__(usual=self.answers)
        self.field, self.refusal = field, refusal
        self.choice = random.Random(seed)
        self.unsure = 0
        self.took: Counter[str] = Counter()

    def answers(self, asked: Asked) -> Answer:
        number = str(asked.json["to"]) if self.field == "to" else asked.form[self.field].removeprefix("+")
        if number.endswith("7"):
            return self.refusal
        if NOTICES // 20 < len(self.asked) < NOTICES // 10:
            return DOWN
        takes = Answer(201 if self.field == "To" else 200, {"messages": [{"id": "wamid.1"}], "sid": "SM1"})
        slow = Answer(takes.status, takes.body, after_seconds=0.3)
        moods = (takes, slow, DOWN, BUSY, *UNSURE)
        answer = self.choice.choices(moods, weights=(70, 8, 5, 5, 4, 4, 4))[0]
        if answer in UNSURE:
            self.unsure += 1
        if answer not in (DOWN, BUSY):
            self.took[number] += 1
        return answer


def reporter(number: int) -> dict[str, Any]:
    """Return a reporter of mail, of WhatsApp, of SMS, or of all."""
    phone, email = f"08{10**9 + number}", f"warga{number}@warga.example"
    ways: tuple[dict[str, Any], ...] = (
        {"email": email}, {"phone": phone}, {"phone": phone, "preferred_channel": "sms"},
        {"phone": phone, "email": email, "preferred_channel": "whatsapp"},
    )  # fmt: skip
    return ways[number % len(ways)]


def said(data: Any, topic: str) -> Outgoing:
    told: Event = event(data, at=datetime.now(UTC), source="/tindak/intake")
    return Outgoing(told.id, topic, told.key, encode(told))


async def report_all(story: Story) -> dict[str, int]:
    """Say that all reports were accepted; return the tickets, by number."""
    tickets = {ticket_id("web", str(number)): number for number in range(NOTICES)}
    outgoing = list[Outgoing]()
    for ticket, number in tickets.items():
        sealed, key_id = SEALER.seal_contact(ticket, Contact.model_validate({"channel": "web"} | reporter(number)))
        contact = e.ContactSealed(ticket_id=ticket, sealed=sealed, locale="id", key_id=key_id, scheme="hpke")
        report = accepted(ticket_id=ticket, tracking_id=tracking_id(ticket), accepted_at=datetime.now(UTC))
        outgoing += [said(contact, topics.CONTACTS), said(report, topics.ACCEPTED)]
    await story.client.publish(outgoing)
    return tickets


def policy_of(folder: Path, whatsapp: StandInGateway, twilio: StandInGateway) -> Path:
    """Return a policy with few seconds between attempts, and with those who stand in for the providers."""
    policy = policy_with(folder, "receipts.yaml")
    (policy / "sending.yaml").write_text(SENDING)
    described = yaml.safe_load((policy / "gateways.yaml").read_text())
    at = {"whatsapp_template": whatsapp.url, "twilio": twilio.url}
    kept = [gateway for gateway in described["gateways"] if gateway["code"] in at]
    for gateway in kept:
        gateway["url"] = f"{at[gateway['code']]}/{gateway['url'].split('/', 3)[3]}"
        gateway |= {"timeout_seconds": TIMEOUT_SECONDS, "messages_per_second": 1000}
    described |= {"gateways": kept, "breaker": {"failures_max": 5, "open_seconds": 1, "longest_seconds": 4}}
    (policy / "gateways.yaml").write_text(yaml.safe_dump(described))
    return policy


async def kill_at_random(fleet: Fleet, choice: random.Random) -> None:
    """Kill one replica of notify after the other, and start another in its place."""
    for _ in range(KILLS):
        await asyncio.sleep(choice.uniform(3, 6))
        alive = [member for member in fleet.members if member.process.poll() is None]
        await asyncio.to_thread(choice.choice(alive).kill)
        fleet.start("notify")


async def test_no_notice_is_lost_whatever_gateways_do_and_whoever_is_killed(
    namespace: Namespace, tmp_path: Path
) -> None:
    choice = random.Random(20261129)
    moods = choice.choices((None, "451 4.7.1 greylisted", "421 4.3.2 later"), weights=(80, 15, 5), k=NOTICES)
    relay = Relay(*moods)
    whatsapp = Moody("to", Answer(400, {"error": {"code": 131026}}), seed=1)
    twilio = Moody("To", Answer(400, {"code": 21614}), seed=2)
    async with whatsapp.listening(), twilio.listening():
        secrets = {
            f"TINDAK_GATEWAY_{name}": "rahasia"
            for name in (
                "WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_TEMPLATE", "WHATSAPP_TOKEN", "TWILIO_ACCOUNT_SID", "TWILIO_FROM",
                "TWILIO_AUTH_TOKEN",
            )
        }  # fmt: skip
        settings = mail_settings(relay) | secrets | {
            "TINDAK_NOTIFY_LEASE_SECONDS": "20", "TINDAK_NOTIFY_SMTP_TIMEOUT_SECONDS": "2",
            "TINDAK_NOTIFY_WEBHOOK_TIMEOUT_SECONDS": "2",
            "TINDAK_NOTIFY_DOCUMENTS_MAX": str(TOGETHER_MAX),
        }  # fmt: skip
        fleet = Fleet(namespace, tmp_path, policy=policy_of(tmp_path, whatsapp, twilio), settings=settings)
        with relay.listening():
            async with running(fleet, "notify", "notify"), story_of(namespace) as story:
                killing = asyncio.create_task(kill_at_random(fleet, choice))
                tickets = await report_all(story)
                await killing
                facts = await ended(story, set(tickets))

    by_ticket = Counter(fact.ticket_id for fact in facts)
    assert by_ticket == Counter(list(tickets)), "each notice ends once"
    for fact in facts:
        reads = reporter(tickets[fact.ticket_id])
        if isinstance(fact, e.NotificationFailed):
            assert fact.error in ("http_400 131026", "http_400 21614")
            assert "email" not in reads
    mails = Counter(relay.recipients)
    taken = mails + whatsapp.took + twilio.took
    for fact in facts:
        reads = reporter(tickets[fact.ticket_id])
        to = reads["email"] if fact.channel == "email" else "62" + reads["phone"].removeprefix("0")
        assert isinstance(fact, e.NotificationFailed) or taken[to] >= 1, "what is said to be sent was taken"
    repeated = sum(count - 1 for count in taken.values())
    unsure = whatsapp.unsure + twilio.unsure
    outcomes = Counter((fact.TYPE.split(".")[2], fact.channel) for fact in facts)
    print(f"\n{NOTICES} notices, {KILLS} kills: {dict(outcomes)}; {repeated} arrived again, {unsure} answers were lost")
    assert repeated <= unsure + KILLS * TOGETHER_MAX


async def ended(story: Story, tickets: set[str]) -> list[e.DeliveryFact]:
    """Return how the receipt of each of *tickets* ended, once all have."""

    def facts() -> list[e.DeliveryFact]:
        told = story.all(e.DeliveryFact, topics.DELIVERIES)
        return [fact for fact in told if fact.notice == "accepted" and fact.ticket_id in tickets]

    async with asyncio.timeout(WITHIN_SECONDS):
        while len({fact.ticket_id for fact in facts()}) < len(tickets):  # noqa: ASYNC110  # the topic says when
            await asyncio.sleep(1)
    return facts()
