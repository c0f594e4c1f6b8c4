"""The search for the signature of what people write reaches every type of the catalogue: a new one is searched, too."""

import base64
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared import events as e
from shared import topics
from shared.delivery.ports import Record
from shared.events.catalogue import CATALOGUE
from shared.ids import part_id, tracking_id
from shared.sealing_keys import public_of
from tests.builders import TRACKING, submitted, ticket_id
from tests.component.city import OFFICER, WEB, City
from tests.component.identities.places import leaks
from tests.component.identities.plantings import SEARCH
from tests.sealing import SEALER
from tests.simulation.run import SCRIPTS, errors_logged
from tests.simulation.signature import signed
from tests.simulation.world import World

pytestmark = pytest.mark.simulation

SEEDS_MAX = 200
# What outsiders write is planted one by one, in each place (tests/component/identities).
OUTSIDERS = {"channels", "agencies", "officers"}
# On its topic a tombstone: a key, which is the ticket's id, and nothing else. Of a receipt: codes, ids and an instant.
WITHOUT_CONTENT = {e.ContactErased.TYPE, e.NotificationDelivered.TYPE}
TYPE = re.compile(rb'"type":"(tindak\.[^"]+)"')
PRIVACY = "/officers/privacy"
TWO_MATTERS = "Jembatan rusak dan lampu jalan mati."
AGENCIES = ("dsdabmbk", "dishub")
LAMP = "Lampu jalan di tiang nomor 7 mati sejak seminggu."

Scene = Callable[[City], Coroutine[Any, Any, None]]


async def test_every_type_of_the_catalogue_is_searched_for_who_wrote_something() -> None:
    missing = {entry.data.TYPE for entry in CATALOGUE if entry.published_by not in OUTSIDERS} - WITHOUT_CONTENT
    for scene in (officers_decide, a_reporter_asks, a_reporter_is_forgotten, a_part_is_disputed):
        city = City()
        with capture_logs() as logged:
            await scene(city)
        assert leaks(city, logged, SEARCH) == {}, scene.__name__
        missing -= set(types_of(record for log in city.broker.logs.values() for record in log))
    seeds = iter(range(SEEDS_MAX))
    while missing:
        seed = next(seeds, None)
        assert seed is not None, f"{SEEDS_MAX} seeds did not say {sorted(missing)}"
        world = World(seed, seed % SCRIPTS)
        with errors_logged():
            assert world.run() == [], seed
        missing -= set(types_of(world.broker.records()))


def types_of(records: Iterable[Record]) -> Iterator[str]:
    """Yield the types of what the services said."""
    for record in records:
        found = None if topics.is_from_outside(record.topic) else TYPE.search(record.value or b"")
        if found is not None:
            yield found[1].decode()


async def report(city: City, number: int, body: str) -> str:
    """Let somebody report through the web; return the ticket's id."""
    handed = submitted(source_id=f"{number}", title=None, body=body, location={"kecamatan": "Ciputat"})
    await city.receive(topics.submitted_topic("web"), signed(handed), WEB)
    return ticket_id("web", f"{number}")


async def say(city: City, source: str, command: e.Command) -> None:
    await city.ask((source, signed(command)))


async def officers_decide(city: City) -> None:
    one, two, three = [await report(city, number, f"{LAMP} Tiang {number}") for number in (1, 2, 3)]
    aspiration = e.Classification.ASPIRATION
    await say(city, OFFICER, e.ReclassifyTicket(ticket_id=one, classification=aspiration, reason="Bukan aduan."))
    await say(city, OFFICER, e.MergeTicket(ticket_id=three, into=two))
    await say(city, OFFICER, e.UnmergeTicket(ticket_id=three))
    await say(city, OFFICER, e.ResendNotice(ticket_id=one, reason="Relai pulih."))
    await say(city, OFFICER, e.SuppressNotice(ticket_id=two, reason="Sudah ditelepon."))


async def a_reporter_asks(city: City) -> None:
    ticket = await report(city, 1, LAMP)
    asked = submitted(source_id="2", title=None, body=f"Bagaimana kelanjutan laporan {tracking_id(ticket)}?")
    await city.receive(topics.submitted_topic("web"), asked, WEB)


async def a_reporter_is_forgotten(city: City) -> None:
    ticket = await divided(city)
    sealed, key_id = SEALER.seal(ticket, b"{}")
    corrected = e.CorrectReporter(ticket_id=ticket, sealed=sealed, key_id=key_id, reason="Salah ketik.")
    public_key = base64.b64encode(public_of(bytes(range(32)))).decode()
    await say(city, PRIVACY, corrected)
    await say(city, PRIVACY, e.ExportReporter(ticket_id=ticket, public_key=public_key, reason="Diminta."))
    await say(city, WEB, e.StopMessages(ticket_id=ticket))
    await say(city, WEB, e.ResumeMessages(ticket_id=ticket))
    await say(city, PRIVACY, e.EraseReporter(ticket_id=part_id(ticket, 1), reason="Diminta."))


async def divided(city: City) -> str:
    """Let somebody report what concerns two agencies, and an officer divide it; return the ticket's id."""
    ticket = await report(city, 1, TWO_MATTERS)
    await say(city, OFFICER, e.AssignTicket(ticket_id=ticket, agencies=AGENCIES, reason="Dua masalah."))
    return ticket


async def a_part_is_disputed(city: City) -> None:
    ticket = await divided(city)
    for number, agency in enumerate(AGENCIES, 1):
        part = part_id(ticket, number)
        await say(city, f"/agencies/{agency}", e.AnswerTicket(ticket_id=part, answer="Selesai.", final=True))
    await say(city, WEB, e.ConfirmTicket(ticket_id=part_id(ticket, 1), comment="Bagus."))
    silent = e.FeedbackWindowExpired(
        ticket_id=part_id(ticket, 2), tracking_id=TRACKING, parent=ticket, part=2, clock="feedback",
        due_at=city.clock.now(),
    )  # fmt: skip
    await city.say_of_clock(silent)
    await say(city, WEB, e.DisputeTicket(ticket_id=part_id(ticket, 2), reason="Belum jadi."))
