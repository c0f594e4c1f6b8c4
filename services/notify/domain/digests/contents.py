"""What a digest holds: the open tickets of an agency in order, and what one post was not told singly."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo

from services.notify.domain.complaint import Complaint
from services.notify.domain.correspondence import Correspondence, Gathered, Handling
from services.notify.domain.digests.schedule import Digests
from services.notify.domain.standing import HELD, WITH_AGENCY
from shared.events import SlaClock
from shared.values import replace, value

ROWS_MAX = 100
CLOCKS = (SlaClock.RESPOND, SlaClock.RESOLVE)
"""Those that an agency must keep."""


@value
class Row:
    """One ticket, or part of one.

    Args:
        number: Of the part; None for a whole.
        state: Where it stands, as far as notify hears of it, see `Standing`.
        clock: The one that is due first; None if none runs.
        news: Codes of the notices that were gathered, each once, the oldest first.
        followers: How many tickets are followed together with it.
        is_open: Whether it is the agency's to work on.
    """

    ticket_id: str
    tracking_id: str
    number: int | None
    complaint: Complaint | None
    state: str
    clock: SlaClock | None
    due_at: datetime | None
    news: tuple[str, ...]
    is_open: bool
    follows: str | None = None
    followers: int = 0
    gathered: tuple[Gathered, ...] = ()


@value
class Contents:
    """The tickets of a digest, those of each group in order; one that follows another of them counts with that one.

    Args:
        overdue: Open, and late; the latest first.
        today: Open, and due on this day.
        others: Open, and due later or by no clock.
        gone: Of which something was gathered, and which are no longer the agency's.
        gathered: All that was gathered, of whatever ticket.
    """

    overdue: tuple[Row, ...] = ()
    today: tuple[Row, ...] = ()
    others: tuple[Row, ...] = ()
    gone: tuple[Row, ...] = ()
    gathered: tuple[Gathered, ...] = ()

    @property
    def open_count(self) -> int:
        """Return how many tickets are open."""
        return len(self.overdue) + len(self.today) + len(self.others)


def rows_of(state: Correspondence, digests: Digests) -> Iterator[Row]:
    """Yield what the digest of a post tells of one ticket: a row for the whole and for each part that concerns it."""
    parts = [(part, known.number, known) for part, known in state.parts.items()]
    for part, number, known in [(None, None, state), *parts]:
        gathered = tuple(each for each in state.gathered if each.part == part and _is_news(each, digests))
        is_open = _is_open(known, digests.agency)
        if not is_open and not gathered:
            continue
        clock, due_at = _running(known, digests.chosen_at)
        yield Row(
            ticket_id=part or state.ticket_id,
            tracking_id=state.tracking_id or state.ticket_id,
            number=number,
            complaint=state.complaint,
            state=known.standing.state or "routed",
            clock=clock,
            due_at=due_at,
            news=tuple(dict.fromkeys(each.notice for each in gathered)),
            is_open=is_open,
            # What its reporter has written since is due to that reporter, and stands by itself.
            follows=None if state.has_acted else known.follows,
            gathered=gathered,
        )


def contents(rows: Iterable[Row], now: datetime, zone: tzinfo) -> Contents:
    """Return the digest that *rows* make at *now*; days are those of *zone*."""
    found = list(rows)
    leaders = {row.ticket_id for row in found if row.is_open and row.follows is None}
    followers = Counter(row.follows for row in found if row.is_open and row.follows in leaders)
    own = [
        replace(row, followers=followers[row.ticket_id])
        for row in found
        if not (row.is_open and row.follows in leaders)
    ]
    own.sort(key=lambda row: (row.due_at is None, row.due_at or now, row.tracking_id, row.number or 0))
    live = [row for row in own if row.is_open]
    late = [row for row in live if row.due_at and row.due_at < now]
    today = now.astimezone(zone).date()
    soon = [row for row in live if row.due_at and row.due_at >= now and row.due_at.astimezone(zone).date() == today]
    shown = {id(row) for row in (*late, *soon)}
    others = [row for row in live if id(row) not in shown]
    gathered = tuple(each for row in found for each in row.gathered)
    return Contents(tuple(late), tuple(soon), tuple(others), tuple(row for row in own if not row.is_open), gathered)


def is_worth_telling(told: Contents, digests: Digests) -> bool:
    """Return whether a digest is sent: not if nothing is open and nothing happened, nor a last one without news."""
    return bool(told.gathered) or (told.open_count > 0 and not digests.is_last)


def _is_news(gathered: Gathered, digests: Digests) -> bool:
    is_theirs = (gathered.agency, gathered.role) == (digests.agency, digests.role)
    return is_theirs and gathered.at > digests.told_until and gathered.id not in digests.told_later


def _is_open(known: Handling, agency: str) -> bool:
    # Documents of release 0.1.0 do not say where a ticket stands.
    is_with_agency = known.standing.state in (None, HELD, *WITH_AGENCY)
    return known.agency == agency and known.ended_at is None and is_with_agency


def _running(known: Handling, heard_since: datetime) -> tuple[SlaClock | None, datetime | None]:
    """Return the agency's clock that is due first, and when; none while the ticket is on hold.

    That a clock is met is heard since the choice of digests. What began before that may have been answered first, so
    of that only the settlement counts, which is due as long as the ticket is open.
    """
    if known.standing.state == HELD:
        return None, None
    running = [
        (run.due_at, clock)
        for clock, run in known.clocks.items()
        if clock in CLOCKS and run.over_at is None and (clock is SlaClock.RESOLVE or run.started_at >= heard_since)
    ]
    due_at, clock = min(running, default=(None, None))
    return clock, due_at
