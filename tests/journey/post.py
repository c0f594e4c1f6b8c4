"""What the mail relay was given, as whoever opens a mailbox reads it."""

from dataclasses import dataclass

from tests.connected.notify.relay import HOST, Relay
from tests.mails import plain_text


@dataclass(frozen=True)
class Letter:
    """One mail as it arrived."""

    subject: str
    language: str
    text: str


def mail_settings(relay: Relay) -> dict[str, str]:
    """Return the variables by which notify finds the relay, which speaks no TLS."""
    return {
        "TINDAK_NOTIFY_SMTP_HOST": HOST,
        "TINDAK_NOTIFY_SMTP_PORT": str(relay.port),
        "TINDAK_NOTIFY_SMTP_STARTTLS": "false",
        "TINDAK_NOTIFY_SEND_EVERY_SECONDS": "0.2",
    }


def letters_to(relay: Relay, address: str) -> list[Letter]:
    """Return what lies in a mailbox, in the order of arrival."""
    return [
        # A subject that is folded begins on a line of its own, behind a space that no mail program shows.
        Letter(str(mail["Subject"]).strip(), str(mail["Content-Language"]), plain_text(mail))
        for mail, recipient in zip(relay.mails, relay.recipients, strict=False)  # one may just be arriving
        if recipient == address
    ]
