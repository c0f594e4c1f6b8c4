"""What stands in a mail that has arrived."""

from email.message import EmailMessage


def plain_text(mail: EmailMessage) -> str:
    """Return the body of a mail as plain text, whether or not HTML stands beside it."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html(mail: EmailMessage) -> str:
    """Return the body of a mail as HTML."""
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())
