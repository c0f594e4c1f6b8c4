"""What masking takes from a reporter's text, and what was sealed for an agency, reaches that agency alone."""

import json
from dataclasses import replace
from typing import Any

import pytest

from services.routing.handlers import RoutingHandler
from services.routing.policy import seal_of
from shared import topics
from shared.events import (
    AnswerTicket,
    AssignTicket,
    DisputeTicket,
    ReplyToTicket,
    ReporterReplied,
    TicketReopened,
    TicketRouted,
    UpdateRefused,
)
from shared.seal import Opener, Sealer
from tests.builders import TICKET, updates_topic_of
from tests.component.routing.harness import CHANNEL, DISHUB_TOPIC, LAMP, OFFICER, ServiceHarness
from tests.fakes.handler_harness import Crashed, Step, dies_after
from tests.unit.routing.samples import POLICY, UPDATE_ID
from tindak.keys import KeyPair

pytestmark = pytest.mark.component

PAIR, OTHER = KeyPair.draw("dishub-1"), KeyPair.draw("dlh-1")
OPENER = Opener.from_text(PAIR.private)
BY_HAND, KEY_ID = Sealer.from_text(PAIR.public, "public_key").seal(TICKET, b"Kunci gerbang ada di pos satpam.")
GIVEN = {"sealed": BY_HAND, "key_id": KEY_ID}
WRITTEN = "Nomor saya 081234567890, tiang ada di depan pasar."


class City(ServiceHarness):
    """Routing, where dishub has a key."""

    def __init__(self, **seals: str) -> None:
        super().__init__()
        keys = seals or {"dishub": PAIR.public}
        self.handler = RoutingHandler(replace(POLICY, seals={code: seal_of(key) for code, key in keys.items()}))
        self.restart()

    def reply(self, text: str = WRITTEN, **more: Any) -> None:
        self.ask(ReplyToTicket.model_validate({"ticket_id": TICKET, "text": text} | more), CHANNEL)

    def last(self, topic: str, kind: type[Any]) -> Any:
        return [data for data in self.data(topic) if isinstance(data, kind)][-1]

    def opened(self, kind: type[Any]) -> str | None:
        """Return what dishub opens of the last fact of that kind on its topic; None if it holds nothing private."""
        private = self.last(DISHUB_TOPIC, kind).private
        return OPENER.open(TICKET, private.sealed, private.key_id).decode() if private else None


async def with_dishub(city: City | None = None, **changes: Any) -> City:
    city = city or City()
    city.complain(LAMP.model_copy(update=changes))
    await city.work()
    assert city.names(DISHUB_TOPIC)[0] == "routed"
    return city


async def test_what_masking_takes_from_a_reply_is_opened_by_the_agency_and_stands_nowhere_else() -> None:
    city = await with_dishub()

    city.reply()
    await city.work()

    assert city.opened(ReporterReplied) == WRITTEN
    public = city.last(topics.TICKETS, ReporterReplied)
    masked = city.last(DISHUB_TOPIC, ReporterReplied)
    assert (public.private, public.text) == (None, masked.text)
    everything = [record.value or b"" for (topic, _), log in city.broker.logs.items() for record in log
                  if not topics.is_from_outside(topic)]  # fmt: skip
    assert not any(b"081234567890" in value for value in everything)
    assert b"081234567890" not in str(city.store.documents[TICKET]).encode()


async def test_a_dispute_that_is_masked_reaches_the_agency_as_well() -> None:
    city = await with_dishub()
    city.ask(AnswerTicket(ticket_id=TICKET, answer="Sudah.", final=True))
    city.ask(DisputeTicket(ticket_id=TICKET, reason=WRITTEN), CHANNEL)

    await city.work()

    assert city.opened(TicketReopened) == WRITTEN
    assert city.last(topics.TICKETS, TicketReopened).private is None


async def test_nothing_private_goes_along_where_nothing_was_masked() -> None:
    city = await with_dishub()

    city.reply("Tiang ada di depan pasar.")
    await city.work()

    assert city.opened(ReporterReplied) is None


async def test_an_agency_without_a_key_gets_the_masked_text_alone() -> None:
    city = await with_dishub(City(dlh=OTHER.public))

    city.reply()
    await city.work()

    assert city.opened(ReporterReplied) is None


async def test_of_who_reports_anonymously_the_agency_gets_only_what_the_channel_has_sealed() -> None:
    city = await with_dishub(anonymous=True)

    city.reply()
    await city.work()
    assert city.opened(ReporterReplied) is None

    city.reply(private=GIVEN)
    await city.work()
    assert city.opened(ReporterReplied) == "Kunci gerbang ada di pos satpam."


async def test_what_an_officer_has_sealed_goes_to_the_agency_that_gets_the_ticket() -> None:
    city = City(dlh=OTHER.public)
    await with_dishub(city)
    sealed, key_id = Sealer.from_text(OTHER.public, "public_key").seal(TICKET, b"Saksi: Pak Budi.")
    given = {"sealed": sealed, "key_id": key_id}
    assign = {"ticket_id": TICKET, "agency": "dlh", "reason": "Urusan DLH.", "private": given}

    city.ask(AssignTicket.model_validate(assign), OFFICER)
    await city.work()

    told = city.last(topics.agency_topic("dlh"), TicketRouted).private
    assert Opener.from_text(OTHER.private).open(TICKET, told.sealed, told.key_id) == b"Saksi: Pak Budi."
    assert city.last(topics.TICKETS, TicketRouted).private is None


@pytest.mark.parametrize("key_id", ["dishub-0", "dlh-1"])
async def test_what_is_sealed_for_no_key_of_the_agency_is_refused_to_its_sender(key_id: str) -> None:
    city = await with_dishub(City(dishub=PAIR.public, dlh=OTHER.public))

    city.reply(private=GIVEN | {"key_id": key_id})
    await city.work()

    assert city.last(topics.TICKETS, UpdateRefused).code == "unknown_key"
    assert "reporter_replied" not in city.names(DISHUB_TOPIC)


@pytest.mark.parametrize("sealed", ["081234567890", "A" * 65, f"Nomor saya 081234567890{'!' * 66}"])
async def test_what_cannot_be_sealed_is_refused_and_not_passed_on(sealed: str) -> None:
    city = await with_dishub()
    asked = {"ticket_id": TICKET, "text": "Halo.", "private": {"sealed": sealed, "key_id": KEY_ID}}
    envelope = {"specversion": "1.0", "id": UPDATE_ID, "source": CHANNEL, "type": ReplyToTicket.TYPE, "data": asked}

    city.write(updates_topic_of(CHANNEL), json.dumps(envelope).encode())
    await city.work()

    [refused] = [data for data in city.data(topics.status_topic("web")) if isinstance(data, UpdateRefused)]
    assert (refused.code, sealed in refused.message_en) == ("schema_violation", False)
    assert "reporter_replied" not in city.names(DISHUB_TOPIC)


async def test_what_is_sealed_before_an_agency_has_the_ticket_is_refused() -> None:
    city = City()
    city.complain(LAMP.model_copy(update={"title": "Halo", "body": "Tolong dibantu ya."}))
    await city.work()

    city.reply(private=GIVEN)
    await city.work()

    assert city.last(topics.TICKETS, UpdateRefused).code == "unknown_key"


@pytest.mark.parametrize("step", [Step.SAVED, Step.PUBLISHED])
async def test_whatever_dies_in_between_one_seal_alone_is_ever_published(step: Step) -> None:
    city = await with_dishub()
    city.reply()
    city.restart(dies_after(step))
    with pytest.raises(Crashed):
        await city.work()

    city.restart()
    await city.work()

    told = [heard for heard in city.published(DISHUB_TOPIC) if isinstance(heard.data, ReporterReplied)]
    assert len({(heard.id, heard.data.private.sealed) for heard in told}) == 1  # type: ignore[union-attr]
    assert city.opened(ReporterReplied) == WRITTEN


async def test_a_reply_before_its_complaint_is_kept_masked_and_so_without_the_rest() -> None:
    city = City()
    city.reply()
    await city.work()
    assert "081234567890" not in str(city.store.documents[TICKET])

    await with_dishub(city)

    assert city.opened(ReporterReplied) is None


def test_a_seal_of_an_agency_is_bound_to_the_ticket() -> None:
    made = seal_of(PAIR.public).seal(TICKET, WRITTEN)

    assert made.key_id == "dishub-1"
    assert OPENER.open(TICKET, made.sealed, made.key_id).decode() == WRITTEN
    assert made.sealed != seal_of(PAIR.public).seal(TICKET, WRITTEN).sealed
