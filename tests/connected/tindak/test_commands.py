"""The command line against a broker: what it writes, what it reads, and how it resolves what people type."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared import events as e
from shared import topics
from shared.delivery.dead_letters import dead_letter
from shared.delivery.outgoing import Outgoing
from shared.delivery.ports import Record
from shared.events.envelope import decode, encode
from shared.ids import part_id
from shared.policy.topics import load_topics
from tests.builders import FROM_DISHUB, FROM_WEB, NOON, TICKET, TRACKING, accepted, event, updates_topic_of
from tests.conftest import POLICY, fewer_partitions
from tests.servers.addresses import Namespace
from tests.unit.tindak.test_formatting import routed
from tindak.cli import main
from tindak.client.kafka import BATCH_RECORDS_MAX, Client, Start
from tindak.console import Failure
from tindak.topics import apply

pytestmark = [pytest.mark.connected, pytest.mark.without_agencies]

POISON = Record(FROM_WEB, 3, 17, b"web/1", b"{broken", (), NOON)


@pytest.fixture(autouse=True)
def environment(namespace: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (namespace.environment | {"TINDAK_POLICY_DIR": "policy"}).items():
        monkeypatch.setenv(name, value)


def write(namespace: Namespace, *events: Outgoing) -> None:
    async def publish() -> None:
        async with Client(namespace.kafka) as client:
            await client.publish(events)

    asyncio.run(publish())


def read(namespace: Namespace, topic: str) -> list[Record]:
    async def everything() -> list[Record]:
        async with Client(namespace.kafka) as client:
            return await client.read([topic])

    return asyncio.run(everything())


def said(topic: str, data: e.EventData) -> Outgoing:
    """Return *data* as a service says it."""
    told = event(data)
    return Outgoing(told.id, topic, TICKET, encode(told))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Return the lines that a command prints; it must succeed and be silent on stderr."""
    code = main(arguments)
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    return out.splitlines()


def test_published_records_are_read_without_the_prefix_in_order_of_time(namespace: Namespace) -> None:
    write(namespace, *(Outgoing(str(n), topics.TICKETS, f"key {n}", b"%d" % n, (("h", b"v"),)) for n in range(20)))

    records = read(namespace, topics.TICKETS)

    assert sorted(int(record.value or b"") for record in records) == list(range(20))
    assert {(record.topic, record.headers) for record in records} == {(topics.TICKETS, (("h", b"v"),))}
    assert [record.timestamp for record in records] == sorted(record.timestamp for record in records)


async def test_one_batch_larger_than_a_poll_is_read_to_its_end(namespace: Namespace) -> None:
    async with Client(namespace.kafka) as client:
        await client.publish([Outgoing(str(n), topics.TICKETS, "k", b"v") for n in range(2 * BATCH_RECORDS_MAX + 1)])

        assert len(await client.read([topics.TICKETS])) == 2 * BATCH_RECORDS_MAX + 1


async def test_follower_from_the_latest_sees_only_what_comes_after(namespace: Namespace) -> None:
    async with Client(namespace.kafka) as client, asyncio.timeout(30):
        await client.publish([Outgoing("1", topics.TICKETS, "k", b"before")])
        async with client.follow([topics.TICKETS], Start.LATEST) as records:
            await client.publish([Outgoing("2", topics.TICKETS, "k", b"after")])
            first = await anext(records)

    assert first.value == b"after"


@pytest.mark.expects_errors  # aiokafka says so many times; the command line silences it
async def test_topic_that_is_not_there_is_refused_with_what_to_do(namespace: Namespace) -> None:
    if namespace.servers.local is not None and namespace.servers.local.layout.kind == "embedded":
        pytest.skip("the embedded broker makes topics on the fly")

    async with Client(namespace.kafka.model_copy(update={"request_timeout_ms": 3000})) as client:
        with pytest.raises(Failure, match="`tindak topics apply` creates what is missing"):
            await client.read(["no.such.topic"])


def test_submitted_complaint_lies_on_its_topic(namespace: Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = run(capsys, "submit", "--channel", "web", "--source-id", "7", "--body", "Jalan rusak", "--json")

    (record,) = read(namespace, FROM_WEB)
    found = decode(record.value, dict(record.headers), from_outside=True)
    told = json.loads(line)
    assert told == {
        "source_id": "7", "event_id": found.id, "partition": record.partition, "offset": record.offset,
    }  # fmt: skip
    assert isinstance(found.data, e.ComplaintSubmitted)
    assert (found.data.body, record.key) == ("Jalan rusak", b"7")


def test_submission_without_an_answer_names_what_to_check(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["submit", "--channel", "web", "--body", "x", "--wait", "--timeout", "0.2"])

    assert (code, capsys.readouterr().err) == (
        1, "tindak: No answer within 0.2 s; is intake running (`tindak run intake`)?\n",
    )  # fmt: skip


@pytest.mark.parametrize("typed", [TRACKING, TRACKING.lower().replace("-", ""), TICKET, TICKET.upper()])
def test_ticket_is_found_by_any_spelling(typed: str, namespace: Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    write(namespace, said(topics.ACCEPTED, accepted()))

    run(capsys, "agency", "dishub", "ack", typed, "--note", "Segera.")

    (record,) = read(namespace, FROM_DISHUB)
    asked = decode(record.value, dict(record.headers), from_outside=True)
    assert (asked.source, asked.data, record.key) == (
        "/agencies/dishub", e.AcknowledgeTicket(ticket_id=TICKET, note="Segera."), TICKET.encode(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "source", "data"),
    [
        (
            ["reporter", "confirm", TRACKING, "--rating", "4"],
            "/channels/web",
            e.ConfirmTicket(ticket_id=TICKET, rating=4),
        ),
        (["reporter", "stop", TRACKING], "/channels/web", e.StopMessages(ticket_id=TICKET)),
        (["reporter", "resume", TRACKING], "/channels/web", e.ResumeMessages(ticket_id=TICKET)),
        (
            ["officer", "assign", TRACKING, "--agency", "dlh", "--reason", "Sampah.", "--as", "triage_night"],
            "/officers/triage_night",
            e.AssignTicket(ticket_id=TICKET, agency="dlh", reason="Sampah."),
        ),
        (
            ["officer", "assign", TRACKING, "--agency", "dlh", "--agency", "dishub", "--reason", "Dua masalah."],
            "/officers/triage",
            e.AssignTicket(ticket_id=TICKET, agencies=("dlh", "dishub"), reason="Dua masalah."),
        ),
        (["agency", "dlh", "ack", f"{TRACKING}/2"], "/agencies/dlh", e.AcknowledgeTicket(ticket_id=part_id(TICKET, 2))),
        (
            ["officer", "merge", TRACKING, "--into", TICKET],
            "/officers/triage",
            e.MergeTicket(ticket_id=TICKET, into=TICKET),
        ),
        (
            ["agency", "dlh", "answer", TRACKING, "--text", "Besok.", "--interim"],
            "/agencies/dlh",
            e.AnswerTicket(ticket_id=TICKET, answer="Besok.", final=False),
        ),
        (
            ["agency", "dlh", "decline", TRACKING, "--reason", "Jalan.", "--suggest", "dsdabmbk"],
            "/agencies/dlh",
            e.DeclineTicket(ticket_id=TICKET, reason="Jalan.", suggested_agency="dsdabmbk"),
        ),
    ],
    ids=["confirm", "stop", "resume", "assign", "divide", "part", "merge", "answer", "decline"],
)
def test_an_update_is_published_under_its_sender(
    typed: Sequence[str], source: str, data: e.Command, namespace: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    write(namespace, said(topics.ACCEPTED, accepted()))

    run(capsys, *typed)

    (record,) = read(namespace, updates_topic_of(source))
    asked = decode(record.value, dict(record.headers), from_outside=True)
    assert (asked.source, asked.data) == (source, data)


def test_unknown_ticket_is_refused(namespace: Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["agency", "dishub", "ack", TRACKING])

    assert (code, capsys.readouterr().err) == (
        1,
        f"tindak: No accepted complaint has the id {TRACKING};"
        " `tindak watch accepted --from earliest` lists them.\n",
    )  # fmt: skip


def test_track_shows_state_agency_and_history(namespace: Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    other = routed(ticket_id="0f9a4a3e-77a1-4f4e-9d38-6b8a5a3d2c11", agency="dlh")
    write(namespace, said(topics.TICKETS, routed()), said(topics.ACCEPTED, accepted()), said(topics.TICKETS, other))

    (line,) = run(capsys, "track", TRACKING, "--json")

    told = json.loads(line)
    assert (told["state"], told["agency"]) == ("routed", "dishub")
    assert {each["type"] for each in told["events"]} == {e.ComplaintAccepted.TYPE, e.TicketRouted.TYPE}


def test_track_shows_the_parts_of_a_divided_ticket(namespace: Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    head = {"ticket_id": TICKET, "tracking_id": TRACKING, "state": "split", "version": 2, "at": NOON}
    parts = [
        {"ticket_id": part_id(TICKET, number), "number": number, "agency": agency, "agency_name": agency}
        for number, agency in ((1, "dlh"), (2, "dishub"))
    ]
    split = e.TicketSplit.model_validate(head | {"parts": parts, "reason": "Dua masalah."})
    first = routed(ticket_id=part_id(TICKET, 1), agency="dlh", parent=TICKET, part=1)
    told = [said(topics.ACCEPTED, accepted()), *(said(topics.TICKETS, data) for data in (routed(), split, first))]
    write(namespace, *told)

    (line,) = run(capsys, "track", TRACKING, "--json")
    (of_part,) = run(capsys, "track", f"{TRACKING}/1", "--json")

    whole = json.loads(line)
    assert (whole["state"], whole["agency"]) == ("split", None)
    assert [(part["tracking_id"], part["state"], part["agency"]) for part in whole["parts"]] == [
        (f"{TRACKING}/1", "routed", "dlh"), (f"{TRACKING}/2", None, None),
    ]  # fmt: skip
    assert json.loads(of_part)["agency"] == "dlh"


def test_watch_until_the_end_gives_every_event_as_json(
    namespace: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    write(namespace, said(topics.TICKETS, routed()), said(topics.ACCEPTED, accepted()))

    (line,) = run(capsys, "watch", "routed", "--from", "earliest", "--until-end", "--json")

    assert json.loads(line)["event"]["data"]["agency"] == "dishub"


def test_dead_letters_are_listed_without_values_and_replayed_to_their_service(
    namespace: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        namespace,
        dead_letter("intake", POISON, "bug", "KeyError at domain.py:9", NOON),
        dead_letter("intake", POISON, "bug", "KeyError at domain.py:9", NOON),
    )

    listed = run(capsys, "dlq", "list", "intake")
    dry = run(capsys, "dlq", "replay", "intake", "--all", "--dry-run")
    untouched = read(namespace, topics.replay_topic("intake"))
    replayed = run(capsys, "dlq", "replay", "intake", "--id", "complaints.submitted.web/3/17")

    (record,) = read(namespace, topics.replay_topic("intake"))
    assert [line.split()[7] for line in listed] == ["complaints.submitted.web/3/17"]
    assert (dry[-1], untouched) == ("Would replay dead letters of intake: 1 of 1.", [])
    assert replayed == ["Replayed dead letters of intake: 1 of 1."]
    assert (record.key, record.value) == (POISON.key, POISON.value)


def test_dropped_dead_letter_is_listed_once_with_its_reason_and_left_out_of_replays(
    namespace: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    other = dead_letter("sla", replace(POISON, topic=topics.TICKETS), "bug", "KeyError", NOON)
    write(namespace, dead_letter("intake", POISON, "bug", "KeyError", NOON), other)

    run(capsys, "dlq", "drop", "--id", "complaints.submitted.web/3/17", "--reason", "salah ketik")

    listed = [json.loads(line) for line in run(capsys, "dlq", "list", "--json")]
    replayed = run(capsys, "dlq", "replay", "--all")
    twice = main(["dlq", "drop", "--id", "complaints.submitted.web/3/17", "--reason", "lagi"])
    assert {(each["service"], each["state"], each["history"][-1]["what"]) for each in listed} == {
        ("intake", "dropped", "dropped: salah ketik"), ("sla", "open", "bug: KeyError"),
    }  # fmt: skip
    assert replayed == ["Replayed dead letters: 1 of 2."]
    assert (twice, "complaints.submitted.web/3/17 is dropped already" in capsys.readouterr().err) == (1, True)


def test_value_of_intake_is_shown_on_request_only(namespace: Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    write(namespace, dead_letter("intake", POISON, "bug", "KeyError", NOON))

    hidden = run(capsys, "dlq", "show", "intake", "complaints.submitted.web/3/17")
    shown = run(capsys, "dlq", "show", "intake", "complaints.submitted.web/3/17", "--reveal")

    assert (hidden[-1], shown[-1]) == ("The value may hold an identity; --reveal shows it.", "{broken")


def test_audit_finds_what_nobody_answered(namespace: Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    apply(namespace.kafka, fewer_partitions(load_topics(POLICY)))
    run(capsys, "submit", "--channel", "web", "--source-id", "7", "--body", "Jalan rusak")

    code = main(["audit", "--json"])

    told = json.loads(capsys.readouterr().out)
    assert (code, told["complaints"], [finding["check"] for finding in told["findings"]]) == (1, 1, ["answers"])
