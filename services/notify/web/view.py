"""What a page shows of a ticket, in the words of one language; never a name, an address or what the report says."""

from datetime import tzinfo

from services.notify.domain.correspondence import Correspondence
from services.notify.domain.standing import (
    ABOUT_MESSAGES,
    ANSWERED,
    HELD,
    OPEN,
    WITH_AGENCY,
    Action,
    Standing,
    open_actions,
)
from services.notify.messages.formatting import moment
from services.notify.policy import NoticePolicy
from services.notify.policy.pages import PageWords
from shared.events import SlaClock
from shared.ids import part_id
from shared.signed_links import LinkTarget
from shared.values import value

HELD_FOR_REPORTER = "held_for_reporter"
REPORTERS_CLOCKS = {HELD_FOR_REPORTER: SlaClock.COMPLETE, ANSWERED: SlaClock.FEEDBACK}


@value
class Fact:
    """A label and what stands behind it; ``is_written``: people wrote it, in lines."""

    label: str
    text: str
    is_written: bool = False


@value
class TicketView:
    """What a page shows.

    Args:
        is_withheld: Nothing is shown but where it stands, and nothing can be answered.
    """

    title: str
    facts: tuple[Fact, ...]
    actions: tuple[Action, ...]
    is_withheld: bool

    @property
    def can_write(self) -> bool:
        """Return whether the ticket can be answered, more than by stopping messages or taking that back."""
        return not ABOUT_MESSAGES.issuperset(self.actions)


def seen_by_link(state: Correspondence, target: LinkTarget) -> Correspondence | None:
    """Return the ticket or the part of it that a link leads to; None for a part that is not known."""
    if target.part == 0:
        return state
    part = part_id(state.ticket_id, target.part)
    return state.seen_from(part) if part in state.parts else None


def ticket_view(
    seen: Correspondence, target: LinkTarget, policy: NoticePolicy, words: PageWords, language: str
) -> TicketView:
    """Return what is shown of a ticket.

    Of a sensitive report, and of one that nothing is known of yet, only where it stands, and nothing can be answered:
    whoever reads the mail may be whom it is about. Of a confidential one no more is shown, but it can be answered.
    """
    number = f"/{target.part}" if target.part else ""
    code = _state_code(seen)
    shown = [Fact(words.state, getattr(words.states, code))]
    is_withheld = seen.complaint is None or seen.complaint.withheld
    if seen.complaint is not None and not (is_withheld or seen.complaint.confidential):
        shown += _details(seen, code, policy, words, language)
    return TicketView(
        title=words.title.replace("{tracking_id}", f"{seen.tracking_id or seen.ticket_id}{number}"),
        facts=tuple(shown),
        actions=() if is_withheld else _actions(seen, policy),
        is_withheld=is_withheld,
    )


def _actions(seen: Correspondence, policy: NoticePolicy) -> tuple[Action, ...]:
    return open_actions(
        seen.standing,
        is_stopped=seen.is_stopped,
        is_stopped_everywhere=seen.is_stopped_everywhere,
        can_stop_all=policy.can_stop_all,
    )


def _state_code(seen: Correspondence) -> str:
    """Return the name under which pages.yaml has words for where it stands."""
    standing: Standing = seen.standing
    match standing.state:
        case None:
            return "unknown"
        case "held":
            return HELD_FOR_REPORTER if seen.question else HELD
        case "closed" if standing.closed_by in ("reporter", "system") and not seen.parts:
            return f"closed_by_{standing.closed_by}"
        case "reopened":
            return "reopened"
        case state:
            return "with_agency" if state in WITH_AGENCY else state


def _details(seen: Correspondence, code: str, policy: NoticePolicy, words: PageWords, language: str) -> list[Fact]:
    found = [Fact(words.agency, policy.directory.name_of(seen.agency))] if seen.agency else []
    if due := _due_text(seen, code, policy.zone, language):
        found.append(Fact(words.respond_by if code in REPORTERS_CLOCKS else words.due, due))
    if seen.question and seen.standing.state in OPEN:
        found.append(Fact(words.question, seen.question, is_written=True))
    if seen.standing.answer:
        found.append(Fact(words.answer, seen.standing.answer, is_written=True))
    return found


def _due_text(seen: Correspondence, code: str, zone: tzinfo, language: str) -> str | None:
    """Return when the answer is due, or the reporter's; None while that stands still or nobody waits."""
    is_open = seen.standing.state in WITH_AGENCY
    clock = REPORTERS_CLOCKS.get(code) or (SlaClock.RESOLVE if is_open else None)
    run = seen.clocks.get(clock) if clock else None
    return moment(run.due_at, language, zone) if run else None
