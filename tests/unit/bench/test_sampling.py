"""A stack belongs to the step of its innermost known frame, and to the time loops if one of them began it."""

import pytest

from bench.meters.sampling import DRIVER, step_of

pytestmark = pytest.mark.unit

RUNNER = "/app/shared/delivery/runner.py:decide_and_save"


@pytest.mark.parametrize(
    ("places", "step"),
    [
        (["/lib/structlog/stdlib.py:info", "/app/services/sla/domain/clock.py:tick", RUNNER], "logs"),
        (["/app/services/sla/domain/clock.py:tick", RUNNER], "decide"),
        (["/lib/bson/__init__.py:encode", "/app/shared/adapters/mongo/store.py:encoded", RUNNER], "save"),
        (["/app/shared/delivery/documents/codec.py:decode", "/app/shared/adapters/mongo/store.py:readable"], "load"),
        (["/app/shared/events/envelope.py:encode", "/app/services/sla/domain/clock.py:say", RUNNER], "encode"),
        (["/app/shared/events/envelope.py:read", "/app/shared/delivery/reading.py:read"], "decode, validate"),
        (["/lib/aiokafka/consumer/group_coordinator.py:commit"], "commit, group"),
        (["/lib/aiokafka/consumer/fetcher.py:_fetch"], "fetch"),
        ([RUNNER], "runner, documents"),
        (["/app/shared/adapters/mongo/store.py:read", "/app/shared/process/loops.py:run"], "time loops"),
        (
            ["/app/shared/events/envelope.py:_read_data", "/app/shared/events/envelope.py:read", RUNNER],
            "decode, validate",
        ),
        (["/app/shared/values.py:replace", "/app/services/sla/domain/clock.py:tick", RUNNER], "decide"),
        (["/lib/pymongo/network.py:receive"], DRIVER),
        (["/app/shared/process/entrypoint.py:main"], DRIVER),
    ],
)
def test_a_stack_belongs_to_one_step(places: list[str], step: str) -> None:
    assert step_of(places) == step
