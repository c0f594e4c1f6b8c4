from typing import Any
from uuid import uuid4

import pytest

from shared import topics
from shared.delivery.ports import Record
from shared.events.commands import Command
from tests.builders import TICKET, updates_topic_of
from tests.component.routing.harness import CHANNEL, DEAD, DISHUB, OFFICER, ServiceHarness
from tests.fakes.planted import PLANTED, TELEPHONE, found_in, planted_records
from tests.unit.routing.commands import COMMANDS

pytestmark = pytest.mark.component

SENDER = {
    "reply": CHANNEL, "confirm": CHANNEL, "dispute": CHANNEL, "withdraw": CHANNEL, "assign": OFFICER,
    "archive": OFFICER, "merge": OFFICER, "unmerge": OFFICER,
}  # fmt: skip


def envelope(name: str, command: Command) -> dict[str, Any]:
    data = command.model_dump(mode="json") | {"ticket_id": TICKET, "actor": {"role": "liaison", "id": "a1"}}
    return {
        "specversion": "1.0", "id": str(uuid4()), "source": SENDER.get(name, DISHUB), "type": command.TYPE,
        "time": "2026-03-02T05:00:00Z", "data": data,
    }  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
async def test_an_identity_in_any_place_of_an_update_is_found_on_no_topic(name: str) -> None:
    harness = ServiceHarness()
    harness.complain()
    for what in PLANTED.values():
        for key, value, headers in dict(planted_records(envelope(name, COMMANDS[name]), what)).values():
            harness.broker.append(updates_topic_of(SENDER.get(name, DISHUB)), key, value, headers)

    await harness.work()

    written = [log for (topic, _), log in harness.broker.logs.items() if not topics.is_from_outside(topic)]
    assert harness.broker.topic(DEAD)
    assert found_in(record for log in written for record in log) == set()


async def test_a_dead_letter_says_where_the_bytes_lie_that_it_leaves_out() -> None:
    harness = ServiceHarness()
    value = f'{{"telepon": "{TELEPHONE}"'.encode()
    harness.broker.append(
        updates_topic_of(DISHUB),
        TELEPHONE.encode(),
        value,
        (("x", TELEPHONE.encode()), ("\udcff", TELEPHONE.encode()), ("y", b"1")),
    )

    await harness.work()

    [letter] = harness.broker.topic(DEAD)
    about = dict(letter.headers)
    assert (letter.key, letter.value) == (b"", None)
    assert (about["dlq-value-bytes"], about["dlq-key-bytes"]) == (str(len(value)).encode(), b"12")
    assert len(about["dlq-value-sha256"]) == 64
    assert (about["y"], "x" in about) == (b"1", False)
    assert about["dlq-topic"].decode() == updates_topic_of(DISHUB)
    assert TELEPHONE not in str(letter)


async def test_a_dead_letter_that_names_nobody_is_whole() -> None:
    harness = ServiceHarness()
    harness.broker.append(updates_topic_of(DISHUB), b"k", b"{", (("x", b"1"),))

    await harness.work()

    [letter] = harness.broker.topic(DEAD)
    assert isinstance(letter, Record)
    assert (letter.key, letter.value, dict(letter.headers)["x"]) == (b"k", b"{", b"1")
