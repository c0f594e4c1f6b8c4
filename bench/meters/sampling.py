"""Where a process spends its CPU time, by step of a batch: a thread looks at all stacks and at each thread's CPU clock.

What a thread has used since the last look counts for where it stands; native code counts for the frame that called it.
"""

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import orjson

LOOK_EVERY_SECONDS = 0.002
WRITE_EVERY_SECONDS = 0.5
SWITCH_SECONDS = 0.0001  # so that the looking thread is let in where the others stand, not five milliseconds later
DRIVER, REST = "event loop, drivers", "interpreter and unknown threads"

STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("logs", ("/structlog/", "/logging/__init__.py", "/process/logs.py", "/process/metrics.py", "shared/output.py")),
    (
        "decode, validate",
        ("delivery/reading.py", "events/parsing.py", "envelope.py:read", "envelope.py:_read", "envelope.py:parse"),
    ),
    ("encode", ("shared/events/envelope.py", "shared/delivery/outgoing.py", "shared/events/base.py:encode")),
    ("load", ("store.py:load", "store.py:read", "store.py:found", "codec.py:decode", "neighbours.py", "cache.py")),
    ("save", ("shared/adapters/mongo/store.py", "shared/delivery/documents/codec.py")),
    ("publish", ("shared/adapters/kafka/producer.py", "aiokafka/producer/")),
    ("commit, group", ("group_coordinator.py", "shared/adapters/kafka/committed.py")),
    ("fetch", ("shared/adapters/kafka/", "aiokafka/consumer/", "aiokafka/record/", "faststream/")),
    ("decide", ("/services/", "shared/text", "shared/identities", "shared/policy", "shared/seal", "shared/ids.py")),
    ("runner, documents", ("shared/delivery/", "shared/events/", "shared/fairness/", "shared/sharding.py")),
)
"""Steps by what the innermost known frame's ``file:function`` holds; the first that fits counts."""
TIME_LOOPS = "time loops"
LOOPS = ("shared/process/loops.py", "shared/process/watchdog.py", "shared/process/health.py")


def step_of(places: Iterator[str] | list[str]) -> str:
    """Return the step to which a stack belongs, of places ``file:function``, the innermost first."""
    found = None
    for place in places:
        if any(each in place for each in LOOPS):
            return TIME_LOOPS
        found = found or next((name for name, marks in STEPS if any(mark in place for mark in marks)), None)
    return found or DRIVER


def stack_of(frame: FrameType | None) -> Iterator[str]:
    """Yield the places of a stack, the innermost first."""
    while frame is not None:
        yield f"{frame.f_code.co_filename}:{frame.f_code.co_name}"
        frame = frame.f_back


class Sampler(threading.Thread):
    """Looks at all threads of this process but itself, and writes what it has counted to a file, again and again."""

    def __init__(self, file: Path) -> None:
        super().__init__(daemon=True)
        self.file = file
        self.seconds: dict[str, float] = defaultdict(float)
        self.known: dict[int, float] = {}

    def run(self) -> None:
        """Look until the process ends."""
        sys.setswitchinterval(SWITCH_SECONDS)
        write_at = 0.0
        while True:
            self.look()
            if (now := time.monotonic()) >= write_at:
                self.write()
                write_at = now + WRITE_EVERY_SECONDS
            time.sleep(LOOK_EVERY_SECONDS)  # between two samples

    def look(self) -> None:
        """Book what each thread has used since the last look."""
        own = threading.get_ident()
        for thread, frame in sys._current_frames().items():
            if thread == own:
                continue
            used = time.clock_gettime(time.pthread_getcpuclockid(thread))
            spent = used - self.known.get(thread, 0.0)
            self.known[thread] = used
            if spent > 0:
                self.seconds[step_of(stack_of(frame))] += spent

    def write(self) -> None:
        """Write the seconds by step; what only the process knows of counts as the rest."""
        seen = sum(self.seconds.values()) + time.thread_time()
        rest = {REST: max(0.0, time.process_time() - seen)}
        fresh = self.file.with_suffix(".new")
        fresh.write_bytes(orjson.dumps({**self.seconds, **rest}))
        fresh.replace(self.file)


def seconds_in(file: Path) -> dict[str, float]:
    """Return the seconds by step that a sampler has written."""
    counted: dict[str, float] = orjson.loads(file.read_bytes())
    return counted
