"""Formats events as one sentence each, for people at a terminal."""

from collections.abc import Sequence

from shared import events as e
from tindak.console import local

TEXT_MAX = 120
CONFIDENTIAL = "(confidential)"
WRITTEN = frozenset({"answer", "comment", "note", "question", "text"})


def counted(number: int, noun: str) -> str:
    """Return a number of things: ``1 fault``, ``2,000 faults``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def sentence(data: e.EventData) -> str:
    """Return what happened, without the ticket's name; for an event without a sentence, its type.

    Of a confidential ticket it says what happened, and nothing that anybody wrote.
    """
    data = _without_texts(data) if getattr(data, "confidential", None) else data
    return (
        _of_complaint(data)
        or _of_ticket(data)
        or _of_clock(data)
        or _of_delivery(data)
        or _of_reporter(data)
        or data.TYPE
    )


def _without_texts(data: e.EventData) -> e.EventData:
    if isinstance(data, e.ComplaintAccepted):
        return data.model_copy(update={"title": CONFIDENTIAL})
    says_why = isinstance(data, e.TicketDeclined | e.TicketReopened | e.TicketReclassified | e.TicketSplit)
    written = WRITTEN | ({"reason"} if says_why else set())
    return data.model_copy(update=dict.fromkeys(written & set(type(data).model_fields)))


def by_whom(data: e.EventData) -> str:
    """Return who brought a fact about, to stand behind its sentence; empty if that was nobody."""
    author = data.author if isinstance(data, e.TicketFact) else None
    return "" if author is None else f" [{author.role} {author.code}]"


def _of_complaint(data: e.EventData) -> str | None:
    """Return the sentence for an event of intake, or None for another."""
    match data:
        case e.ComplaintSubmitted():
            return f"submitted by {data.channel}"
        case e.ComplaintAccepted():
            return f"accepted as {data.tracking_id}: {short(data.title or data.body)}"
        case e.ComplaintRejected():
            return "refused: " + "; ".join(f"{reason.message_en} ({reason.code})" for reason in data.reasons)
    return None


def _of_ticket(data: e.EventData) -> str | None:
    """Return the sentence for an event of routing, or None for another."""
    match data:
        case e.TicketRouted():
            return f"routed to {data.agency_name}: {why_routed(data)}"
        case e.TriageRequested():
            return f"waits for an officer: {data.reason}{suggested(data)}{_similar(data.similar)}"
        case e.TicketAcknowledged():
            return f"{data.agency} acknowledged it" + noted(data.note)
        case e.TicketProgressed():
            return f"{data.agency} works on it" + noted(data.note)
        case e.TicketAnswered():
            return f"{data.agency} {'answered' if data.final else 'answered for now'}" + noted(data.answer)
        case e.TicketDeclined():
            other = f", suggests {data.suggested_agency}" if data.suggested_agency else ""
            return f"{data.agency} is not responsible{other}" + noted(data.reason)
        case e.TicketHeld():
            return f"{data.agency} waits ({data.reason.value})" + noted(data.question)
        case e.TicketResumed():
            return "work goes on" + noted(data.note)
        case e.ReporterReplied():
            return "the reporter replied" + noted(data.text)
        case e.TicketClosed():
            rated = f", rated {data.rating} of 5" if data.rating else ""
            why = f" ({data.reason})" if data.reason else ""
            return f"closed by the {data.by.value}{rated}{why}" + noted(data.comment)
    return _of_rarer(data)


def _of_rarer(data: e.EventData) -> str | None:
    """Return the sentence for a rarer event of routing, or None."""
    match data:
        case e.TicketReopened():
            return "opened again: the reporter is not content" + noted(data.reason)
        case e.TicketReclassified():
            return f"classified as {data.classification.value}, was {data.was.value}" + noted(data.reason)
        case e.TicketArchived():
            return f"archived by the {data.by.value}" + noted(data.reason)
        case e.TicketWithdrawn():
            return "withdrawn by the reporter"
        case e.TicketMerged():
            return f"followed together with ticket {data.into}"
        case e.TicketUnmerged():
            return "followed by itself again"
        case e.ClusterJoined():
            return f"followed together with ticket {data.cluster}, which tells of the same matter"
        case e.ClusterLeft():
            return f"followed by itself again, no longer with ticket {data.cluster} ({data.reason})"
        case e.ClusterCounted():
            change = "joined" if data.joined else "left"
            return f"ticket {data.member} {change}; {data.members} follow this one"
        case e.AnswerOffered():
            when = "answered" if data.final else "answered for now"
            return f"{data.agency} {when} ticket {data.cluster}, which stands for this one, too" + noted(data.answer)
        case e.TicketSplit():
            named = ", ".join(f"/{part.number} {part.agency}" for part in data.parts)
            return f"divided among {named}" + noted(data.reason)
        case e.TicketPartReopened():
            return f"goes on: its part {data.reopened} was opened again"
        case e.TicketUnassigned():
            return f"no longer with {data.agency}" + noted(data.reason)
        case e.TicketStatusChanged():
            return f"its reporter may know: {data.message_en}"
        case e.UpdateRefused(code=e.UpdateRefused.UNCHANGED):
            return f"an update of {data.update_source} changed nothing: {data.message_en}"
        case e.UpdateRefused():
            return f"an update of {data.update_source} was refused: {data.message_en} ({data.code})"
    return None


def _of_reporter(data: e.EventData) -> str | None:
    """Return the sentence for what is asked about a reporter or the notices, or None for another."""
    match data:
        case e.StatusAsked():
            return f"asked for through {data.channel}"
        case e.ContactOpened():
            return f"contact opened by the {data.by.role} {data.by.code} to {data.purpose}"
        case e.ReporterExported():
            return "what is held of the reporter was sent to who asked, sealed"
        case e.ReporterErased():
            return "the reporter was erased"
        case e.ContactCorrected():
            return "the reporter's contact was corrected" + noted(data.reason)
        case e.ExportRequested():
            return "what is held of the reporter was asked for" + noted(data.reason)
        case e.MessagesStopped() | e.MessagesResumed():
            return f"the reporter wants {data.WANTED} about {'it' if data.scope == 'ticket' else 'any report'}"
        case e.ResendRequested():
            return f"{_notices_meant(data)} {'sent again' if data.again else 'sent'}" + noted(data.reason)
        case e.SuppressionRequested():
            return f"{_notices_meant(data)} held back" + noted(data.reason)
    return None


def _of_clock(data: e.EventData) -> str | None:
    """Return the sentence for an event of sla, or None for another."""
    if not isinstance(data, e.ClockFact):
        return None
    clock = f"{data.clock.value} clock"
    match data:
        case e.ClockStarted():
            return f"{clock} runs until {local(data.due_at)} ({words(data.allowance)})"
        case e.ClockResumed():
            return f"{clock} runs again until {local(data.due_at)}"
        case e.ClockMet():
            late = data.lateness_seconds
            return f"{clock} met " + (f"{span(late)} late" if late > 0 else f"{span(-late)} before its time")
        case e.ClockStopped():
            return f"{clock} stopped: {words(data.why)}"
        case e.ClockPaused():
            return f"{clock} stands still"
        case e.DueChanged():
            return f"{clock} is due {local(data.due_at)} instead of {local(data.was)}: {words(data.why)}"
        case e.ClockWarned():
            return f"{clock}: {data.percent} % of the time is used, {hours(data.remaining_seconds)} left"
        case e.FeedbackWindowExpired() | e.CompletionWindowExpired():
            return f"{clock}: the reporter's time is over"
    return _of_breach(data, clock)


def _of_breach(data: e.EventData, clock: str) -> str | None:
    """Return the sentence for an event of a breach, or None."""
    match data:
        case e.ClockBreached():
            return f"{clock} BREACHED{_of_agency(data.agency)}; responsible: {data.responsible}"
        case e.BreachEscalated():
            return (
                f"{clock} still overdue{_of_agency(data.agency)}, level {data.level}; responsible: {data.responsible}"
            )
        case e.BreachCleared():
            return f"{clock}: what was overdue is done, {hours(data.overdue_seconds)} late"
        case e.BreachCorrected():
            return f"{clock}: it was no breach: {words(data.why)}"
    return None


def _notices_meant(data: e.NoticeRequest) -> str:
    """Return which notices an officer has decided about, as the beginning of a sentence."""
    which = f"notice `{data.notice}`" if data.notice else "its notices"
    return f"{which} to be" if data.delivery_id is None else f"delivery {data.delivery_id} to be"


def _of_delivery(data: e.EventData) -> str | None:
    """Return the sentence for an event of notify, or None for another."""
    if not isinstance(data, e.DeliveryFact):
        return None
    notice = f"notice `{data.notice}` to the {data.recipient_role} by {data.channel}"
    match data:
        case e.NotificationSent():
            return f"{notice}: sent" + (f" at attempt {data.attempt}" if data.attempt > 1 else "")
        case e.NotificationDelivered():
            return f"{notice}: delivered"
        case e.NotificationFailed():
            return f"{notice}: FAILED after {data.attempt} attempts: {data.error}"
        case e.NotificationSuppressed():
            return f"{notice}: not sent: {data.why}"
    return None


def why_routed(data: e.TicketRouted) -> str:
    """Return who or what chose the agency and why, by the last step of the explanation."""
    again = f" (agency no. {data.hop})" if data.hop > 1 else ""
    if not data.explanation:
        return data.decided_by.value + again
    last = data.explanation[-1]
    match last.step:
        case "requested":
            why = "chosen by the reporter"
        case "category":
            why = f"category {last.rule}"
        case "rules":
            words = [each.outcome.partition(": ")[2] for each in data.explanation if _is_for(each, data.agency)]
            why = f"words: {', '.join(words)}"
        case "outside":
            why = data.reason_en or str(last.rule)
        case "model":
            sureness = min(int((last.score or 0) * 1000), 999) / 10
            why = f"text model {last.rule} is {sureness:.1f} % sure"
        case _:
            why = last.outcome
    return short(why) + again


def _is_for(step: e.Step, agency: str) -> bool:
    return step.step == "rule" and step.outcome.startswith(f"{agency}: ")


def suggested(data: e.TriageRequested) -> str:
    """Return the agencies that an officer may choose, best first."""
    return f" (suggested: {', '.join(each.agency for each in data.suggestions)})" if data.suggestions else ""


def _similar(listed: tuple[e.SimilarTicket, ...]) -> str:
    return f" (similar: {', '.join(f'{one.tracking_id} {one.score:.2f}' for one in listed)})" if listed else ""


def _of_agency(agency: str | None) -> str:
    return f" at {agency}" if agency else ""


def noted(text: str | None) -> str:
    """Return what somebody wrote, quoted, or nothing."""
    return f': "{short(text)}"' if text else ""


def short(text: str) -> str:
    """Return *text* on one line, cut to 120 characters."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_MAX else line[: TEXT_MAX - 1].rstrip() + "…"


def words(code: str) -> str:
    """Return a code of the catalogue or the policy as words: ``policy_changed`` as ``policy changed``."""
    return code.replace("_", " ")


def span(seconds: float) -> str:
    """Return a duration in its largest two units: ``2 d 3 h``, ``4 min 5 s``, ``3.2 s``, ``under 1 s``."""
    if seconds < 1:
        return "under 1 s"
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    units = [(round(seconds) // 86_400, "d"), *_units_of_a_day(round(seconds) % 86_400)]
    first = next(index for index, (count, _) in enumerate(units) if count)
    return _joined(units[first : first + 2])


def hours(seconds: float) -> str:
    """Return working time: ``37 h 30 min``, ``under 1 s``; never in days, which have no fixed number of hours."""
    if 0 < seconds < 1:
        return "under 1 s"
    return _joined(_units_of_a_day(round(seconds))) or "0 h"


def _units_of_a_day(seconds: int) -> Sequence[tuple[int, str]]:
    minutes, seconds = divmod(seconds, 60)
    return (minutes // 60, "h"), (minutes % 60, "min"), (seconds, "s")


def _joined(units: Sequence[tuple[int, str]]) -> str:
    return " ".join(f"{count} {unit}" for count, unit in units if count)
