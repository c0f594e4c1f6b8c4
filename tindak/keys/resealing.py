"""Runs the job that seals contacts anew, on the services' databases, and says which keys are still in use."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.intake.tooling import intake_store
from services.notify.tooling import notify_store
from shared.adapters.clock import SystemClock
from shared.delivery.ports import TransientError
from shared.events import SealScheme
from shared.seal import Opener, Sealer
from shared.sealing_keys import FORMER_KEYS, PRIVATE_KEYS, ContactKeysInvalid, parse_keys, published
from tindak.console import Failure, Misuse, read_settings
from tindak.keys.reseal import Report, Reseal, SealedContacts
from tindak.waiting import progress, within

HEARD_WITHIN_SECONDS = 60.0
HEARD_EVERY_SECONDS = 0.5
IN_WORDS = {SealScheme.HPKE: "", SealScheme.AES_256_GCM: " of release 0.1.0"}


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How many contacts need a key; ``seals`` for the one that seals what comes."""

    key_id: str
    scheme: SealScheme
    contacts: int
    seals: bool
    may_be_retired: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, and how it stands now.

    Args:
        resealed: Contacts that were sealed anew; for a dry run those that would be.
        left: Why others still need an old key.
        unheard: Contacts that intake has said under an old key, and notify has not heard yet.
        set_aside: Documents of notify that are quarantined, whose contacts nobody knows.
    """

    resealed: int
    left: Report
    unheard: int
    set_aside: int
    keys: tuple[KeyUse, ...]

    @property
    def is_unfinished(self) -> bool:
        """Return whether anything still needs an old key, or may need it."""
        return bool(self.unheard or self.set_aside or any(key.contacts for key in self.keys if not key.seals))


async def reseal_all(environment: Mapping[str, str], timeout_seconds: float, *, dry_run: bool) -> Outcome:
    """Seal anew what needs it, wait until notify has heard of it, and return how it stands then.

    Raises:
        Misuse: The private keys are not at hand.
        Failure: They are no keys, or a database does not answer.
    """
    private, former = environment.get(PRIVATE_KEYS, ""), environment.get(FORMER_KEYS, "")
    if not private:
        raise Misuse(f"{PRIVATE_KEYS} is not set; it is known to notify alone.")
    try:
        opener, sealer = Opener.from_text(private, former), Sealer.from_text(published(private))
        given = [(SealScheme.HPKE, key_id) for key_id in parse_keys(private, PRIVATE_KEYS)]
        given += [(SealScheme.AES_256_GCM, key_id) for key_id in (parse_keys(former, FORMER_KEYS) if former else ())]
    except ContactKeysInvalid as invalid:
        raise Failure(f"{invalid}.") from None
    contacts = notify_store(read_settings(timeout_seconds, "notify").mongo)
    reports = intake_store(read_settings(timeout_seconds, "intake").mongo)
    job = Reseal(contacts, reports, opener, sealer, SystemClock())
    silence = f"The databases gave no answer for {timeout_seconds:g} s; check TINDAK_MONGO_URI, and begin again."
    try:
        with progress("Sealing contacts") as advance:
            async with within(timeout_seconds, silence) as alive:

                def note(count: int) -> None:
                    alive()
                    advance(count)

                done = await job.run(note, dry_run=dry_run)
                if done.resealed and not dry_run:
                    await _heard(contacts, sealer.current, len(done.unreadable) + done.set_aside, alive)
                return await _outcome(job, contacts, done, given, dry_run=dry_run)
    except TransientError as error:
        raise Failure(f"{silence} ({error})") from error
    finally:
        contacts.close()
        reports.close()


async def _heard(contacts: SealedContacts, current: str, left: int, alive: Callable[[], None]) -> None:
    """Return once notify holds no more than *left* contacts under other keys, or does not hear of them in time."""
    now = asyncio.get_running_loop().time
    deadline = now() + HEARD_WITHIN_SECONDS
    while now() < deadline:
        in_use = await contacts.keys_in_use()
        alive()
        if sum(count for key, count in in_use.items() if key != (SealScheme.HPKE, current)) <= left:
            return
        await asyncio.sleep(HEARD_EVERY_SECONDS)  # what notify has heard can only be asked for


async def _outcome(
    job: Reseal, contacts: SealedContacts, done: Report, given: list[tuple[SealScheme, str]], *, dry_run: bool
) -> Outcome:
    left = done if dry_run else await job.run(dry_run=True)
    unheard, set_aside = await job.unheard(), await contacts.set_aside()
    in_use = await contacts.keys_in_use()
    seals = (SealScheme.HPKE, job.sealer.current)
    is_known = not (unheard or set_aside)
    return Outcome(
        resealed=done.resealed,
        left=left,
        unheard=unheard,
        set_aside=set_aside,
        keys=tuple(
            KeyUse(key[1], key[0], in_use.get(key, 0), key == seals, key != seals and is_known and not in_use.get(key))
            for key in dict.fromkeys([*given, *in_use])
        ),
    )


def summary(outcome: Outcome, *, dry_run: bool) -> str:
    """Return an outcome for people."""
    left = outcome.left
    lines = [f"{'to be sealed anew' if dry_run else 'sealed anew'}: {outcome.resealed:,} contacts"]
    for count, what in (
        (left.on_its_way, "on their way from intake to notify: let both run, and begin again"),
        (outcome.unheard, "said by intake under an old key, and not heard by notify yet: begin again"),
        (left.overtaken, "changed by others meanwhile: begin again"),
        (left.erased, "erased at intake, which notify has not heard yet: begin again"),
        (left.set_aside, "set aside at intake: `tindak documents list intake`"),
        (outcome.set_aside, "documents set aside at notify: `tindak documents list notify`"),
    ):
        if count:
            lines.append(f"  {count:,} {what}")
    if left.unreadable:
        lines.append(f"  {len(left.unreadable):,} opened by no key at hand: {', '.join(left.unreadable)}")
    lines += [f"key {key.key_id}{IN_WORDS[key.scheme]}: {key.contacts:,} contacts{_fate(key)}" for key in outcome.keys]
    return "\n".join(lines)


def _fate(key: KeyUse) -> str:
    return "; seals" if key.seals else "; may be retired" if key.may_be_retired else "; still needed"
