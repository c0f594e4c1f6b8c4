"""What the local stack of Apache Kafka does that the embedded one does not."""

from pathlib import Path

import pytest

from shared.process.settings import KafkaSettings
from tests.connected.stack.test_local_stack import TICKETS, tickets
from tindak.stack import LocalStack
from tindak.topics import apply

pytestmark = pytest.mark.connected


def test_apache_started_again_keeps_ports_topics_and_documents(tmp_path: Path) -> None:
    with LocalStack("apache", folder=tmp_path) as first, tickets(first.mongo_uri) as collection:
        kafka = KafkaSettings(bootstrap_servers=first.bootstrap_servers, replication_factor=1)
        apply(kafka, [TICKETS])
        collection.insert_one({"_id": "K7QF"})

    with LocalStack("apache", folder=tmp_path) as second, tickets(second.mongo_uri) as collection:
        assert second.layout == first.layout
        assert apply(kafka, [TICKETS], dry_run=True) == []
        assert collection.find_one() == {"_id": "K7QF"}
