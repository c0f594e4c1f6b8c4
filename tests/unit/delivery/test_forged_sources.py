"""The topic says who speaks: what claims to come from anybody else than its owner is no event."""

from dataclasses import replace

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.ports import Record
from shared.delivery.reading import Reading, Unreadable, read
from shared.events import AcknowledgeTicket, ConfirmTicket, EventData, TicketAcknowledged
from shared.events.envelope import HEADERS, encode
from tests.builders import TICKET, event, submitted
from tests.component.intake.harness import ServiceHarness, line
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit

WEB = topics.submitted_topic("web")
OF_DLH = topics.updates_topic("agency-dlh")
OF_WEB = topics.updates_topic("channel-web")
OF_OFFICERS = topics.updates_topic("officers")
REPORT = submitted(channel="web")
ACKNOWLEDGED = AcknowledgeTicket(ticket_id=TICKET)
CONFIRMED = ConfirmTicket(ticket_id=TICKET)


def record(topic: str, source: str, data: EventData) -> Record:
    return Record(topic, 0, 7, TICKET.encode(), encode(event(data, source=source)), HEADERS, NOON)


def refused_fields(found: Record) -> list[tuple[str, str | None]]:
    reading = read(0, found, NOON)
    assert isinstance(reading, Unreadable)
    return [(reason.code, reason.field) for reason in reading.fault.reasons]


@pytest.mark.parametrize(
    ("topic", "source", "data"),
    [
        (WEB, "/channels/web", REPORT),
        (OF_WEB, "/channels/web", CONFIRMED),
        (OF_DLH, "/agencies/dlh", ACKNOWLEDGED),
        (OF_OFFICERS, "/officers/triage", ACKNOWLEDGED),
        (topics.UPDATES, "/agencies/dlh", ACKNOWLEDGED),  # which all shared in release 0.1.0
    ],
)
def test_the_owner_of_a_topic_is_heard(topic: str, source: str, data: EventData) -> None:
    assert isinstance(read(0, record(topic, source, data), NOON), Reading)


@pytest.mark.parametrize(
    ("topic", "source", "data"),
    [
        (WEB, "/channels/whatsapp", REPORT),
        (WEB, "/channels/web2", REPORT),
        (WEB, "/channels/web/", REPORT),
        (WEB, "channels/web", REPORT),
        (WEB, "/agencies/web", REPORT),
        (WEB, "/tindak/intake", REPORT),
        (OF_WEB, "/channels/whatsapp", CONFIRMED),
        (OF_WEB, "/agencies/dlh", ACKNOWLEDGED),
        (OF_DLH, "/agencies/dlh2", ACKNOWLEDGED),
        (OF_DLH, "/agencies/dishub", ACKNOWLEDGED),
        (OF_DLH, "/officers/dlh", ACKNOWLEDGED),
        (OF_DLH, "/channels/dlh", CONFIRMED),
        (OF_OFFICERS, "/agencies/officers", ACKNOWLEDGED),
        (OF_OFFICERS, "/officers/", ACKNOWLEDGED),
    ],
)
def test_another_source_than_the_owners_is_forged(topic: str, source: str, data: EventData) -> None:
    assert refused_fields(record(topic, source, data)) == [("forged_source", "source")]


def test_a_report_that_names_another_channel_is_forged() -> None:
    forged = record(WEB, "/channels/web", submitted(channel="whatsapp"))

    assert refused_fields(forged) == [("forged_source", "data.channel")]


@pytest.mark.parametrize("name", ["agency", "agency-", "board-x", "dlh", "officers2"])
def test_on_a_topic_that_is_no_senders_nobody_is_heard(name: str) -> None:
    topic = topics.updates_topic(name)

    assert refused_fields(record(topic, "/agencies/dlh", ACKNOWLEDGED)) == [("forged_source", "source")]


@pytest.mark.parametrize("topic", [WEB, OF_DLH])
def test_a_fact_of_ours_is_not_taken_from_an_outsider(topic: str) -> None:
    fact = TicketAcknowledged(ticket_id=TICKET, tracking_id="", state="acknowledged", version=2, at=NOON, agency="dlh")

    assert refused_fields(record(topic, "/tindak/routing", fact)) == [("schema_violation", "type")]


def test_what_is_forged_stays_so_when_its_dead_letter_is_replayed() -> None:
    letter = dead_letter("routing", record(OF_DLH, "/agencies/dishub", ACKNOWLEDGED), "forged_source", "", NOON)
    again = Record(topics.replay_topic("routing"), 0, 0, letter.key, letter.value, letter.headers, NOON)

    assert refused_fields(again) == [("forged_source", "source")]


@pytest.mark.parametrize("channel", ["web", "replays"])
def test_no_header_lets_a_channel_choose_its_topic(channel: str) -> None:
    forged = record(topics.submitted_topic(channel), "/channels/whatsapp", submitted(channel="whatsapp"))
    origin = {"topic": topics.submitted_topic("whatsapp"), "partition": "0", "offset": "7", "attempts": "1"}
    headers = {f"dlq-{name}": value.encode() for name, value in (origin | {"timestamp": NOON.isoformat()}).items()}

    assert refused_fields(replace(forged, headers=(*HEADERS, *headers.items()))) == [("forged_source", "source")]


async def test_a_forged_source_is_counted_and_logged_with_the_kind_of_sender_that_it_claims() -> None:
    def counted() -> float:
        labels = {"service": "intake", "topic": WEB}
        return REGISTRY.get_sample_value("tindak_forged_sources_total", labels) or 0.0

    before = counted()
    harness = ServiceHarness()
    harness.type_in(line({"source": "/channels/whatsapp"}))

    with capture_logs() as logs:
        await harness.work()

    assert counted() == before + 1
    assert [(entry["topic"], entry["claimed"]) for entry in logs if entry["event"] == "forged source"] == [
        (WEB, "channel")
    ]
