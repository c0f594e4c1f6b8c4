"""What routing knows of a ticket; never how it changes."""

from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from services.routing.domain.duplicates.similarity import Fingerprint
from shared.events import Classification, ClosedBy, HoldReason, Priority, Report, SimilarTicket, Tenure
from shared.values import value


class Stage(StrEnum):
    """How far the agency that has the ticket is."""

    ROUTED = "routed"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    REOPENED = "reopened"


@value
class InTriage:
    """Nobody is responsible: an officer must decide."""

    agency: None = None
    kind: Literal["in_triage"] = "in_triage"


@value
class WithAgency:
    """An agency is responsible and at work."""

    agency: str
    stage: Stage = Stage.ROUTED
    kind: Literal["with_agency"] = "with_agency"


@value
class Held:
    """An agency is responsible and waits; ``stage`` is where it goes on."""

    agency: str
    stage: Stage
    reason: HoldReason
    question: str | None = None
    until: datetime | None = None
    kind: Literal["held"] = "held"


@value
class Answered:
    """The agency has given its final answer; the reporter may confirm or dispute it."""

    agency: str
    kind: Literal["answered"] = "answered"


@value
class Closed:
    """Ended after a final answer, by the reporter's word or by his silence; or because all its parts have ended.

    ``agency`` is None for a ticket that was divided.
    """

    agency: str | None
    by: ClosedBy
    at: datetime
    kind: Literal["closed"] = "closed"


@value
class Archived:
    """Put away without an answer; ``reason`` is None where release 0.1.0 did it."""

    agency: str | None
    reason: str | None = None
    kind: Literal["archived"] = "archived"


@value
class Withdrawn:
    """Taken back by the reporter."""

    agency: str | None
    kind: Literal["withdrawn"] = "withdrawn"


@value
class Split:
    """Divided: its parts are worked on, each by its own agency, and it ends with them."""

    agency: None = None
    kind: Literal["split"] = "split"


Situation: TypeAlias = InTriage | WithAgency | Held | Answered | Split | Closed | Archived | Withdrawn

# Made once: these are asked for several times with each event.
ENDED = (Closed, Archived, Withdrawn)
HELD_BY_ONE = (WithAgency, Held, Answered)
OPEN = (InTriage, WithAgency, Held)


def holder_of(situation: Situation) -> str | None:
    """Return the agency that must act, or wait for the reporter's word; None for nobody."""
    return situation.agency if isinstance(situation, HELD_BY_ONE) else None


def is_ended(situation: Situation) -> bool:
    """Return whether the ticket has come to its end."""
    return isinstance(situation, ENDED)


def name_of(situation: Situation) -> str:
    """Return what the situation is called on the topics."""
    return situation.stage.value if isinstance(situation, WithAgency) else situation.kind


@value
class PartKnown:
    """What a divided ticket knows of a part; ``version`` is that of the part's history as far as it was told."""

    id: str
    version: int = 0
    ended: bool = False


@value
class Led:
    """The last routing of its leader that a ticket has heard of; ``hop`` is how many agencies that one had had then."""

    leader: str
    hop: int


@value
class DueClock:
    """What sla has last said of a clock.

    Args:
        round: Of the clock's last start that was heard of.
        due_at: None while it stands still, and once it has ended.
        agency: For which it was started; None if its start was not heard.
        ended: Whether that round has come to its end.
    """

    round: int
    due_at: datetime | None
    agency: str | None = None
    ended: bool = False


@value
class ReporterView:
    """What the agency that has the ticket has said, as far as the reporter may know it.

    Args:
        final: Whether the last answer was final.
        reason_id, reason_en: Why the matter lies outside the city's authority; None if it does not.
        advice_id, advice_en: What the policy advises the reporter of a sensitive matter; None if nothing.
    """

    note: str | None = None
    answer: str | None = None
    final: bool | None = None
    reason_id: str | None = None
    reason_en: str | None = None
    advice_id: str | None = None
    advice_en: str | None = None


NOTHING_SAID = ReporterView()


@value
class Ticket:
    """What is true of a ticket whatever its situation.

    Args:
        requested: Agency that the reporter chose.
        at: When its last fact happened; no fact is earlier than the one before.
        version: How many facts it has.
        agencies: Who has had it, in order; one that got it twice stands there twice.
        stays: How long each of them had it; the last one lasts while `holder_of` names it.
        returns: How often an agency has said that it is not responsible.
        answers: Final answers given; the number of the last one is its feedback round.
        questions: Holds for the reporter; the number of the last one is its completion round.
        updates: Updates heard, also those refused.
        status_asked: How often somebody who asked where it stands was told.
        cluster: Ticket with which it is followed. A link only: the ticket keeps its own situation and clocks.
        members: Tickets that follow this one; empty while it follows another, but for those that are leaving.
        assigned: Whether an officer has chosen an agency for this very ticket; it goes where its leader goes no more.
        led: How far it has heard of its leader's way; None if of nothing.
        sketch: What is compared of its report; None if it is never followed with others unless an officer says so.
        findable: Whether reports like it may join it.
        findable_since: The moment of deciding so; None while they may not.
        similar: Open tickets with similar reports when it was filed, for people to judge.
        parent: Ticket of which it is a part; None if of none.
        part: Its number among the parts, from 1.
        parts: Those into which it is divided.
        source_id: The channel's own id of the report; None if release 0.1.0 has filed it.
        respond: The clock of the first answer; None if nothing was heard of it.
        resolve: The clock of the final one.
        view: What the reporter may know of what its agency has said.
        erased: Whether its reporter was erased, so that no text is kept of it any more.
        messages_stopped: Whether its reporter wants no more messages about it.
    """

    id: str
    tracking_id: str
    report: Report
    classification: Classification
    category: str | None
    priority: Priority
    requested: str | None
    submitted_at: datetime
    accepted_at: datetime
    at: datetime
    version: int = 0
    agencies: tuple[str, ...] = ()
    stays: tuple[Tenure, ...] = ()
    returns: int = 0
    answers: int = 0
    questions: int = 0
    updates: int = 0
    status_asked: int = 0
    cluster: str | None = None
    members: tuple[str, ...] = ()
    assigned: bool = False
    led: Led | None = None
    sketch: Fingerprint | None = None
    findable: bool = False
    findable_since: datetime | None = None
    similar: tuple[SimilarTicket, ...] = ()
    parent: str | None = None
    part: int | None = None
    parts: tuple[PartKnown, ...] = ()
    source_id: str | None = None
    respond: DueClock | None = None
    resolve: DueClock | None = None
    view: ReporterView = NOTHING_SAID
    erased: bool = False
    messages_stopped: bool = False


@value
class EarlyUpdate:
    """An update heard before its complaint; ``data`` is its JSON, for the type is known only beside it.

    ``waits_until`` is None for one that release 0.1.0 has stored.
    """

    id: str
    source: str
    type: str
    data: str
    arrived_at: datetime
    waits_until: datetime | None = None


@value
class Awaited:
    """Updates have come, the complaint has not: there is no order between two topics.

    Args:
        updates: Those that wait for it.
        withdrawn: Of a part: the whole was taken back before the part was opened.
        linked: Whether other tickets have told it something.
        ended_at: When the last update was answered that had waited in vain; None while one waits, or none ever did.
        erased: Of a part: the reporter of the whole was erased before the part was opened.
    """

    updates: tuple[EarlyUpdate, ...] = ()
    withdrawn: bool = False
    linked: bool = False
    ended_at: datetime | None = None
    erased: bool = False
    kind: Literal["awaited"] = "awaited"


@value
class Filed:
    """The complaint has come and the ticket is in one of its situations."""

    ticket: Ticket
    situation: Situation
    kind: Literal["filed"] = "filed"


State: TypeAlias = Awaited | Filed
