"""The ceiling is told to do as much as the pipeline was seen to do."""

import bson
import pytest
from bson.raw_bson import RawBSONDocument

from bench.meters.records import Found
from bench.meters.spent import Stored
from bench.rivals.ceiling import tasks, updates
from bench.rivals.task import Task, event_of_size, ticket_in
from bench.whole.place import as_they_are_read
from bench.whole.throughput import Course
from shared import topics
from shared.topics import SERVICES, catalogue
from tests.servers.addresses import Namespace, Servers

pytestmark = pytest.mark.unit

COMPLAINTS = 100
OWN = Namespace(Servers({"TINDAK_KAFKA_BOOTSTRAP_SERVERS": "broker:1", "TINDAK_MONGO_URI": "mongodb://db"}), "b1-")
WANTED = as_they_are_read(catalogue({"dlh": 1, "dishub": 1}, {"web": 12}))
WRITES = {"intake": 1.0, "routing": 2.0, "sla": 2.0, "notify": 3.0}


def course() -> Course:
    found = Found()
    for number in range(COMPLAINTS):
        found.note(topics.ACCEPTED, "complaint.accepted", 1000, number)
        for _ in range(2):
            found.note(topics.TICKETS, "ticket.routed", 1100, number)
        found.note(topics.agency_topic("dlh" if number % 2 else "dishub"), "ticket.routed", 900, number)
        found.note(topics.updates_topic("agency-dlh"), "ticket.answer", 500, number)
    documents = {"inserted": 800, "updated": 160, "deleted": 400, "returned": 1600}
    samples = [RawBSONDocument(bson.encode({"_id": id})) for id in "ab"]
    stored = {service: Stored(COMPLAINTS, 3000.4, writes, samples) for service, writes in WRITES.items()}
    return Course(COMPLAINTS, {"all": 1.0}, {}, {}, found, documents, stored)


def told() -> dict[str, Task]:
    return {task.service: task for task in tasks(course(), WANTED, OWN)}


def heard(task: Task) -> float:
    counts = {name: count for each in course().found.topics.values() for name, count in each.items()}
    return sum(counts.get(name, COMPLAINTS) for name in task.reads)


def test_there_is_a_process_for_each_service() -> None:
    assert tuple(told()) == SERVICES


def test_each_reads_what_its_service_reads() -> None:
    assert told()["intake"].reads == (topics.submitted_topic("web"),)
    assert set(told()["routing"].reads) == {topics.ACCEPTED, topics.updates_topic("agency-dlh")}
    assert set(told()["sla"].reads) == {topics.ACCEPTED, topics.TICKETS}


def test_all_together_write_and_load_as_many_documents() -> None:
    assert sum(task.saves * heard(task) for task in told().values()) == pytest.approx(960)
    assert sum(task.loads * heard(task) for task in told().values()) == pytest.approx(1600)


def test_documents_are_written_as_often_as_revisions_say() -> None:
    saves = {service: task.saves * heard(task) for service, task in told().items()}

    assert saves == pytest.approx({"intake": 120, "routing": 240, "sla": 240, "notify": 360})


def test_what_the_services_have_stored_is_stored_in_turn() -> None:
    contents = told()["sla"].contents()

    assert [bson.decode(next(contents))["_id"] for _ in range(3)] == ["a", "b", "a"]


def test_routing_publishes_as_many_records_of_the_same_size() -> None:
    by_topic = {output.topics: output for output in told()["routing"].outputs}
    history, agencies = by_topic["b1-tickets.events",], by_topic["b1-tickets.routed.dishub", "b1-tickets.routed.dlh"]

    answered = 2 * COMPLAINTS  # accepted complaints, and updates
    assert (history.rate * answered, history.bytes) == (2 * COMPLAINTS, 1100)
    assert (agencies.rate * answered, agencies.bytes) == (COMPLAINTS, 900)


def test_updates_are_sent_as_outsiders_sent_them() -> None:
    sent = updates(course())

    assert {topic for topic, _ in sent} == {topics.updates_topic("agency-dlh")}
    assert len(sent) == COMPLAINTS
    assert all(len(value) == pytest.approx(500, abs=40) for _, (_, value) in sent)


def test_an_event_of_a_size_says_whose_ticket_it_is() -> None:
    assert ticket_in(event_of_size("ticket-1", 900), b"key") == "ticket-1"
    assert ticket_in(b"{}", b"key") == "key"
