"""Seals anew, with the newest key, every contact that is still sealed with another one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Protocol, assert_never

from services.intake.tooling import IntakeState, is_erased, last_contact, with_resealed
from services.notify.tooling import Correspondence, SealedContact, Unknown
from shared.adapters.clock import Clock
from shared.delivery.documents.document import Document, Quarantined
from shared.delivery.ports import Store
from shared.events import ContactSealed, SealScheme
from shared.seal import Opener, Sealer, SealError

BATCH_MAX = 200
ROUNDS_MAX = 20


class SealedContacts(Store[Correspondence], Protocol):
    """Notify's documents, to be searched by the keys of their contacts, too."""

    async def sealed_otherwise(self, key_id: str, after: str, limit: int) -> list[Document[Correspondence]]:
        """Return tickets whose contact is sealed with another public key than that one, or with a key of 0.1.0.

        Args:
            after: Id of the last one that was seen; empty at the beginning.
            limit: At least 1.

        Raises:
            TransientError: Nothing was read.
        """
        ...

    async def keys_in_use(self) -> Mapping[tuple[SealScheme, str], int]:
        """Return how many contacts are sealed with each key, by how and with which; raise TransientError."""
        ...

    async def set_aside(self) -> int:
        """Return how many documents are quarantined, whose contacts nobody knows; raise TransientError."""
        ...


class KeptContacts(Store[IntakeState], Protocol):
    """Intake's documents, to be searched by the keys of the contacts that they keep, too."""

    async def kept_otherwise(self, key_id: str, after: str, limit: int) -> list[Document[IntakeState]]:
        """Return documents whose contact intake has sealed, or had from a channel, with another key than that one.

        Args:
            after: Id of the last one that was seen; empty at the beginning.
            limit: At least 1.

        Raises:
            TransientError: Nothing was read.
        """


class Left(Enum):
    """Why a contact stays for now as it is sealed."""

    ON_ITS_WAY = auto()
    UNREADABLE = auto()
    SET_ASIDE = auto()
    ERASED = auto()


@dataclass(frozen=True, slots=True)
class Report:
    """What was sealed anew, and what was not.

    Args:
        resealed: Contacts that intake hands on under the newest key.
        on_its_way: Those of which intake has said something newer than notify has heard.
        unreadable: Ids of the tickets whose contact no key at hand opens; it stays as it is.
        set_aside: Those whose documents are quarantined at intake.
        erased: Those that intake knows to be erased, which notify will hear.
        overtaken: Those that others changed again and again while they were looked at.
    """

    resealed: int = 0
    on_its_way: int = 0
    unreadable: tuple[str, ...] = ()
    set_aside: int = 0
    erased: int = 0
    overtaken: int = 0

    def with_left(self, ticket: str, why: Left) -> "Report":
        """Return the report with one more contact that stays as it is."""
        match why:
            case Left.ON_ITS_WAY:
                return replace(self, on_its_way=self.on_its_way + 1)
            case Left.UNREADABLE:
                return replace(self, unreadable=(*self.unreadable, ticket))
            case Left.SET_ASIDE:
                return replace(self, set_aside=self.set_aside + 1)
            case Left.ERASED:
                return replace(self, erased=self.erased + 1)
            case _:
                assert_never(why)

    @property
    def left(self) -> int:
        """How many contacts may still be sealed with another key, and need somebody to look, or to begin again."""
        return self.on_its_way + len(self.unreadable) + self.set_aside + self.erased + self.overtaken


class Reseal:
    """The job. It keeps nothing: each contact says with which key it is sealed, so a killed job is begun again.

    Notify knows the present contact, and intake alone writes its topic: so what notify holds is sealed anew and laid
    into intake's document, guarded by its revision, from where intake publishes it as all else that it says. Nothing
    is written where intake has meanwhile said something that notify has not heard, such as a correction.

    Args:
        contacts: Notify's.
        reports: Intake's.
    """

    def __init__(
        self, contacts: SealedContacts, reports: KeptContacts, opener: Opener, sealer: Sealer, clock: Clock
    ) -> None:
        self.contacts = contacts
        self.reports = reports
        self.opener = opener
        self.sealer = sealer
        self.clock = clock

    async def run(self, report_progress: Callable[[int], None] = lambda _: None, *, dry_run: bool = False) -> Report:
        """Seal anew whatever needs it, and return what came of it; save nothing for a dry run.

        Args:
            report_progress: Called after each batch with how many contacts were looked at.

        Raises:
            TransientError: Begin again; what is done is done.
        """
        report, after = Report(), ""
        while batch := await self.contacts.sealed_otherwise(self.sealer.current, after, BATCH_MAX):
            report = await self._batch(report, {held.id: held for held in batch}, dry_run=dry_run)
            after = batch[-1].id
            report_progress(len(batch))
        return report

    async def _batch(self, report: Report, waiting: Mapping[str, Document[Correspondence]], *, dry_run: bool) -> Report:
        for _ in range(ROUNDS_MAX):
            kept = await self.reports.load(waiting.keys())
            made: list[Document[IntakeState]] = []
            for ticket, held in waiting.items():
                outcome = self._resealed(held, kept.get(ticket, Document(ticket)))
                if isinstance(outcome, Left):
                    report = report.with_left(ticket, outcome)
                else:
                    made.append(outcome)
            lost = set() if dry_run or not made else await self.reports.save(made)
            report = replace(report, resealed=report.resealed + len(made) - len(lost))
            if not lost:
                return report
            waiting = {ticket: waiting[ticket] for ticket in lost}
        return replace(report, overtaken=report.overtaken + len(waiting))

    def _resealed(
        self, held: Document[Correspondence], report: Document[IntakeState] | Quarantined
    ) -> Document[IntakeState] | Left:
        """Return intake's document with the contact sealed anew, or why it stays as it is."""
        contact = held.state.contact if held.state else None
        if isinstance(report, Quarantined) or not isinstance(contact, SealedContact):
            return Left.SET_ASIDE
        if is_erased(report):
            return Left.ERASED
        said = last_contact(report)
        if said is not None and said.sealed != contact.sealed:
            return Left.ON_ITS_WAY
        try:
            opened = self.opener.open_contact(held.id, contact.sealed, contact.key_id, contact.scheme, contact.info)
        except SealError:
            return Left.UNREADABLE
        sealed, key_id = self.sealer.seal_contact(held.id, opened)
        anew = ContactSealed(
            ticket_id=held.id, sealed=sealed, locale=opened.locale, key_id=key_id, scheme=SealScheme.HPKE
        )
        return with_resealed(report, anew, self.clock.now())

    async def unheard(self) -> int:
        """Return how many contacts intake has said under another key than the newest, and notify has not heard yet.

        Raises:
            TransientError: Begin again.
        """
        unheard, after = 0, ""
        while batch := await self.reports.kept_otherwise(self.sealer.current, after, BATCH_MAX):
            heard = await self.contacts.load([document.id for document in batch])
            unheard += sum(_waits_for_contact(heard.get(document.id)) for document in batch)
            after = batch[-1].id
        return unheard


def _waits_for_contact(heard: Document[Correspondence] | Quarantined | None) -> bool:
    """Return whether a document of notify has no contact yet; one that is set aside is counted elsewhere."""
    if isinstance(heard, Quarantined):
        return False
    return heard is None or heard.state is None or isinstance(heard.state.contact, Unknown)
