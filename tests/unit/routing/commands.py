"""Every command once, as plain as it can be."""

from services.routing.domain.lifecycle.commands import Request
from shared.events import (
    AcknowledgeTicket,
    AnswerTicket,
    ArchiveTicket,
    AssignTicket,
    Classification,
    ConfirmTicket,
    CorrectReporter,
    DeclineTicket,
    DisputeTicket,
    EraseReporter,
    ExportReporter,
    HoldReason,
    HoldTicket,
    MergeTicket,
    MessageScope,
    ProgressTicket,
    ReclassifyTicket,
    ReplyToTicket,
    ResendNotice,
    ResumeMessages,
    ResumeTicket,
    StopMessages,
    SuppressNotice,
    UnmergeTicket,
    WithdrawTicket,
)
from tests.builders import TICKET, ticket_id
from tests.unit.routing.samples import CHANNEL, DISHUB, OFFICER, PRIVACY

PUBLIC_KEY = "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
COMMANDS: dict[str, Request] = {
    "acknowledge": AcknowledgeTicket(ticket_id=TICKET),
    "progress": ProgressTicket(ticket_id=TICKET, note="Dikerjakan."),
    "answer": AnswerTicket(ticket_id=TICKET, answer="Selesai.", final=True),
    "answer_partly": AnswerTicket(ticket_id=TICKET, answer="Dijadwalkan.", final=False),
    "decline": DeclineTicket(ticket_id=TICKET, reason="Bukan wewenang.", suggested_agency="dlh"),
    "hold": HoldTicket(ticket_id=TICKET, reason=HoldReason.NEEDS_REPORTER, question="Di mana?"),
    "resume": ResumeTicket(ticket_id=TICKET),
    "reclassify": ReclassifyTicket(ticket_id=TICKET, classification=Classification.ASPIRATION, reason="Usulan."),
    "assign": AssignTicket(ticket_id=TICKET, agency="dsdabmbk", reason="Sesuai tugas."),
    "divide": AssignTicket(ticket_id=TICKET, agencies=("dishub", "dlh"), reason="Dua masalah."),
    "archive": ArchiveTicket(ticket_id=TICKET, reason="unclear"),
    "merge": MergeTicket(ticket_id=TICKET, into=ticket_id("web", "2")),
    "unmerge": UnmergeTicket(ticket_id=TICKET),
    "reply": ReplyToTicket(ticket_id=TICKET, text="Di depan pasar."),
    "confirm": ConfirmTicket(ticket_id=TICKET, rating=4),
    "dispute": DisputeTicket(ticket_id=TICKET, reason="Belum selesai."),
    "withdraw": WithdrawTicket(ticket_id=TICKET),
    "stop_messages": StopMessages(ticket_id=TICKET),
    "resume_messages": ResumeMessages(ticket_id=TICKET, scope=MessageScope.ADDRESS),
    "export": ExportReporter(ticket_id=TICKET, reason="Diminta pelapor.", public_key=PUBLIC_KEY),
    "correct": CorrectReporter(ticket_id=TICKET, reason="Diminta pelapor.", sealed="c2VhbGVk" * 10, key_id="k2"),
    "erase": EraseReporter(ticket_id=TICKET, reason="Diminta pelapor."),
    "resend": ResendNotice(ticket_id=TICKET, notice="answered", reason="Server surel sudah pulih."),
    "suppress": SuppressNotice(ticket_id=TICKET, reason="Sudah diberi tahu lewat telepon."),
}

BY = dict.fromkeys(("assign", "divide", "archive", "merge", "unmerge", "resend", "suppress"), OFFICER)
BY |= dict.fromkeys(("export", "correct", "erase"), PRIVACY)
BY |= dict.fromkeys(("reply", "confirm", "dispute", "withdraw", "stop_messages", "resume_messages"), CHANNEL)


def sender_for(name: str) -> str:
    """Return who may ask for it: the agency that has the ticket unless only somebody else may."""
    return BY.get(name, DISHUB)
