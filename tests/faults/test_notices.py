"""A mail relay, two gateways and an agency's own server that misbehave in every way: no notice is lost.

Each is slow, half-dead, answers 429, 500 and garbage, takes messages and drops the connection, and is down for a while;
replicas of notify are killed throughout. ``NOTICES=10000 pytest -m faults tests/faults/test_notices.py`` for more than
the few hundred of every day.
"""

import asyncio
import base64
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
from tests.faults.moody import LATER, NO_HTTP, TAKEN, TIMEOUT_SECONDS, TOO_SLOW, Moody, MoodyRelay, serve
from tests.journey.policies import policy_with
from tests.journey.post import mail_settings
from tests.journey.story import Story, story_of
from tests.sealing import SEALER
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running
from tests.servers.gateway import DROPS, Answer

NOTICES = int(os.environ.get("NOTICES", "400"))
KILLS, TOGETHER_MAX = max(4, NOTICES // 500), 40
WITHIN_SECONDS = 120 + NOTICES // 10
SENDING = """version: 1
wait_seconds: 8
attempts_max: 30
first_retry_seconds: 1
longest_retry_seconds: 4
stale_after_hours: 72
daily_max: 30
"""
pytestmark = [pytest.mark.faults, pytest.mark.timeout(WITHIN_SECONDS + 120)]

AGENCY, SECRET = "dishub", f"whsec_{base64.b64encode(bytes(32)).decode()}"
ACCEPTED, REPLIED = "accepted", "agency_reply"


def reporter(number: int) -> dict[str, Any]:
    """Return a reporter of mail, of WhatsApp, of SMS, or of all."""
    phone, email = f"08{10**9 + number}", f"warga{number}@warga.example"
    ways: tuple[dict[str, Any], ...] = (
        {"email": email}, {"phone": phone}, {"phone": phone, "preferred_channel": "sms"},
        {"phone": phone, "email": email, "preferred_channel": "whatsapp"},
    )  # fmt: skip
    return ways[number % len(ways)]


def number_of(number: int) -> str:
    """Return the telephone number of a reporter as gateways write it."""
    return "62" + str(reporter(number)["phone"]).removeprefix("0")


def is_of_agency(number: int) -> bool:
    """Return whether an agency is told of a report, too: that its reporter has replied."""
    return number % 4 == 1


def said(data: Any, topic: str, source: str = "/tindak/intake") -> Outgoing:
    told: Event = event(data, at=datetime.now(UTC), source=source)
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
        if is_of_agency(number):
            reply = e.ReporterReplied(
                ticket_id=ticket, tracking_id=tracking_id(ticket), state="routed", agency=AGENCY, version=2,
                at=datetime.now(UTC), text="Masih rusak.",
            )  # fmt: skip
            outgoing.append(said(reply, topics.TICKETS, "/tindak/routing"))
    await story.client.publish(outgoing)
    return tickets


def policy_of(folder: Path, whatsapp: Moody, twilio: Moody, agency: Moody) -> Path:
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
    listed = yaml.safe_load((policy / "agencies.yaml").read_text())
    [own] = [each for each in listed["agencies"] if each["code"] == AGENCY]
    own["webhook"] = {"url": f"{agency.url}/notices", "secret_env": "TINDAK_WEBHOOK_DISHUB"}
    (policy / "agencies.yaml").write_text(yaml.safe_dump(listed))
    return policy


async def kill_at_random(fleet: Fleet, choice: random.Random) -> None:
    """Kill one replica of notify after the other, and start another in its place."""
    for _ in range(KILLS):
        await asyncio.sleep(choice.uniform(3, 6))
        alive = [member for member in fleet.members if member.process.poll() is None]
        await asyncio.to_thread(choice.choice(alive).kill)
        fleet.start("notify")


def servers() -> tuple[MoodyRelay, Moody, Moody, Moody]:
    """Return the relay, the gateways of WhatsApp and SMS, and the agency's server."""
    refused = {"to": Answer(400, {"error": {"code": 131026}}), "To": Answer(400, {"code": 21614})}
    whatsapp = Moody(
        lambda asked: str(asked.json["to"]),
        lambda to: refused["to"] if to.endswith("7") else None,
        Answer(200, TAKEN),
        1,
    )
    twilio = Moody(
        lambda asked: asked.form["To"].removeprefix("+"), lambda to: refused["To"] if to.endswith("7") else None,
        Answer(201, TAKEN), 2,
    )  # fmt: skip
    # What its server says beside the status nobody reads: garbage there is no mistake.
    agency = Moody(
        lambda asked: str(asked.json["id"]), lambda id_: Answer(410) if id_.endswith("7") else None, Answer(204), 3,
        (DROPS, NO_HTTP, TOO_SLOW),
    )  # fmt: skip
    return MoodyRelay(4), whatsapp, twilio, agency


async def test_no_notice_is_lost_whatever_servers_do_and_whoever_is_killed(
    namespace: Namespace, tmp_path: Path
) -> None:
    choice = random.Random(20261129)
    relay, whatsapp, twilio, agency = servers()
    secrets = {
        f"TINDAK_GATEWAY_{name}": "rahasia"
        for name in (
            "WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_TEMPLATE", "WHATSAPP_TOKEN", "TWILIO_ACCOUNT_SID", "TWILIO_FROM",
            "TWILIO_AUTH_TOKEN",
        )
    }  # fmt: skip
    settings = mail_settings(relay) | secrets | {
        "TINDAK_NOTIFY_LEASE_SECONDS": "20", "TINDAK_NOTIFY_SMTP_TIMEOUT_SECONDS": "2",
        "TINDAK_NOTIFY_WEBHOOK_TIMEOUT_SECONDS": "2", "TINDAK_WEBHOOK_DISHUB": SECRET,
        "TINDAK_NOTIFY_DOCUMENTS_MAX": str(TOGETHER_MAX),
    }  # fmt: skip
    fleet = Fleet(namespace, tmp_path, policy=policy_of(tmp_path, whatsapp, twilio, agency), settings=settings)
    begun, over = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as serving:
        for server in (relay.serving, whatsapp.listening, twilio.listening, agency.listening):
            serving.create_task(serve(server, begun, over))
        try:
            async with running(fleet, "notify", "notify"), story_of(namespace) as story:
                killing = asyncio.create_task(kill_at_random(fleet, choice))
                tickets = await report_all(story)
                begun.set()
                await killing
                facts = await ended(story, tickets)
        finally:
            begun.set()
            over.set()

    wanted = [(ticket, ACCEPTED) for ticket in tickets]
    wanted += [(ticket, REPLIED) for ticket, number in tickets.items() if is_of_agency(number)]
    assert Counter((fact.ticket_id, fact.notice) for fact in facts) == Counter(wanted), "each notice ends once"
    assert_failed_for_a_reason([fact for fact in facts if isinstance(fact, e.NotificationFailed)], tickets)
    mails = Counter(str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in relay.mails)
    for fact in facts:
        took = {"email": mails, "webhook": agency.took, "whatsapp": whatsapp.took, "sms": twilio.took}[fact.channel]
        key = fact.delivery_id if fact.channel in ("email", "webhook") else number_of(tickets[fact.ticket_id])
        assert isinstance(fact, e.NotificationFailed) or took[key] >= 1, "what is said to be sent was taken"
    repeated = sum(count - 1 for took in (mails, agency.took, whatsapp.took, twilio.took) for count in took.values())
    unsure = sum(server.unsure for server in (relay, whatsapp, twilio, agency))
    outcomes = Counter((fact.TYPE.split(".")[2], fact.channel) for fact in facts)
    print(f"\n{len(facts)} notices, {KILLS} kills: {dict(outcomes)}; {repeated} came again, {unsure} answers were lost")
    assert repeated <= unsure + KILLS * TOGETHER_MAX
    assert {*LATER, "slow", "too slow", "drops", "garbage", "later"} <= relay.shown
    assert all(len(server.moods_shown) == 4 + len(server.unsure_answers) for server in (whatsapp, twilio, agency))


def assert_failed_for_a_reason(failed: list[e.NotificationFailed], tickets: dict[str, int]) -> None:
    """Fail if anything failed that could have gone by another way, or that no gateway refused for good."""
    for fact in failed:
        assert fact.notice == ACCEPTED
        reads = reporter(tickets[fact.ticket_id])
        if fact.channel == "email":
            assert fact.error.startswith("smtp_550")
            assert reads["email"].partition("@")[0].endswith("8")
        else:
            assert fact.error in ("http_400 131026", "http_400 21614")
            assert "email" not in reads


async def ended(story: Story, tickets: dict[str, int]) -> list[e.DeliveryFact]:
    """Return how each notice to a reporter and to the agency ended, once all have."""
    wanted = len(tickets) + sum(map(is_of_agency, tickets.values()))

    def facts() -> list[e.DeliveryFact]:
        told = story.all(e.DeliveryFact, topics.DELIVERIES)
        return [fact for fact in told if fact.notice in (ACCEPTED, REPLIED) and fact.ticket_id in tickets]

    async with asyncio.timeout(WITHIN_SECONDS):
        while len({(fact.ticket_id, fact.notice) for fact in facts()}) < wanted:  # noqa: ASYNC110  # the topic says when
            await asyncio.sleep(1)
    return facts()
