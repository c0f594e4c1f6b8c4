"""After keys were rotated and contacts sealed anew, the old private key can be thrown away."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.intake.handlers import IntakeHandler
from services.intake.resealing import last_contact
from services.intake.store import unique
from services.notify.domain.correspondence import Sealed
from services.notify.messages.renderer import MessageRenderer
from shared import topics
from shared.events import ContactCorrected, ContactSealed, Locale, NotificationSent, ReporterErased, SealScheme
from shared.seal import Contact, Opener, Sealer, channel_info
from shared.sealing_keys import public_of
from tests.builders import IDS, event
from tests.component.intake.harness import ServiceHarness as Intake
from tests.component.notify.harness import ServiceHarness as Notify
from tests.fakes.contacts import IntakeContacts, NotifyContacts
from tests.fakes.handler_harness import NOON
from tests.unit.intake.city import RULES
from tests.unit.notify.samples import EMAIL, NAME, POLICY, notice, rules
from tests.unit.shared.test_seal import sealed_before
from tindak.keys.reseal import Report, Reseal

pytestmark = pytest.mark.component

OLD, NEW, FORMER = b"o" * 32, b"n" * 32, b"f" * 32
OLD_SEALER, NEW_SEALER = Sealer({"old": public_of(OLD)}), Sealer({"new": public_of(NEW), "old": public_of(OLD)})
ALL = Opener({"new": NEW, "old": OLD}, {"0.1.0": FORMER})
RELAY_AFTER = timedelta(seconds=11)


class Town:
    """Intake and notify on one broker, with contacts under the old key; ``reseal`` runs the job."""

    def __init__(self) -> None:
        self.contacts, self.reports = NotifyContacts(), IntakeContacts(unique=unique)
        self.notify = Notify(rules(notice(channels=("email",))), store=self.contacts)
        self.intake = Intake(self.reports, IntakeHandler(RULES, IDS, OLD_SEALER))
        self.intake.broker, self.intake.clock = self.notify.broker, self.notify.clock
        self.intake.restart()

    def job(self, opener: Opener = ALL) -> Reseal:
        return Reseal(self.contacts, self.reports, opener, NEW_SEALER, self.notify.clock)

    async def report(self, number: int, **changes: Any) -> str:
        """Hand over a report; return its ticket's id once notify has heard of it."""
        reporter = {} if "reporter_sealed" in changes else {"reporter": {"name": NAME, "email": EMAIL}}
        self.intake.submit(source_id=str(number), **(reporter | changes))
        await self.settle()
        return IDS.of("web", str(number))

    async def settle(self) -> None:
        """Let both work, and intake publish what lies in its documents."""
        self.notify.clock.at += RELAY_AFTER
        await self.intake.work()
        await self.intake.relay.relay()
        await self.notify.work()

    def contact(self, ticket: str) -> Sealed:
        state = self.contacts.documents[ticket].state
        assert state is not None
        assert isinstance(state.contact, Sealed)
        return state.contact

    def said(self, ticket: str) -> list[ContactSealed]:
        """Return the contacts of a ticket that lie on their topic, each event once."""
        found = {one.id: one.data for one in self.intake.published(topics.CONTACTS) if one.subject == ticket}
        return [data for data in found.values() if isinstance(data, ContactSealed)]

    async def letters_with(self, opener: Opener) -> list[str | None]:
        """Return whom notify writes to, given these keys alone."""
        self.notify.sender.renderer = MessageRenderer(POLICY, opener)
        await self.notify.send()
        assert {type(fact) for fact in self.notify.facts} == {NotificationSent}
        return [message.address for message in self.notify.email.given]


async def test_notify_sends_with_the_new_key_alone_once_all_was_sealed_anew() -> None:
    town = Town()
    tickets = [await town.report(number) for number in range(3)]
    sealed, key_id = OLD_SEALER.seal(channel_info("web", "9"), json.dumps({"name": NAME, "email": EMAIL}).encode())
    tickets.append(await town.report(9, reporter_sealed={"sealed": sealed, "key_id": key_id}))
    tickets.append(IDS.of("web", "10"))
    former = sealed_before(
        Contact(channel="web", name=NAME, email=EMAIL).model_dump_json().encode(), FORMER, tickets[-1]
    )
    of_release_0_1_0 = ContactSealed(ticket_id=tickets[-1], sealed=former, locale=Locale.INDONESIAN, key_id="0.1.0")
    town.notify.publish(topics.CONTACTS, event(of_release_0_1_0))
    await town.settle()
    await town.report(10, reporter=None)

    report = await town.job().run()
    await town.settle()

    assert report == Report(resealed=5)
    assert await town.contacts.keys_in_use() == {(SealScheme.HPKE, "new"): 5}
    assert await town.job().run(dry_run=True) == Report()
    opener = Opener({"new": NEW})
    held = {ticket: town.contact(ticket) for ticket in tickets}
    opened = [opener.open_contact(ticket, one.sealed, one.key_id, one.scheme, one.info) for ticket, one in held.items()]
    assert {(contact.channel, contact.email) for contact in opened} == {("web", EMAIL)}
    assert {one.info for one in held.values()} == {None}
    assert await town.letters_with(Opener({"new": NEW})) == [EMAIL] * 5


async def test_without_it_the_old_key_is_needed() -> None:
    town = Town()
    await town.report(1)

    town.notify.sender.renderer = MessageRenderer(POLICY, Opener({"new": NEW}))
    await town.notify.send()

    assert town.notify.email.given == []


async def test_a_dry_run_counts_and_changes_nothing() -> None:
    town = Town()
    ticket = await town.report(1)

    assert await town.job().run(dry_run=True) == Report(resealed=1)

    assert len(town.said(ticket)) == 1
    assert not town.reports.documents[ticket].pending


async def test_begun_again_at_any_time_it_says_each_contact_anew_once() -> None:
    town = Town()
    ticket = await town.report(1)
    await town.job().run()  # and is killed before anybody has published it

    again = await town.job().run()
    await town.settle()

    assert again == Report(on_its_way=1)
    assert [contact.key_id for contact in town.said(ticket)] == ["old", "new"]
    assert await town.job().run() == Report()


async def test_a_report_that_is_repeated_brings_no_seal_of_the_old_key_back() -> None:
    town = Town()
    ticket = await town.report(1)
    await town.job().run()
    await town.settle()

    town.intake.submit(source_id="1", reporter={"name": NAME, "email": EMAIL})
    await town.settle()

    assert town.contact(ticket).key_id == "new"
    assert [contact.key_id for contact in town.said(ticket)] == ["old", "new"]
    assert last_contact(town.reports.documents[ticket]) == town.said(ticket)[-1]


def requested(kind: Any, ticket: str, **more: Any) -> Any:
    about = {"ticket_id": ticket, "tracking_id": "TGDJ-CH3HT-NX", "state": "routed", "version": 2, "at": NOON}
    return event(kind.model_validate(about | more))


async def test_a_correction_that_notify_has_not_heard_is_not_overtaken() -> None:
    town = Town()
    ticket = await town.report(1)
    sealed, key_id = OLD_SEALER.seal_contact(ticket, Contact(name="Sita", email="sita@warga.example"))
    correction = {"reason": "Diminta pelapor.", "sealed": sealed, "key_id": key_id}
    town.intake.publish(topics.REQUESTS, requested(ContactCorrected, ticket, **correction))
    await town.intake.work()

    assert await town.job().run() == Report(on_its_way=1)

    await town.settle()
    assert await town.job().run() == Report(resealed=1)
    await town.settle()
    assert await town.letters_with(Opener({"new": NEW})) == ["sita@warga.example"]


async def test_whoever_was_erased_at_intake_is_not_sealed_anew() -> None:
    town = Town()
    ticket = await town.report(1)
    town.intake.publish(topics.REQUESTS, requested(ReporterErased, ticket))
    await town.intake.work()

    assert await town.job().run() == Report(erased=1)

    await town.settle()
    assert town.intake.broker.topic(topics.CONTACTS)[-1].value is None
    assert await town.job().run() == Report()


async def test_an_erasure_after_it_takes_the_new_seal_away_too() -> None:
    town = Town()
    ticket = await town.report(1)
    await town.job().run()
    town.intake.publish(topics.REQUESTS, requested(ReporterErased, ticket))

    await town.settle()
    await town.settle()

    assert town.intake.broker.topic(topics.CONTACTS)[-1].value is None
    assert last_contact(town.reports.documents[ticket]) is None


async def test_what_no_key_opens_is_named_and_holds_up_no_other() -> None:
    town = Town()
    lost = await town.report(1)
    document = town.contacts.documents[lost]
    assert document.state is not None
    broken = replace(town.contact(lost), sealed="AAAA")
    town.contacts.documents[lost] = replace(document, state=replace(document.state, contact=broken))
    town.reports.documents.pop(lost)
    await town.report(2)

    assert await town.job().run() == Report(resealed=1, unreadable=(lost,))
    assert await town.job(Opener({"new": NEW})).run(dry_run=True) == Report(on_its_way=1, unreadable=(lost,))


async def test_a_document_that_somebody_changes_meanwhile_is_decided_again() -> None:
    town = Town()
    ticket = await town.report(1)
    changes = iter([ticket])

    async def overtake(step: str) -> None:
        if step == "save" and (changed := next(changes, None)):
            town.reports.documents[changed] = town.reports.documents[changed].saved()

    town.reports.step = overtake

    assert await town.job().run() == Report(resealed=1)
    await town.settle()
    assert town.contact(ticket).key_id == "new"


async def test_a_contact_whose_report_intake_keeps_no_more_is_handed_on_all_the_same() -> None:
    town = Town()
    ticket = await town.report(1)
    del town.reports.documents[ticket]

    assert await town.job().run() == Report(resealed=1)
    await town.settle()

    assert town.contact(ticket).key_id == "new"
    assert town.reports.documents[ticket].expires_at is not None


async def test_what_intake_has_said_under_the_old_key_and_nobody_heard_is_counted() -> None:
    town = Town()
    await town.report(1)
    town.intake.submit(source_id="2", reporter={"name": NAME})
    await town.intake.work()

    assert await town.job().unheard() == 1

    await town.settle()
    assert (await town.job().unheard(), await town.job().run()) == (0, Report(resealed=2))
