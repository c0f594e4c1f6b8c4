"""Reporters who answer on the page of a link, and send their form again as long as nobody thanks them."""

import hashlib
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.notify.domain.deliveries import REPORTER
from services.notify.domain.standing import Action
from services.notify.web.forms import NONCE_BYTES, SentForm
from services.notify.web.responses import ResponsePublisher, command_of, response
from shared.events import Command, ConfirmTicket, DisputeTicket, NotificationSent, ReplyToTicket, StopMessages
from tests.simulation.signature import SIGNATURE

if TYPE_CHECKING:
    from tests.simulation.world import Replica, World

SENT_AGAIN_AFTER = timedelta(seconds=3)
WITHIN = timedelta(seconds=10)


class Links:
    """The pages, each of which is asked of one of notify's processes."""

    def __init__(self, world: "World", choice: random.Random) -> None:
        self.world = world
        self.choice = choice
        self.thanked: set[str] = set()

    def answer(self, command: Command, about: str) -> None:
        """Answer as *command* would; who is impatient sends the form twice."""
        form = form_of(command)
        nonce = hashlib.sha256(about.encode()).digest()[:NONCE_BYTES]
        ticket = command.ticket_id
        said = response(form, ticket, nonce, self.world.clock.now()).id
        self.world.cast.asked[ticket, said] = command_of(form, ticket)
        self.submit(form, ticket, nonce, said)
        if self.choice.random() < 0.2:
            self.submit(form, ticket, nonce, said)

    def submit(self, form: SentForm, ticket: str, nonce: bytes, said: str) -> None:
        """Send a form; once more a little later if nobody has thanked by then."""
        if said in self.thanked:
            return
        listening = [one for one in self.world.replicas if one.service == "notify" and one.process.tasks]
        if listening:
            replica = self.choice.choice(listening)
            self.world.scheduler.start(replica.process, "page", self.publish(replica, form, ticket, nonce))
        self.world.scheduler.after(SENT_AGAIN_AFTER, lambda: self.submit(form, ticket, nonce, said))

    async def publish(self, replica: "Replica", form: SentForm, ticket: str, nonce: bytes) -> None:
        said = response(form, ticket, nonce, replica.clock.now())
        if await ResponsePublisher(self.world.broker, WITHIN).published(said) == {}:
            self.thanked.add(said.id)


def stops(kind: str, data: dict[str, Any], mood: random.Random) -> list[Command]:
    """Return the command of a reporter who has read a message and wants no more, if this is one."""
    has_read = kind == NotificationSent.TYPE and data["recipient_role"] == REPORTER
    return [StopMessages(ticket_id=data["ticket_id"])] if has_read and mood.random() < 0.08 else []


def form_of(command: Command) -> SentForm:
    """Return what somebody sends who wants what *command* asks for."""
    match command:
        case ConfirmTicket():
            return SentForm("", Action.CONFIRM, SIGNATURE, command.rating)
        case DisputeTicket():
            return SentForm("", Action.DISPUTE, f"{command.reason} {SIGNATURE}", None)
        case ReplyToTicket():
            return SentForm("", Action.REPLY, f"{command.text} {SIGNATURE}", None)
        case StopMessages():
            return SentForm("", Action.STOP, "", None)
        case _:
            raise AssertionError(command)
