"""Reporters who mistype their address cost nobody else a mail, and no process its life."""

import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared import events as e
from shared import topics
from tests.builders import TO_WEB
from tests.connected.notify.mistyped import FLAGGED_BY_INTAKE, HIDDEN_OR_TOO_LONG, MISTYPED, TRIMMED_BY_INTAKE
from tests.connected.notify.relay import Relay
from tests.journey.policies import NO_QUIET_HOURS, policy_with
from tests.journey.post import mail_settings
from tests.journey.story import Story, story_of
from tests.servers.addresses import Namespace
from tests.servers.fleet import Fleet, running
from tindak.client.envelopes import submission

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

HONEST = [f"warga{number}@warga.example" for number in range(40)]
REACHED = [*HONEST, *TRIMMED_BY_INTAKE]
RECIPIENTS = {address.strip() for address in REACHED}
BODY = "Jalan berlubang besar di depan Pasar Ciputat, sudah dua pengendara motor jatuh."


async def report_all(story: Story) -> dict[str, str]:
    """Let everybody report, the mistyped among the honest; return the address behind each source id."""
    everybody = [*HONEST, *MISTYPED, *HIDDEN_OR_TOO_LONG]
    addresses = random.Random(8).sample(everybody, len(everybody))
    known = {f"s-{number}": address for number, address in enumerate(addresses)}
    reports = [
        {"channel": "web", "source_id": source, "body": f"{BODY} Laporan {source}.", "reporter": {"email": address}}
        for source, address in known.items()
    ]
    await story.client.publish([submission(report, datetime.now(UTC)) for report in reports])
    return known


async def test_each_honest_reporter_gets_one_mail_and_each_mistyped_address_is_refused_or_flagged(
    namespace: Namespace, tmp_path: Path, relay: Relay
) -> None:
    fleet = Fleet(namespace, tmp_path, policy=policy_with(tmp_path, NO_QUIET_HOURS), settings=mail_settings(relay))

    def told() -> list[e.DeliveryFact] | None:
        facts = [
            fact
            for fact in story.all(e.DeliveryFact, topics.DELIVERIES)
            if (fact.notice, fact.recipient_role) == ("accepted", "reporter")
        ]
        return facts if len(facts) == len(REACHED) + len(FLAGGED_BY_INTAKE) else None

    async with running(fleet), story_of(namespace) as story:
        address_of = await report_all(story)
        facts = await story.until(told, "how every notice ended")
        await story.audited()
        alive = [member.process.poll() is None for member in fleet.members]
        accepted = story.all(e.ComplaintAccepted, topics.ACCEPTED)
        rejected = story.all(e.ComplaintRejected, TO_WEB)

    ticket_of = {report.ticket_id: address_of[report.source_id] for report in accepted}
    assert {ticket_of[fact.ticket_id]: fact.TYPE for fact in facts} == dict.fromkeys(
        REACHED, e.NotificationSent.TYPE
    ) | dict.fromkeys(FLAGGED_BY_INTAKE, e.NotificationFailed.TYPE)
    mails = Counter(
        (recipient, str(mail["Message-ID"])) for mail, recipient in zip(relay.mails, relay.recipients, strict=True)
    )
    assert set(mails.values()) == {1}
    told_by = [(ticket_of[fact.ticket_id].strip(), f"<{fact.delivery_id}@tangsel.example>") for fact in facts]
    assert {mail for mail in mails if mail in told_by} == {mail for mail in told_by if mail[0] in RECIPIENTS}
    assert {recipient for recipient, _ in mails} - {"dsdabmbk@tangsel.example"} == RECIPIENTS
    assert {ticket_of[report.ticket_id] for report in accepted if report.flags} == set(FLAGGED_BY_INTAKE)
    assert len(rejected) == len(MISTYPED) + len(HIDDEN_OR_TOO_LONG) - len(TRIMMED_BY_INTAKE) - len(FLAGGED_BY_INTAKE)
    assert alive == [True] * len(topics.SERVICES)
