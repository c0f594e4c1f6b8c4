"""The measurements of one stack, one after the other, each on topics and databases of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bench.meters.sampling import seconds_in
from bench.meters.usage import Processes
from bench.rivals.ceiling import BY_HAND, NAIVE, tasks, updates, working
from bench.whole.bursts import DIGIT, STEP_SECONDS, TIMES, moments
from bench.whole.complaints import first
from bench.whole.idle import idle
from bench.whole.latency import RATES, at_moments, open_loop
from bench.whole.lifecycles import Players
from bench.whole.place import Place
from bench.whole.throughput import Course, Load, measured, nothing_lost, warmed_up
from shared.topics import SERVICES
from tests.servers.addresses import Namespace
from tests.servers.fleet import running

THROUGHPUT, NAIVELY, PROFILE, IDLE, LATENCY, BURSTS, LIFECYCLES = SECTIONS = (
    "throughput", "naive", "profile", "idle", "latency", "bursts", "lifecycles",
)  # fmt: skip
OF_WAITING = (IDLE, LATENCY, BURSTS)
"""Sections that share one fleet, which is never full."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Args:
        complaints: Of the throughput; the lifecycles take a quarter, the naive pipeline an eighth.
        warm_up: Complaints before a clock starts.
        seconds: How long each rate of arrivals lasts, and how long nothing happens.
        step_seconds: How long a step of a burst lasts.
    """

    complaints: int
    warm_up: int
    seconds: float
    step_seconds: float = STEP_SECONDS


async def measure(there: Place, sections: Sequence[str], size: Size, begin: Callable[[str], None]) -> dict[str, Any]:
    """Return the figures of these sections, by name; *begin* is told what begins."""
    found: dict[str, Any] = {}
    if {THROUGHPUT, NAIVELY} & set(sections):
        begin("four services, all complaints at once")
        course = await services(there, size.complaints, size.warm_up)
        found["pipeline"] = course.report()
        if THROUGHPUT in sections:
            begin("the ceiling, all complaints at once")
            found |= await asyncio.to_thread(_beside, there, course, size)
        if NAIVELY in sections:
            begin("a naive pipeline, all complaints at once")
            found["naive"] = (await asyncio.to_thread(rival, there, course, NAIVE, _eighth(size))).report()
    if PROFILE in sections:
        begin("four services under a sampler")
        found[PROFILE] = await profile(there, size)
    if set(OF_WAITING) & set(sections):
        async with fleet_of(there) as (own, processes):
            await asyncio.to_thread(_waiting, there, own, processes, sections, size, begin, found)
    if LIFECYCLES in sections:
        begin("full lifecycles")
        whole = await lifecycles(there, size)
        begin("the ceiling of full lifecycles")
        found[LIFECYCLES] = {"pipeline": whole.report()} | await asyncio.to_thread(_beside, there, whole, size)
    return found


def _beside(there: Place, course: Course, size: Size) -> dict[str, Any]:
    at_most = rival(there, course, BY_HAND, Load(course.complaints, size.warm_up, updates(course)))
    return {"ceiling": at_most.report(), "ratio": round(course.per_second / at_most.per_second, 3)}


def _eighth(size: Size) -> Load:
    return Load(max(1, size.complaints // 8), min(100, size.warm_up))


def _waiting(
    there: Place,
    own: Namespace,
    processes: Processes,
    sections: Sequence[str],
    size: Size,
    begin: Callable[[str], None],
    found: dict[str, Any],
) -> None:
    warmed_up(there, own, processes, size.warm_up)
    if IDLE in sections:
        begin("nothing happens")
        found[IDLE] = idle(processes, size.seconds)
    if LATENCY in sections:
        found[LATENCY] = {}
        for rate in RATES:
            begin(f"{rate} complaints a second")
            found[LATENCY][str(rate)] = open_loop(own, there.topics, rate, size.seconds, "arrival")
    if BURSTS in sections:
        found[BURSTS] = {}
        for times in TIMES:
            begin(f"bursts, {times} times")
            sent_at = moments([times * rate for rate in DIGIT], size.step_seconds)
            records = first(len(sent_at), f"burst-{times}")
            found[BURSTS][str(times)] = at_moments(own, there.topics, records, sent_at)


@asynccontextmanager
async def fleet_of(
    there: Place, settings: Mapping[str, str] = {}
) -> AsyncIterator[tuple[Namespace, dict[str, list[int]]]]:
    """Give names of their own on which the four services run, and all process ids, servers included."""
    own = await asyncio.to_thread(there.namespace)
    async with running(there.fleet(own, settings), *SERVICES) as fleet:
        yield own, {member.service: [member.process.pid] for member in fleet.members} | there.servers()


async def services(there: Place, complaints: int, warm_up: int, settings: Mapping[str, str] = {}) -> Course:
    """Return what the four services make of so many complaints."""
    async with fleet_of(there, settings) as (own, processes):
        course = await asyncio.to_thread(measured, there, own, processes, Load(complaints, warm_up))
    nothing_lost(course)
    return course


async def profile(there: Place, size: Size) -> dict[str, dict[str, int]]:
    """Return the microseconds of CPU a complaint of each service, by step; sampling itself is not in them."""
    own, complaints = await asyncio.to_thread(there.namespace), max(1, size.complaints // 4)
    fleet = there.fleet(own)
    files = {service: there.folder / f"{own.prefix}{service}.profile" for service in SERVICES}
    try:
        for service, file in files.items():
            fleet.start(service, module=("bench.profiled", service, str(file)))
        await fleet.ready()
        processes = {member.service: [member.process.pid] for member in fleet.members} | there.servers()
        await asyncio.to_thread(warmed_up, there, own, processes, size.warm_up)
        before = {service: seconds_in(file) for service, file in files.items()}
        await asyncio.to_thread(warmed_up, there, own, processes, complaints, "profiled")
        return {service: micros(seconds_in(file), before[service], complaints) for service, file in files.items()}
    finally:
        await asyncio.to_thread(fleet.stop)


def micros(after: Mapping[str, float], before: Mapping[str, float], complaints: int) -> dict[str, int]:
    """Return by how many microseconds a complaint the seconds have grown."""
    return {step: round((used - before.get(step, 0.0)) / complaints * 1e6) for step, used in sorted(after.items())}


async def lifecycles(there: Place, size: Size) -> Course:
    """Return what comes of complaints that agencies answer and reporters confirm."""
    complaints, warm_up = max(1, size.complaints // 4), min(200, size.warm_up)
    async with fleet_of(there) as (own, processes):
        players = Players(own, there.topics)
        players.start()
        try:
            load = Load(complaints, warm_up, meanwhile=players.until_closed)
            course = await asyncio.to_thread(measured, there, own, processes, load)
        finally:
            await asyncio.to_thread(players.leave)
    nothing_lost(course)
    return course


def rival(there: Place, course: Course, module: str, load: Load) -> Course:
    """Return what processes of that *module* make of a load that in all is like that of *course*."""
    own = there.namespace()
    with working(there, tasks(course, there.topics, own), module) as pids:
        return measured(there, own, pids | there.servers(), load)
