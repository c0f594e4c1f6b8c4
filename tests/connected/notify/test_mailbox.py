"""Mails of a folder on a real IMAP server are received, each once, and moved where somebody finds them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.notify.mail import mailbox
from services.notify.mail.mailbox import Mailbox, MailboxUnusable, Received, receive_all
from services.notify.mail.outcomes import Outcome
from services.notify.mail.settings import MailboxSettings
from shared.events import ReplyToTicket
from tests.component.notify.harness import ServiceHarness
from tests.component.notify.mails import mail, receiver
from tests.component.notify.web import ROUTED, UPDATES, site
from tests.connected.notify.relay import free_port
from tests.servers.imap import ImapServer, imap_server

pytestmark = [pytest.mark.loopback, pytest.mark.timeout(60)]

REPLY = mail().as_bytes()
AWAY = mail("Saya sedang cuti.", Auto_Submitted="auto-replied").as_bytes()
STRANGE = mail(to="lapor@tangsel.example").as_bytes()


@pytest.fixture
def imap(tmp_path: Path) -> Iterator[ImapServer]:
    with imap_server(tmp_path) as server:
        yield server


async def opened() -> ServiceHarness:
    return (await site(ROUTED)).harness


async def received(harness: ServiceHarness, settings: MailboxSettings) -> list[Outcome]:
    return [each.outcome async for each in receive_all(settings, receiver(harness).receive)]


async def test_each_mail_is_taken_once_and_moved_by_what_became_of_it(imap: ImapServer) -> None:
    harness = await opened()
    imap.lay(REPLY, AWAY, STRANGE)

    outcomes = await received(harness, imap.mailbox())
    again = await received(harness, imap.mailbox())

    assert [outcome.code for outcome in outcomes] == ["reply", "automatic", "no_token"]
    assert again == []
    assert (imap.count(), imap.count("Done"), imap.count("Refused")) == (0, 2, 1)
    assert [type(said.data) for said in harness.published(UPDATES)] == [ReplyToTicket]


async def test_a_death_between_taking_and_moving_takes_the_mail_again_as_the_same_event(imap: ImapServer) -> None:
    harness = await opened()
    imap.lay(REPLY)

    async def dies(raw: bytes) -> Outcome:
        await receiver(harness).receive(raw)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        [each async for each in receive_all(imap.mailbox(), dies)]
    left = imap.count()
    await received(harness, imap.mailbox())

    assert (left, imap.count(), imap.count("Done")) == (1, 0, 1)
    assert len({said.id for said in harness.published(UPDATES)}) == 1


async def test_what_may_be_taken_later_stays_and_so_does_what_is_behind_it(imap: ImapServer) -> None:
    imap.lay(STRANGE, REPLY, REPLY)
    outcomes = [Outcome("bug", 75), Outcome("unavailable", 75)]

    async def later(raw: bytes) -> Outcome:
        return outcomes.pop(0)

    found = [each.outcome.code async for each in receive_all(imap.mailbox(), later)]

    assert (found, imap.count(), imap.count("Done")) == (["bug", "unavailable"], 3, 0)


async def test_a_mail_that_is_too_large_is_moved_without_being_read(
    imap: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "RAW_BYTES_MAX", 1000)
    imap.lay(mail("a" * 2000).as_bytes(), REPLY)

    outcomes = await received(await opened(), imap.mailbox())

    assert [outcome.code for outcome in outcomes] == ["too_big", "reply"]
    assert (imap.count("Refused"), imap.count("Done")) == (1, 1)


async def test_so_many_mails_are_taken_in_one_go(imap: ImapServer) -> None:
    imap.lay(AWAY, AWAY, AWAY)

    outcomes = await received(await opened(), imap.mailbox(mails_max=2))

    assert (len(outcomes), imap.count()) == (2, 1)


async def test_a_mail_that_somebody_else_has_moved_is_passed_over(imap: ImapServer) -> None:
    imap.lay(AWAY, AWAY)

    async def overtaken(raw: bytes) -> Outcome:
        with Mailbox(imap.mailbox()) as other:
            for uid in other.waiting()[1:]:
                other.move(uid, "Done")
        return Outcome("automatic")

    found = [each async for each in receive_all(imap.mailbox(), overtaken)]

    assert [each.outcome.code for each in found] == ["automatic"]
    assert imap.count("Done") == 2


async def test_without_the_extension_a_mail_is_moved_by_copying(imap: ImapServer) -> None:
    imap.lay(AWAY, REPLY)

    with Mailbox(imap.mailbox(done_folder="Sudah selesai")) as box:
        assert box.moves
        box.moves = False
        box.move(box.waiting()[0], "Sudah selesai")

    assert (imap.count(), imap.count("Sudah selesai")) == (1, 1)


async def test_a_connection_can_begin_tls_and_trusts_no_stranger(
    imap: ImapServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.lay(AWAY)

    with pytest.raises(MailboxUnusable, match="begin TLS"):
        await received(await opened(), imap.mailbox(tls="starttls"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "relay.crt"))
    outcomes = await received(await opened(), imap.mailbox(tls="starttls"))

    assert [outcome.code for outcome in outcomes] == ["automatic"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"password": "falsch"}, "does not log in"),
        ({"folder": "Nowhere"}, "does not open Nowhere"),
        ({"port": free_port()}, "no IMAP server answers"),
        ({"tls": "implicit"}, "no IMAP server answers"),
    ],
)
async def test_a_server_that_cannot_be_used_is_told_of_without_its_words(
    imap: ImapServer, changes: dict[str, object], sentence: str
) -> None:
    async def never(raw: bytes) -> Outcome:
        raise AssertionError

    found: list[Received] = []
    with pytest.raises(MailboxUnusable, match=sentence) as fault:
        found += [each async for each in receive_all(imap.mailbox(**changes), never)]

    assert not re.search("rahasia|falsch|Invalid", str(fault.value))
    assert found == []
