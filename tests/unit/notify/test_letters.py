from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from services.notify.channels import Message
from services.notify.channels.smtp import SmtpChannel
from services.notify.messages.letters import LAYOUT, paragraphs_of
from services.notify.messages.templates import Templates
from services.notify.settings import Settings
from tests.fakes.handler_harness import NOON
from tests.mails import html, plain_text
from tests.unit.notify.samples import EMAIL, POLICY

pytestmark = pytest.mark.unit

DUE = "Selasa, 1 Desember 2026 pukul 16.00 WIB (besok)"


def page(body: str, **values: object) -> str:
    sources = {"t.id.j2": "Laporan {{ tracking_id }}\n\n" + body, LAYOUT: POLICY.templates.sources[LAYOUT]}
    made = Templates(sources).render("t", "id", {"tracking_id": "K7QF", **values}, "email").html
    assert made is not None
    return made


def test_lines_and_paragraphs_are_those_of_the_text() -> None:
    assert paragraphs_of("Halo,\n\nsatu\n dua\n\n\nSalam\n", None) == (
        (("text", "Halo,"),),
        (("text", "satu"), ("break", ""), ("text", "dua")),
        (("text", "Salam"),),
    )


def test_the_due_time_stands_out_and_a_link_can_be_followed() -> None:
    [line] = paragraphs_of(f"Sampai {DUE}: https://lapor.example/t/a?b=1&c=2. {DUE}", DUE)

    assert line == (
        ("text", "Sampai "),
        ("due", DUE),
        ("text", ": "),
        ("link", "https://lapor.example/t/a?b=1&c=2"),
        ("text", ". "),
        ("due", DUE),
    )


@pytest.mark.parametrize("text", ["javascript://a", "ftp://a.example", "www.a.example", "data:text/html,x", "https://"])
def test_only_pages_are_links(text: str) -> None:
    assert paragraphs_of(text, None) == ((("text", text),),)


@pytest.mark.parametrize(
    ("attack", "shown"),
    [
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ('"><b>', "&#34;&gt;&lt;b&gt;"),
        ('<img src="https://evil.example">', "&lt;img src=&#34;<a href="),
        ("https://evil.example/\"onclick='x'", "https://evil.example/</a>&#34;onclick=&#39;x&#39;"),
    ],
)
def test_what_anybody_wrote_stays_text(attack: str, shown: str) -> None:
    assert shown in page("{{ answer }}", answer=attack)


def test_a_page_loads_nothing_and_runs_nothing() -> None:
    made = page("Halo,\n\nkabar")

    assert [
        word for word in ("<script", "<img", "<link", "<style", "src=", "url(", "http", "@import") if word in made
    ] == []


def test_a_page_goes_out_beside_the_plain_text() -> None:
    settings = Settings.model_validate({"TINDAK_CONTACT_PRIVATE_KEYS": "unused"})
    message = Message(
        id="1", ticket_id="2", notice="answered", role="reporter", channel="email", language="su", written_at=NOON,
        address=EMAIL, subject="Waleran", body="Halo – é\n", html="<p>Halo – é</p>\n",
    )  # fmt: skip

    mail = message_from_bytes(SmtpChannel(settings).letter(message).as_bytes(), policy=policy.default)

    assert isinstance(mail, EmailMessage)
    assert (mail.get_content_type(), mail["Content-Language"]) == ("multipart/alternative", "su")
    assert [(part.get_content_type(), part["Content-Transfer-Encoding"]) for part in mail.iter_parts()] == [
        ("text/plain", "quoted-printable"), ("text/html", "quoted-printable"),
    ]  # fmt: skip
    assert (plain_text(mail), html(mail)) == ("Halo – é\r\n", "<p>Halo – é</p>\r\n")


def test_without_a_layout_a_mail_is_plain() -> None:
    text = Templates({"t.id.j2": "Laporan\n\nHalo"}).render("t", "id", {}, "email")

    assert (text.body, text.html) == ("Halo\n", None)


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "log"])
def test_only_a_mail_has_a_page(channel: str) -> None:
    sources = {"t.id.j2": "Laporan\n\nHalo", LAYOUT: POLICY.templates.sources[LAYOUT]}

    assert Templates(sources).render("t", "id", {}, channel).html is None
